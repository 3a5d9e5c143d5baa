import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { PetlVideoError } from '../../src/errors/index.ts';
import { openTensorFile } from '../../src/formats/tensor-file.ts';
import { type MapOptions, type Mapping, mapCheckpoint, type WeightsVit } from '../../src/model/checkpoint-names.ts';
import { NORMALIZATIONS, SIZES } from '../../src/model/options.ts';
import { convpass } from '../../src/petl/convpass.ts';
import { float32, type HostTensor, int32, sizeOf } from '../../src/tensor/host.ts';
import { adaptformer, maeImage, type Specs, videomaeFinetune, videomaePretrain } from './checkpoint-lists.ts';

const VIT_B: WeightsVit = {
  width: 768,
  depth: 12,
  heads: 12,
  patch: 16,
  tubelet: 2,
  mlpRatio: 4,
  bias: 'qv',
  clsToken: false,
  positions: 'sincos',
  pool: 'mean',
};
const IMAGE_B: WeightsVit = { ...VIT_B, tubelet: 1, bias: 'qkv', clsToken: true, positions: 'learned', pool: 'cls' };

/** Our block tensors; `qv` has one more bias than `qkv`. */
const BLOCK = ['norm1.weight', 'norm1.bias', 'attn.qkv.weight', 'attn.proj.weight', 'attn.proj.bias', 'norm2.weight']
  .concat(['norm2.bias', 'mlp.fc1.weight', 'mlp.fc1.bias', 'mlp.fc2.weight', 'mlp.fc2.bias'])
  .sort();
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const blocks = (...names: string[]): string[] =>
  range(12).flatMap((i) => [...BLOCK, ...names].map((name) => `blocks.${i}.${name}`));
const EMBEDDING = ['patch_embed.proj.weight', 'patch_embed.proj.bias'];
const VIDEO = [...EMBEDDING, ...blocks('attn.q_bias', 'attn.v_bias')];
const IMAGE = [...EMBEDDING, 'cls_token', 'pos_embed', ...blocks('attn.qkv.bias')];
const FC_NORM = ['fc_norm.weight', 'fc_norm.bias'];
const NORM = ['norm.weight', 'norm.bias'];
const HEAD = ['head.weight', 'head.bias'];
const BATCHNORM = ['head.batchnorm.running_mean', 'head.batchnorm.running_var'];

const namesOf = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name).sort();
const numbers = ({ tensors }: Mapping): number => tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0);

interface Expected {
  readonly layout: string;
  readonly vit: WeightsVit;
  readonly names: readonly string[];
  readonly unused?: readonly string[];
  readonly fresh?: readonly string[];
  readonly numbers: number;
}

function check(specs: Specs, expected: Expected, options: MapOptions = {}): Mapping {
  const mapping = mapCheckpoint(specs, options);
  assert.equal(mapping.layout, expected.layout);
  assert.deepEqual(mapping.vit, expected.vit);
  assert.deepEqual(mapping.missing, []);
  assert.deepEqual(mapping.unexpected, []);
  assert.deepEqual(namesOf(mapping.tensors), [...expected.names].sort());
  assert.deepEqual(namesOf(mapping.unused), [...(expected.unused ?? [])].sort());
  assert.deepEqual(namesOf(mapping.fresh), [...(expected.fresh ?? [])].sort());
  assert.equal(numbers(mapping), expected.numbers);
  return mapping;
}

/** Published counts: a ViT-B of VideoMAE has 86,227,200 parameters with fc_norm (1,536) and without head. */
const VIDEO_NUMBERS = 86_227_200 - 1536;
/** An image ViT-B has 85,798,656 with norm and without head. */
const IMAGE_NUMBERS = 85_798_656;

test('videomae-pretrain: encoder taken, decoder and norm unused, fc_norm fresh', () => {
  const specs = videomaePretrain();
  const unused = [...specs.keys()].filter((name) => !name.startsWith('encoder.') || name.startsWith('encoder.norm.'));
  assert.equal(unused.length, 60);
  const expected = { layout: 'videomae-pretrain', vit: VIT_B, names: VIDEO, fresh: FC_NORM, numbers: VIDEO_NUMBERS };
  const mapping = check(specs, { ...expected, unused });
  const qkv = mapping.tensors.find(({ name }) => name === 'blocks.7.attn.qkv.weight');
  assert.deepEqual(qkv?.from, ['encoder.blocks.7.attn.qkv.weight']);
  check(videomaePretrain({ decoder: false }), { ...expected, unused: ['encoder.norm.weight', 'encoder.norm.bias'] });
});

