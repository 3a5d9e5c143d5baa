import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classifier } from '../../src/petl/classifier.ts';
import { methodOf } from '../../src/petl/index.ts';
import { groupOf } from '../../src/train/groups.ts';
import { tinyImageVit, tinyVit } from '../model/tiny-vit.ts';

const head = { classes: 3, batchNorm: true, dropout: 0, initStd: 0 };
const groups = (
  vit: typeof tinyVit,
  method: string,
  options: object = {},
): Record<string, readonly [number, boolean]> =>
  Object.fromEntries(
    classifier(vit, methodOf(method).attach(vit, options), head).trained.map((spec) => {
      const { lrScale, decays } = groupOf(spec, vit, 0.5);
      return [spec.name, [lrScale, decays] as const];
    }),
  );

test('layer decay and decay of every parameter of VideoMAE, two blocks deep', () => {
  const block = (i: number, scale: number): Record<string, readonly [number, boolean]> => ({
    [`blocks.${i}.norm1.weight`]: [scale, false],
    [`blocks.${i}.norm1.bias`]: [scale, false],
    [`blocks.${i}.attn.qkv.weight`]: [scale, true],
    [`blocks.${i}.attn.q_bias`]: [scale, false],
    [`blocks.${i}.attn.v_bias`]: [scale, false],
    [`blocks.${i}.attn.proj.weight`]: [scale, true],
    [`blocks.${i}.attn.proj.bias`]: [scale, false],
    [`blocks.${i}.norm2.weight`]: [scale, false],
    [`blocks.${i}.norm2.bias`]: [scale, false],
    [`blocks.${i}.mlp.fc1.weight`]: [scale, true],
    [`blocks.${i}.mlp.fc1.bias`]: [scale, false],
    [`blocks.${i}.mlp.fc2.weight`]: [scale, true],
    [`blocks.${i}.mlp.fc2.bias`]: [scale, false],
  });
  assert.deepEqual(groups(tinyVit, 'full'), {
    'patch_embed.proj.weight': [0.125, true],
    'patch_embed.proj.bias': [0.125, false],
    ...block(0, 0.25),
    ...block(1, 0.5),
    'fc_norm.weight': [1, false],
    'fc_norm.bias': [1, false],
    'head.weight': [1, true],
    'head.bias': [1, false],
  });
});

test('class token and learned positions go with the embedding, the norm before the head with the head', () => {
  const {
    cls_token: cls,
    pos_embed: positions,
    'norm.weight': norm,
    'blocks.1.attn.qkv.bias': bias,
  } = groups(tinyImageVit, 'full');
  assert.deepEqual(
    [cls, positions, norm, bias],
    [
      [0.125, false],
      [0.125, false],
      [1, false],
      [0.5, false],
    ],
  );
});

test("a method's parameters have the rate of their block", () => {
  const adapters = groups(tinyVit, 'adaptformer', { scale: 'learned', layerNorm: 'in' });
  assert.deepEqual(adapters['blocks.0.adaptmlp.down.weight'], [0.25, true]);
  assert.deepEqual(adapters['blocks.1.adaptmlp.up.weight'], [0.5, true]);
  assert.deepEqual(adapters['blocks.1.adaptmlp.up.bias'], [0.5, false]);
  assert.deepEqual(adapters['blocks.1.adaptmlp.scale'], [0.5, false]);
  assert.deepEqual(adapters['blocks.1.adaptmlp.norm.weight'], [0.5, false]);
  assert.equal(groups(tinyVit, 'vpt-deep')['blocks.0.prompts']?.[0], 0.25);
});

test('two-digit blocks are told apart', () => {
  const vit = { ...tinyVit, depth: 12 };
  const scale = (name: string): number =>
    groupOf({ name, shape: [1], init: { kind: 'constant', value: 0 } }, vit, 0.75).lrScale;
  assert.equal(scale('blocks.1.norm1.weight'), 0.75 ** 11);
  assert.equal(scale('blocks.11.norm1.weight'), 0.75);
  assert.equal(scale('patch_embed.proj.weight'), 0.75 ** 13);
});

test('decay of all: no parameter is spared', () => {
  const { trained } = classifier(tinyImageVit, methodOf('full').attach(tinyImageVit, {}), head);
  assert.ok(trained.every((spec) => groupOf(spec, tinyImageVit, 1, 'all').decays));
  assert.ok(!trained.every((spec) => groupOf(spec, tinyImageVit, 1, 'matrices').decays));
});
