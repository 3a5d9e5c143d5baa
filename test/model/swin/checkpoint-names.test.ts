import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PetlVideoError } from '../../../src/errors/index.ts';
import { type Mapping, mapCheckpoint, type WeightsSwin } from '../../../src/model/checkpoint-names.ts';
import { NORMALIZATIONS } from '../../../src/model/options.ts';
import { swinParameters, swinPoolParameters } from '../../../src/model/swin/swin.ts';
import { float32, sizeOf } from '../../../src/tensor/host.ts';
import type { Specs } from '../checkpoint-lists.ts';
import { videomaeFinetune } from '../checkpoint-lists.ts';
import { listFingerprint, MICROSOFT, swinBase, TIMM_1, TIMM_09 } from './checkpoint-lists.ts';

const SWIN_B: WeightsSwin = {
  width: 128,
  depths: [2, 2, 18, 2],
  heads: [4, 8, 16, 32],
  patch: 4,
  window: 7,
  mlpRatio: 4,
};
const PARAMETERS = (() => {
  const swin = { ...SWIN_B, frames: 1 as const, size: 224, dropPath: 0, normalization: NORMALIZATIONS.imagenet };
  return [...swinParameters(swin), ...swinPoolParameters(swin)];
})();

const namesOf = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name).sort();
const from = ({ tensors }: Mapping, name: string): readonly string[] | undefined =>
  tensors.find((tensor) => tensor.name === name)?.from;

function refused(work: () => unknown, ...messages: RegExp[]): void {
  assert.throws(work, (error) => {
    assert.ok(error instanceof PetlVideoError && error.kind === 'weights', String(error));
    for (const message of messages) assert.match(error.message, message);
    return true;
  });
}

test('the lists are those of real models', () => {
  // timm 0.4.12 and 0.6.13 (alike), whose module is Microsoft's; 0.9.2; 1.0.31: swin_base_patch4_window7_224.
  assert.deepEqual(
    [MICROSOFT, TIMM_09, TIMM_1].map((list) => listFingerprint(swinBase(list))),
    [
      '4ebb8dd03a3e1f1cb85aa274d081fcfedd62fa5956929fa51b960e412c32d197',
      'f630f9acd4bc40f223ae363fc7d4da21e939db1c584f07ffc9a5827918a7ba99',
      '181cc21e12864a17471e1bcc07c397c672445f2d14d77e345caf9928ea4896c7',
    ],
  );
});

for (const [name, list, layout, merging, head, unused] of [
  ['Microsoft and early timm', MICROSOFT, 'swin-official', 'layers.1.downsample', 'head', 24 + 11],
  ['Microsoft, 21,841 classes', { ...MICROSOFT, classes: 21_841 }, 'swin-official', 'layers.1.downsample', 'head', 35],
  ['timm 0.9.2', TIMM_09, 'swin-timm', 'layers.2.downsample', 'head.fc', 35],
  ['timm 1.0', TIMM_1, 'swin-timm', 'layers.2.downsample', 'head.fc', 0],
] as const) {
  test(`${name}: every tensor is taken or unused for a reason`, () => {
    const mapping = mapCheckpoint(swinBase(list));
    assert.equal(mapping.layout, layout);
    assert.deepEqual(mapping.vit, SWIN_B);
    assert.deepEqual([mapping.missing, mapping.unexpected, mapping.fresh], [[], [], []]);
    assert.deepEqual(
      namesOf(mapping.tensors),
      namesOf([...PARAMETERS, { name: 'head.weight' }, { name: 'head.bias' }]),
    );
    const backbone = mapping.tensors.filter(({ part }) => part === 'backbone');
    assert.equal(
      backbone.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
      86_743_224,
    );
    const shapes = new Map(backbone.map((tensor) => [tensor.name, tensor.shape]));
    for (const spec of PARAMETERS) assert.deepEqual(shapes.get(spec.name), spec.shape, spec.name);
    assert.equal(mapping.unused.length, unused);
    assert.deepEqual(
      new Set(mapping.unused.map(({ why }) => why.replace(/^follows from .* and /, ''))),
      new Set(unused === 0 ? [] : ['is made anew']),
    );
    assert.deepEqual(from(mapping, 'merges.1.reduction.weight'), [`${merging}.reduction.weight`]);
    assert.deepEqual(from(mapping, 'blocks.21.mlp.fc1.bias'), ['layers.2.blocks.17.mlp.fc1.bias']);
    assert.deepEqual(from(mapping, 'blocks.22.norm1.weight'), ['layers.3.blocks.0.norm1.weight']);
    assert.deepEqual(from(mapping, 'head.bias'), [`${head}.bias`]);
  });
}

test('wrapped by module., under backbone., and without the head', () => {
  for (const prefix of ['module.', 'backbone.', 'module.backbone.']) {
    const wrapped: Specs = new Map(
      [...swinBase(MICROSOFT)]
        .filter(([name]) => !name.startsWith('head.'))
        .map(([name, spec]) => [prefix + name, spec]),
    );
    const { vit, missing, unexpected, tensors } = mapCheckpoint(wrapped);
    assert.deepEqual([vit, missing, unexpected], [SWIN_B, [], []], prefix);
    assert.equal(tensors.length, PARAMETERS.length);
  }
});