test('videomae-finetune: bare, under backbone., and wrapped by module.', () => {
  const expected = { layout: 'videomae-finetune', vit: VIT_B, names: [...VIDEO, ...FC_NORM, ...HEAD] };
  const total = 86_227_200 + 400 * 769;
  const mapping = check(videomaeFinetune(), { ...expected, numbers: total });
  check(videomaeFinetune('backbone.'), { ...expected, numbers: total });
  const wrapped = new Map([...videomaeFinetune()].map(([name, spec]) => [`module.${name}`, spec]));
  check(wrapped, { ...expected, numbers: total });
  const parts = (part: string): string[] => namesOf(mapping.tensors.filter((tensor) => tensor.part === part));
  assert.deepEqual(parts('head'), [...HEAD].sort());
  assert.deepEqual(parts('tuned'), []);
});

test('a stored position table makes the positions learned', () => {
  const specs = videomaeFinetune();
  specs.set('pos_embed', { shape: [1, 1568, 768] });
  const mapping = mapCheckpoint(specs);
  assert.deepEqual(mapping.vit, { ...VIT_B, positions: 'learned' });
  assert.deepEqual(mapping.tensors.find(({ name }) => name === 'pos_embed')?.shape, [1, 1568, 768]);
  assert.deepEqual(mapping.unexpected, []);
});

test('adaptformer-video: q, k, v fused, adapters, learned scale, norm, prompts and head renamed', () => {
  const adapter = ['down.weight', 'down.bias', 'up.weight', 'up.bias', 'scale', 'norm.weight', 'norm.bias'];
  const tuned = range(12).flatMap((i) => [
    ...adapter.map((name) => `blocks.${i}.adaptmlp.${name}`),
    `blocks.${i}.prompts`,
  ]);
  const mapping = check(adaptformer('video', { bottleneck: 64, prompts: 3, learnedScale: true, adapterNorm: true }), {
    layout: 'adaptformer-video',
    vit: VIT_B,
    names: [...VIDEO, ...FC_NORM, ...HEAD, ...BATCHNORM, ...tuned],
    unused: ['head.0.num_batches_tracked'],
    // Adapters of bottleneck 64 have 1,189,632 parameters; the head over 174 classes 133,806 and its statistics 2 x 768.
    numbers: 86_227_200 + 1_189_632 + 133_806 + 2 * 768 + 12 * (1 + 2 * 768) + 12 * 3 * 768,
  });
  const of = (name: string) => mapping.tensors.find((tensor) => tensor.name === name);
  assert.deepEqual(
    of('blocks.3.attn.qkv.weight')?.from,
    ['q', 'k', 'v'].map((x) => `blocks.3.attn.${x}_proj.weight`),
  );
  assert.deepEqual(of('blocks.3.adaptmlp.norm.weight')?.from, ['blocks.3.adaptmlp.adapter_layer_norm_before.weight']);
  assert.deepEqual(of('blocks.11.prompts')?.from, ['embeddings.11']);
  assert.deepEqual(of('blocks.11.prompts')?.shape, [1, 3, 768]);
  assert.deepEqual(of('head.weight')?.from, ['head.1.weight']);
  assert.deepEqual(of('head.batchnorm.running_var')?.from, ['head.0.running_var']);
  assert.equal(of('blocks.0.adaptmlp.scale')?.part, 'tuned');
});

test('adaptformer-video: the converted pre-training file, under encoder.', () => {
  check(adaptformer('video', { prefix: 'encoder.', head: 'none' }), {
    layout: 'adaptformer-video',
    vit: VIT_B,
    names: VIDEO,
    unused: ['encoder.norm.weight', 'encoder.norm.bias'],
    fresh: FC_NORM,
    numbers: VIDEO_NUMBERS,
  });
});

test('adaptformer-image: biases of q, k, v fused, the kernel gets a time axis', () => {
  const mapping = check(adaptformer('image'), {
    layout: 'adaptformer-image',
    vit: IMAGE_B,
    names: [...IMAGE, ...NORM, ...HEAD, ...BATCHNORM],
    unused: ['head.0.num_batches_tracked'],
    numbers: IMAGE_NUMBERS + 133_806 + 2 * 768,
  });
  const of = (name: string) => mapping.tensors.find((tensor) => tensor.name === name);
  assert.deepEqual(
    of('blocks.0.attn.qkv.bias')?.from,
    ['q', 'k', 'v'].map((x) => `blocks.0.attn.${x}_proj.bias`),
  );
  assert.deepEqual(of('blocks.0.attn.qkv.bias')?.shape, [2304]);
  assert.deepEqual(of('patch_embed.proj.weight')?.shape, [768, 3, 1, 16, 16]);
});

