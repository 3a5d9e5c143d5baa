import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NORMALIZATIONS, SIZES, type VitOptions } from '../../src/model/options.ts';
import { type Classifier, classifier } from '../../src/petl/classifier.ts';
import { methodOf, methods } from '../../src/petl/index.ts';
import { countParameters } from '../../src/tensor/parameters.ts';

const video: VitOptions = {
  ...SIZES.base,
  frames: 8,
  size: 224,
  patch: 16,
  tubelet: 2,
  bias: 'qv',
  positions: 'sincos',
  clsToken: false,
  pool: 'mean',
  attention: 'joint',
  dropPath: 0,
  normalization: NORMALIZATIONS.imagenet,
};
const image: VitOptions = {
  ...video,
  frames: 1,
  tubelet: 1,
  bias: 'qkv',
  positions: 'learned',
  clsToken: true,
  pool: 'cls',
};

const model = (vit: VitOptions, name: string, classes: number, options: object = {}): Classifier =>
  classifier(vit, methodOf(name).attach(vit, options), { classes, batchNorm: true, dropout: 0, initStd: 0.01 });
const trained = (...args: Parameters<typeof model>): number => countParameters(model(...args).trained);

test('an AdaptFormer of any bottleneck adds what the paper counts', () => {
  const added: Record<number, number> = {
    1: 27_660,
    4: 82_992,
    8: 156_768,
    16: 304_320,
    32: 599_424,
    64: 1_189_632,
    128: 2_370_048,
    256: 4_730_880,
    512: 9_452_544,
  };
  for (const [bottleneck, count] of Object.entries(added)) {
    const attached = methodOf('adaptformer').attach(video, { bottleneck: Number(bottleneck) });
    assert.equal(countParameters(attached.parameters), count);
  }
});

test('what each method trains of ViT-B, head included, is what the paper counts', () => {
  assert.equal(trained(video, 'adaptformer', 174), 1_324_974);
  assert.equal(trained(video, 'adaptformer', 51), 1_230_387);
  assert.equal(trained(image, 'adaptformer', 100), 1_266_532);
  assert.equal(trained(video, 'linear', 174), 133_806 + 1536);
  assert.equal(trained(video, 'linear', 51), 39_219 + 1536);
  assert.equal(trained(image, 'linear', 100), 76_900);
  assert.equal(trained(image, 'linear', 10), 7690);
  assert.equal(trained(image, 'linear', 101), 77_669);
  assert.equal(trained(video, 'vpt-deep', 174) - trained(video, 'linear', 174), 9216);
  assert.equal(trained(image, 'vpt-deep', 100, { prompts: 8 }) - trained(image, 'linear', 100), 8 * 9216);
  assert.equal(trained(video, 'full', 400), 86_534_800);
  assert.equal(trained(image, 'full', 100), 85_875_556);
});

test('what each method adds to ViT-B, head apart, is what its paper or its code counts', () => {
  const large: VitOptions = { ...image, ...SIZES.large };
  const huge: VitOptions = { ...image, ...SIZES.huge, patch: 14 };
  const frames: VitOptions = { ...image, frames: 8, attention: 'per-frame' };
  const added: readonly (readonly [count: number, vit: VitOptions, method: string, options?: object])[] = [
    [102_912, image, 'bitfit'],
    [10 * 768, image, 'vpt-shallow', { prompts: 10 }],
    [12 * 10 * 768, image, 'vpt-deep', { prompts: 10 }],
    [156_768, image, 'adapter', { variant: 'noah' }],
    [156_768, image, 'adapter', { variant: 'pfeiffer' }],
    [313_536, image, 'adapter', { variant: 'houlsby' }],
    [156_768, image, 'adaptformer', { bottleneck: 8 }],
    [294_912, image, 'lora'],
    [294_912, image, 'lora', { sites: ['q', 'k', 'v'], sharedDown: true }],
    [205_824, image, 'ssf'],
    [61_440, image, 'fact-tt', { rank: 16 }],
    [86_528, image, 'fact-tk', { rank: 32 }],
    [239_808, image, 'repadapter'],
    [119_904, image, 'repadapter', { places: 'attn' }],
    [327_552, image, 'convpass'],
    [163_776, image, 'convpass-attn'],
    [327_552 + 27_648, video, 'convpass', { temporal: 3 }],
    [96_432, image, 'arc'],
    [48_216, image, 'arc-att'],
    [153_952, large, 'arc'],
    [213_120, huge, 'arc'],
    [864_000, large, 'convpass'],
    [7_110_144, frames, 'st-adapter'],
    [14_220_288, frames, 'st-adapter', { places: 'both' }],
    // The norm before the class token and the embedding of 8 times beside 3 or 4 adapters of 295,872 in each block.
    [12 * 3 * 295_872 + 8 * 768 + 2 * 768, frames, 'aim'],
    [12 * 4 * 295_872 + 8 * 768 + 2 * 768, frames, 'aim', { temporalAdapters: 2 }],
  ];
  for (const [count, vit, method, options] of added) {
    const beside = trained(vit, method, 10, options) - trained(vit, 'linear', 10);
    assert.equal(beside, count, `${method} ${JSON.stringify(options ?? {})}`);
  }
});

test('options add what they need and no more', () => {
  const added = (options: object): number => countParameters(methodOf('adaptformer').attach(video, options).parameters);
  const plain = added({});
  assert.equal(added({ scale: 'learned' }), plain + 12);
  assert.equal(added({ layerNorm: 'in' }), plain + 12 * 1536);
  assert.equal(added({ layerNorm: 'out' }), plain + 12 * 1536);
  assert.equal(added({ position: 'sequential', dropout: 0.1, scale: 4, init: 'normal' }), plain);
  assert.equal(added({ blocks: [6, 7, 8, 9, 10, 11] }), plain / 2);
  assert.equal(added({ blocks: [3, 3] }), plain / 12);
});

test('every parameter is trained or frozen, once', () => {
  for (const vit of [video, image]) {
    for (const { name } of methods) {
      if (name === 'aim' && vit === video) continue;
      const { frozen, trained: moved, buffers } = model(vit, name, 10);
      const names = [...frozen, ...moved, ...buffers].map((spec) => spec.name);
      assert.equal(new Set(names).size, names.length);
      if (name === 'full') assert.deepEqual(frozen, []);
      else if (!['bitfit', 'aim'].includes(name))
        assert.equal(countParameters(frozen), vit === video ? 86_227_200 - 1536 : 85_798_656);
    }
  }
});

test('the norm behind mean pooling is trained, the one before the class token is not', () => {
  const names = (vit: VitOptions): string[] => model(vit, 'linear', 10).trained.map(({ name }) => name);
  assert.deepEqual(names(video), ['fc_norm.weight', 'fc_norm.bias', 'head.weight', 'head.bias']);
  assert.deepEqual(names(image), ['head.weight', 'head.bias']);
});