test('our own names map to themselves, with and without a head', () => {
  const specs: Specs = new Map(PARAMETERS.map(({ name, shape }) => [name, { shape: [...shape] }]));
  for (const extra of [[], ['head.weight', 'head.bias']]) {
    for (const name of extra) specs.set(name, { shape: name === 'head.weight' ? [5, 1024] : [5] });
    const mapping = mapCheckpoint(specs, { layout: 'petl-video' });
    assert.equal(mapping.layout, 'petl-video');
    assert.deepEqual([mapping.vit, mapping.missing, mapping.unexpected], [SWIN_B, [], []]);
    for (const tensor of mapping.tensors) assert.deepEqual(tensor.from, [tensor.name]);
    assert.equal(mapping.tensors.length, specs.size);
    assert.equal(mapCheckpoint(specs).layout, 'petl-video');
  }
});

test('the kernel of the patches gets a time axis, other numbers are taken over', () => {
  const mapping = mapCheckpoint(swinBase(TIMM_1));
  const kernel = mapping.tensors.find(({ name }) => name === 'patch_embed.proj.weight');
  const data = Float32Array.from({ length: 128 * 48 }, (_, i) => i);
  assert.deepEqual(kernel?.build([float32([128, 3, 4, 4], data)]), float32([128, 3, 1, 4, 4], data));
});

test('384 pixels and windows of 12; 256 pixels and windows of 16, of which the last grid has 8', () => {
  const withTables = (rows: readonly number[]): Specs =>
    new Map(
      [...swinBase(TIMM_1)].map(([name, spec]) => {
        const stage = Number(/^layers\.(\d)\./.exec(name)?.[1]);
        const isTable = name.endsWith('relative_position_bias_table');
        return [name, isTable ? { shape: [rows[stage] as number, spec.shape[1] as number] } : spec];
      }),
    );
  assert.deepEqual(mapCheckpoint(withTables([529, 529, 529, 529])).vit, { ...SWIN_B, window: 12 });
  const clipped = mapCheckpoint(withTables([961, 961, 961, 225]));
  assert.deepEqual(clipped.vit, { ...SWIN_B, window: 16 });
  assert.deepEqual([clipped.missing, clipped.unexpected], [[], []]);
  refused(() => mapCheckpoint(withTables([168, 169, 169, 169])), /stage 0 has shape \[168,4\]/);
});

test('every absent tensor is missing by name, every strange one unexpected', () => {
  for (const list of [MICROSOFT, TIMM_1]) {
    const whole = swinBase(list);
    const good = mapCheckpoint(whole);
    for (const { name, from: parts, part } of good.tensors) {
      if (name === 'patch_embed.proj.weight') continue;
      const specs = new Map(whole);
      specs.delete(parts[0] as string);
      const { missing, unexpected, layout, vit } = mapCheckpoint(specs);
      assert.deepEqual([missing, unexpected, layout], [[{ name, part, lacks: parts }], [], good.layout]);
      assert.deepEqual(vit, SWIN_B, name);
    }
    for (const strange of [
      'absolute_pos_embed',
      'layers.4.norm.weight',
      'layers.0.blocks.0.gamma',
      'head_dist.weight',
      'x',
    ]) {
      const { missing, unexpected } = mapCheckpoint(new Map(whole).set(strange, { shape: [128] }));
      assert.deepEqual([missing, unexpected], [[], [strange]]);
    }
  }
  // The merging of one layout does not pass for that of the other.
  refused(
    () => mapCheckpoint(swinBase(TIMM_1), { layout: 'swin-official' }),
    /'layers\.1\.downsample\.norm\.weight' has shape \[512\] where the other tensors ask for \[1024\]/,
  );
});

test('what is no Swin that can be imported is refused, and told apart', () => {
  const changed = (name: string, shape: number[] | undefined): Specs => {
    const specs = swinBase(MICROSOFT);
    if (shape === undefined) specs.delete(name);
    else specs.set(name, { shape });
    return specs;
  };
  refused(
    () => mapCheckpoint(changed('layers.2.blocks.3.attn.qkv.weight', [1536, 256])),
    /'layers\.2\.blocks\.3\.attn\.qkv\.weight' has shape \[1536, 256\] where the other tensors ask for \[1536, 512\]/,
  );
  refused(() => mapCheckpoint(changed('layers.0.blocks.0.attn.logit_scale', [4, 1, 1])), /a Swin Transformer V2/);
  refused(() => mapCheckpoint(changed('patch_embed.proj.weight', [128, 3, 2, 4, 4])), /a Video Swin Transformer/);
  refused(() => mapCheckpoint(changed('patch_embed.proj.weight', [128, 1, 4, 4])), /3 channels and square patches/);
  refused(() => mapCheckpoint(changed('patch_embed.proj.weight', undefined)), /patch_embed\.proj\.weight/);
  refused(() => mapCheckpoint(swinBase(TIMM_1), { layout: 'mae-image' }), /mae-image is a layout of ViTs/, /swin-timm/);
  refused(() => mapCheckpoint(videomaeFinetune(), { layout: 'swin-timm' }), /not the weights of a Swin Transformer/);
  refused(() => mapCheckpoint(swinBase(MICROSOFT), { heads: 4 }), /tables of relative positions/);
});