test('mae-image: encoder alone, with decoder, fine-tuned by mean pooling, timm with pre_logits', () => {
  const expected = { layout: 'mae-image', vit: IMAGE_B, names: [...IMAGE, ...NORM], numbers: IMAGE_NUMBERS };
  check(maeImage(), expected);
  const decoder = [...maeImage({ decoder: true }).keys()].filter((name) => /^(mask_token|decoder_)/.test(name));
  assert.equal(decoder.length, 20);
  check(maeImage({ decoder: true }), { ...expected, unused: decoder });
  check(maeImage({ preLogits: true }), { ...expected, unused: ['pre_logits.fc.weight', 'pre_logits.fc.bias'] });
  const fineTuned = {
    layout: 'mae-image',
    vit: { ...IMAGE_B, pool: 'mean' },
    names: [...IMAGE, ...FC_NORM, ...HEAD],
    numbers: IMAGE_NUMBERS + 769_000,
  } as const;
  check(maeImage({ fineTuned: true }), fineTuned);
  const both = new Map([...maeImage({ fineTuned: true }), ...maeImage()]);
  check(both, { ...fineTuned, unused: NORM });
});

test('our own names map to themselves', () => {
  for (const specs of [
    adaptformer('video', { bottleneck: 8, learnedScale: true, adapterNorm: true }),
    adaptformer('image', { prompts: 1 }),
  ]) {
    const first = mapCheckpoint(specs);
    const ours = new Map(first.tensors.map(({ name, shape }) => [name, { shape }]));
    const second = mapCheckpoint(ours, { layout: 'petl-video' });
    assert.deepEqual(second.vit, first.vit);
    assert.deepEqual(
      second.tensors.map(({ name, part, from, shape }) => [name, part, from, shape]),
      first.tensors.map(({ name, part, shape }) => [name, part, [name], shape]),
    );
    assert.deepEqual([second.missing, second.unexpected, second.unused], [[], [], []]);
    assert.equal(mapCheckpoint(ours).layout, 'petl-video');
  }
});

test('every absent tensor is missing by name, every strange one unexpected', () => {
  for (const whole of [
    videomaePretrain(),
    videomaeFinetune(),
    adaptformer('video', { bottleneck: 4 }),
    adaptformer('image'),
    maeImage(),
  ]) {
    const good = mapCheckpoint(whole);
    for (const { name, from, part } of good.tensors) {
      // Without it there is no ViT to speak of.
      if (name === 'patch_embed.proj.weight') continue;
      // Only of its group, which is optional as a whole, does one tensor follow from another.
      if (name === 'pos_embed' || name.startsWith('embeddings')) continue;
      const lacking = from[1] ?? (from[0] as string);
      const specs = new Map(whole);
      specs.delete(lacking);
      const { missing, unexpected } = mapCheckpoint(specs, { layout: good.layout });
      assert.deepEqual(missing, [{ name, part, lacks: [lacking] }], lacking);
      assert.deepEqual(unexpected, []);
    }
    for (const strange of [
      'blocks.0.gamma_1',
      'blocks.3.attn.relative_position_bias_table',
      'head_dist.weight',
      'foo',
    ]) {
      const specs = new Map(whole).set(strange, { shape: [768] });
      const { missing, unexpected } = mapCheckpoint(specs);
      assert.deepEqual([missing, unexpected], [[], [strange]]);
    }
  }
});

test('a whole block that is absent is missing, and absent optional groups are not', () => {
  const specs = videomaeFinetune();
  for (const name of [...specs.keys()]) if (name.startsWith('blocks.5.')) specs.delete(name);
  const { missing, vit } = mapCheckpoint(specs);
  assert.deepEqual(vit, VIT_B);
  assert.deepEqual(namesOf(missing), [...BLOCK, 'attn.q_bias', 'attn.v_bias'].map((name) => `blocks.5.${name}`).sort());

  const some = adaptformer('video', { bottleneck: 4 });
  for (const name of [...some.keys()]) if (/^blocks\.[0-5]\.adaptmlp/.test(name)) some.delete(name);
  assert.deepEqual(mapCheckpoint(some).missing, []);
  assert.equal(mapCheckpoint(some).tensors.filter(({ part }) => part === 'tuned').length, 6 * 4);
});

