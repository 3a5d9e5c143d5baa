import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NORMALIZATIONS, SIZES, type VitOptions } from '../../src/model/options.ts';
import { type Classifier, classifier } from '../../src/petl/classifier.ts';
import { methodOf } from '../../src/petl/index.ts';
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
    for (const name of ['adaptformer', 'linear', 'vpt-deep', 'full']) {
      const { frozen, trained: moved, buffers } = model(vit, name, 10);
      const names = [...frozen, ...moved, ...buffers].map((spec) => spec.name);
      assert.equal(new Set(names).size, names.length);
      if (name === 'full') assert.deepEqual(frozen, []);
      else assert.equal(countParameters(frozen), vit === video ? 86_227_200 - 1536 : 85_798_656);
    }
  }
});

test('the norm behind mean pooling is trained, the one before the class token is not', () => {
  const names = (vit: VitOptions): string[] => model(vit, 'linear', 10).trained.map(({ name }) => name);
  assert.deepEqual(names(video), ['fc_norm.weight', 'fc_norm.bias', 'head.weight', 'head.bias']);
  assert.deepEqual(names(image), ['head.weight', 'head.bias']);
});