test('a layout that is asked for is not corrected', () => {
  const { missing, unexpected } = mapCheckpoint(videomaeFinetune(), { layout: 'adaptformer-video' });
  assert.equal(missing.filter(({ name }) => name === 'blocks.0.attn.qkv.weight').length, 1);
  assert.equal(unexpected.filter((name) => name === 'blocks.0.attn.qkv.weight').length, 1);
  refused(
    () => mapCheckpoint(videomaeFinetune(), { layout: 'mae-image' }),
    /has shape \[768,3,2,16,16\]; mae-image needs 4 axes/,
  );
});

test('heads: published widths tell them, others need to be told', () => {
  const scaled = (width: number): Specs =>
    new Map(
      [...videomaeFinetune()].map(([name, { shape }]) => [
        name,
        { shape: shape.map((n) => (n % 768 === 0 ? (n / 768) * width : n)) },
      ]),
    );
  const heads = (width: number, given?: number) =>
    mapCheckpoint(scaled(width), given === undefined ? {} : { heads: given }).vit.heads;
  assert.deepEqual(
    [192, 384, 768, 1024, 1280].map((width) => heads(width)),
    [3, 6, 12, 16, 16],
  );
  assert.equal(heads(640), null);
  assert.equal(heads(640, 10), 10);
  assert.equal(heads(768, 6), 6);
  refused(() => heads(640, 7), /7 heads do not divide the width 640/);
});

function refused(work: () => unknown, message: RegExp): void {
  assert.throws(work, (error) => {
    assert.ok(error instanceof PetlVideoError, String(error));
    assert.equal(error.kind, 'weights');
    assert.match(error.message, message);
    return true;
  });
}

test('what is no ViT, or a ViT that contradicts itself, is refused', () => {
  const specs = (...names: string[]): Specs => new Map(names.map((name) => [name, { shape: [64] }]));
  refused(
    () => mapCheckpoint(specs('conv1.weight', 'layer1.0.conv1.weight'), { at: 'r50.pth' }),
    /looks like a ResNet; its 2 names begin with conv1\.weight.*\n {2}at r50\.pth\n {2}→ use an original/,
  );
  refused(
    () => mapCheckpoint(specs('videomae.encoder.layer.0.attention.output.dense.weight')),
    /a Hugging Face transformers model/,
  );
  refused(
    () => mapCheckpoint(specs('patch_embed.proj.weight', 'layers.0.blocks.0.attn.relative_position_bias_table')),
    /a Swin Transformer/,
  );
  refused(() => mapCheckpoint(specs('encoder.weight')), /1 names begin with encoder\.weight/);
  refused(() => mapCheckpoint(new Map()), /0 names/);
  const changed = (name: string, shape: number[]) => videomaeFinetune().set(name, { shape });
  refused(
    () => mapCheckpoint(changed('blocks.2.norm1.weight', [384])),
    /'blocks\.2\.norm1\.weight' has shape \[384\] where the other tensors ask for \[768\]/,
  );
  refused(
    () => mapCheckpoint(changed('blocks.2.mlp.fc1.weight', [1536, 768])),
    /\[1536, 768\] where the other tensors ask for \[3072, 768\]/,
  );
  refused(() => mapCheckpoint(changed('head.bias', [5])), /'head\.bias' has shape \[5\] where .* \[400\]/);
  refused(
    () => mapCheckpoint(changed('patch_embed.proj.weight', [768, 1, 2, 16, 16])),
    /3 channels and square patches/,
  );
  refused(() => mapCheckpoint(changed('patch_embed.proj.weight', [768, 3, 2, 16, 8])), /3 channels and square patches/);
  refused(() => mapCheckpoint(changed('blocks.999999999.norm1.weight', [768])), /names a block 999999999/);
});

test('build: rows below each other, a time axis, and floats only', () => {
  const of = (mapping: Mapping, name: string) => mapping.tensors.find((tensor) => tensor.name === name);
  const fill = (shape: readonly number[], value: number): HostTensor =>
    float32(shape, new Float32Array(sizeOf(shape)).fill(value));
  const image = mapCheckpoint(adaptformer('image'));
  const bias = of(image, 'blocks.0.attn.qkv.bias')?.build([1, 2, 3].map((value) => fill([768], value)));
  assert.deepEqual(bias?.shape, [2304]);
  assert.deepEqual(
    [0, 767, 768, 1535, 1536, 2303].map((i) => bias?.data[i]),
    [1, 1, 2, 2, 3, 3],
  );
  const kernel = fill([768, 3, 16, 16], 0);
  kernel.data[5] = 7;
  const built = of(image, 'patch_embed.proj.weight')?.build([kernel]);
  assert.deepEqual(built?.shape, [768, 3, 1, 16, 16]);
  assert.equal(built?.data[5], 7);
  const integers = int32([768], new Int32Array(768));
  refused(() => of(image, 'norm.weight')?.build([integers]), /'norm\.weight' holds int32 values/);
});

test('golden checkpoints: fused rows are the file’s, layouts are told', async (t) => {
  const golden = path.resolve('..', 'shared', 'golden');
  if (!existsSync(golden)) return t.skip('golden cases not present');
  const layouts: Record<string, string> = {
    'image-adaptformer-cls': 'adaptformer-image',
    'video-adaptformer': 'adaptformer-video',
    'video-full': 'adaptformer-video',
    'video-linear': 'adaptformer-video',
    'video-vpt': 'adaptformer-video',
  };
  for (const [name, layout] of Object.entries(layouts)) {
    const file = await openTensorFile(path.join(golden, name, 'checkpoint.pth'));
    const mapping = mapCheckpoint(file.specs, { heads: 4 });
    assert.equal(mapping.layout, layout);
    assert.deepEqual([mapping.missing, mapping.unexpected, mapping.fresh], [[], [], []]);
    assert.equal(mapping.vit.heads, 4);
    const qkv = mapping.tensors.find((tensor) => tensor.name === 'blocks.1.attn.qkv.weight');
    const built = qkv?.build(await Promise.all(qkv.from.map((part) => file.read(part))));
    for (const [i, part] of ['q', 'k', 'v'].entries()) {
      const rows = built?.data.slice(i * 64 * 64, (i + 1) * 64 * 64);
      assert.deepEqual(rows, (await file.read(`blocks.1.attn.${part}_proj.weight`)).data);
    }
    await file.close();
  }
  const arc = await openTensorFile(path.join(golden, 'image-arc', 'checkpoint.pth'));
  const { layout, missing, unexpected, tensors } = mapCheckpoint(arc.specs, { heads: 4 });
  assert.deepEqual([layout, missing, unexpected], ['arc-image', [], []]);
  const tuned = tensors.filter(({ part }) => part === 'tuned').map(({ name, from }) => [name, ...from]);
  assert.deepEqual(tuned.slice(0, 4), [
    ['arc.0.att.projection', 'transformer.att_down_projection'],
    ['arc.0.mlp.projection', 'transformer.mlp_down_projection'],
    ['blocks.0.arc_att.scale', 'transformer.layer.0.att_adapter.adapter_rescale'],
    ['blocks.0.arc_att.bias', 'transformer.layer.0.att_adapter.adapter_bias'],
  ]);
  await arc.close();
});

test('a ViT of timm with the bypasses of Convpass is told, bypasses and all', () => {
  const specs = maeImage();
  for (const i of range(12)) {
    for (const place of ['attn', 'mlp']) {
      const own = (name: string, shape: number[]) =>
        specs.set(`blocks.${i}.adapter_${place}.adapter_${name}`, { shape });
      own('down.weight', [8, 768]);
      own('down.bias', [8]);
      own('conv.weight', [8, 8, 3, 3]);
      own('conv.bias', [8]);
      own('up.weight', [768, 8]);
      own('up.bias', [768]);
    }
  }
  const { layout, missing, unexpected, tensors } = mapCheckpoint(specs);
  assert.deepEqual([layout, missing, unexpected], ['convpass-image', [], []]);
  const backbone = { ...IMAGE_B, ...SIZES.base, frames: 1, size: 224, attention: 'joint', dropPath: 0 } as const;
  const { parameters } = convpass.attach({ ...backbone, normalization: NORMALIZATIONS.half }, {});
  const tuned = tensors.filter(({ part }) => part === 'tuned');
  const shapes = (specs: readonly { name: string; shape: readonly number[] }[]): Record<string, readonly number[]> =>
    Object.fromEntries(specs.map(({ name, shape }) => [name, shape]));
  assert.deepEqual(shapes(tuned), shapes(parameters));
});
