import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Forward } from '../../src/model/forward.ts';
import { features } from '../../src/model/vit.ts';
import { adaptformer } from '../../src/petl/adaptformer.ts';
import { initialise } from '../../src/tensor/parameters.ts';
import { tf } from '../../src/tensor/tf.ts';
import {
  drawBackbone,
  drawClips,
  type ExactParameters,
  evaluation,
  lookup,
  plainFeatures,
  tinyVit,
} from '../model/tiny-vit.ts';
import { testOnEachBackend } from '../tensor/backends.ts';
import * as plain from '../tensor/definitions.ts';
import { assertClose, draw, type Exact, exact, upload } from '../tensor/exact.ts';

const vit = tinyVit;
const backbone = drawBackbone(vit);
const clips = drawClips(vit, 2);

/** Features with the adapters' parameters as they start (`drawn` false) or drawn at random. */
function adapted(
  options: object,
  drawn: boolean,
  forward: Forward = evaluation,
): { actual: Float32Array; own: ExactParameters } {
  const { parameters, taps } = adaptformer.attach(vit, { bottleneck: 3, ...options });
  const start = initialise(parameters, 3);
  const own = Object.fromEntries(
    parameters.map(({ name, shape }) => [name, drawn ? draw(name, shape) : exact(shape, start[name]?.data ?? [])]),
  );
  const parameter = lookup({ ...backbone, ...own });
  const value = features(vit, parameter, upload(clips), (i) => taps(i, parameter, forward), forward);
  return { actual: value.dataSync() as Float32Array, own };
}

/** s · (W_up · (mask / keep ∘ ReLU(W_down · z + b_down)) + b_up), with its LayerNorm. */
function bottleneck(
  own: ExactParameters,
  i: number,
  z: Exact,
  { scale = 0.1, norm = 'none', mask }: { scale?: number; norm?: string; mask?: readonly number[] } = {},
): Exact {
  const get = (name: string): Exact => own[`blocks.${i}.adaptmlp.${name}`] as Exact;
  const normed = (x: Exact): Exact => plain.layerNorm(x, get('norm.weight'), get('norm.bias'), 1e-5);
  const small = plain.linear(norm === 'in' ? normed(z) : z, get('down.weight'), get('down.bias'));
  const active = exact(
    small.shape,
    small.data.map((v, at) => Math.max(0, v) * (mask?.[at] ?? 1)),
  );
  const up = plain.linear(active, get('up.weight'), get('up.bias'));
  const scaled = exact(
    up.shape,
    up.data.map((v) => v * scale),
  );
  return norm === 'out' ? normed(scaled) : scaled;
}

testOnEachBackend('parallel: the adapter reads the raw stream and its scale takes in the bias', () => {
  for (const norm of ['none', 'in', 'out']) {
    const { actual, own } = adapted({ layerNorm: norm }, true);
    const expected = plainFeatures(vit, backbone, clips, { mlp: (i, a) => bottleneck(own, i, a, { norm }) });
    assertClose(actual, expected.data, 2e-5, norm);
  }
});

testOnEachBackend('sequential: the adapter reads what the MLP gave', () => {
  const { actual, own } = adapted({ position: 'sequential', scale: 0.7 }, true);
  const expected = plainFeatures(vit, backbone, clips, { mlp: (i, _a, m) => bottleneck(own, i, m, { scale: 0.7 }) });
  assertClose(actual, expected.data, 2e-5);
});

testOnEachBackend('a learned scale is one number per block, from 1', () => {
  const { actual, own } = adapted({ scale: 'learned' }, true);
  const scaleOf = (i: number): number => own[`blocks.${i}.adaptmlp.scale`]?.data[0] as number;
  assert.notEqual(scaleOf(0), scaleOf(1));
  const expected = plainFeatures(vit, backbone, clips, { mlp: (i, a) => bottleneck(own, i, a, { scale: scaleOf(i) }) });
  assertClose(actual, expected.data, 2e-5);
  const start = initialise(adaptformer.attach(vit, { scale: 'learned' }).parameters, 0);
  assert.deepEqual([...(start['blocks.1.adaptmlp.scale']?.data ?? [])], [1]);
});

testOnEachBackend('chosen blocks alone get an adapter', () => {
  const { actual, own } = adapted({ blocks: [1] }, true);
  assert.deepEqual(
    Object.keys(own),
    ['down.weight', 'down.bias', 'up.weight', 'up.bias'].map((n) => `blocks.1.adaptmlp.${n}`),
  );
  const none = exact([2, 4, 8], new Float64Array(64));
  const expected = plainFeatures(vit, backbone, clips, { mlp: (i, a) => (i === 1 ? bottleneck(own, i, a) : none) });
  assertClose(actual, expected.data, 2e-5);
});

testOnEachBackend('zero-up starts as the backbone alone, normal does not', () => {
  const alone = features(vit, lookup(backbone), upload(clips), () => ({}), evaluation).dataSync();
  for (const position of ['parallel', 'sequential']) {
    for (const layerNorm of ['none', 'in', 'out']) {
      assert.deepEqual([...adapted({ position, layerNorm }, false).actual], [...alone]);
    }
  }
  assert.notDeepEqual([...adapted({ init: 'normal' }, false).actual], [...alone]);
});

testOnEachBackend('dropout acts on the bottleneck in training alone, survivors divided by the keep probability', () => {
  // One mask [B, N, d] for each block, in which every second element survives.
  const mask = Array.from({ length: 2 * 4 * 3 }, (_, at) => at % 2);
  const asked: string[] = [];
  const training: Forward = {
    training: true,
    noise: (name) => {
      asked.push(name);
      return tf.tensor(mask, [2, 4, 3]);
    },
  };
  const { actual, own } = adapted({ dropout: 0.25 }, true, training);
  assert.deepEqual(asked, ['blocks.0.adaptmlp.dropout', 'blocks.1.adaptmlp.dropout']);
  const scaled = mask.map((m) => m / 0.75);
  assertClose(
    actual,
    plainFeatures(vit, backbone, clips, { mlp: (i, a) => bottleneck(own, i, a, { mask: scaled }) }).data,
    2e-5,
  );
  assertClose(
    adapted({ dropout: 0.25 }, true).actual,
    plainFeatures(vit, backbone, clips, { mlp: (i, a) => bottleneck(own, i, a) }).data,
    2e-5,
  );
});

test('the masks are announced with their shape and rate', () => {
  assert.deepEqual(adaptformer.attach(vit, { dropout: 0.1, bottleneck: 3, blocks: [1] }).noise, [
    { name: 'blocks.1.adaptmlp.dropout', shape: [4, 3], keep: 0.9 },
  ]);
  assert.deepEqual(adaptformer.attach(vit, {}).noise, []);
});

test('the down projection starts uniform in ±1/√D, or with deviation 0.02 for both', () => {
  const base = { ...vit, width: 768, depth: 1 };
  const zeroUp = initialise(adaptformer.attach(base, {}).parameters, 0);
  const down = Float32Array.from(zeroUp['blocks.0.adaptmlp.down.weight']?.data ?? []);
  const largest = down.reduce((a, v) => Math.max(a, Math.abs(v)), 0);
  assert.ok(largest <= 0.03609 && largest > 0.036, `${largest}`);
  assert.ok(zeroUp['blocks.0.adaptmlp.up.weight']?.data.every((v) => v === 0));
  const both = initialise(adaptformer.attach(base, { init: 'normal' }).parameters, 0);
  for (const which of ['down', 'up']) {
    const data = Float32Array.from(both[`blocks.0.adaptmlp.${which}.weight`]?.data ?? []);
    const std = Math.sqrt(data.reduce((sum, v) => sum + v * v, 0) / data.length);
    assert.ok(Math.abs(std - 0.02) < 2e-4, `${which} ${std}`);
  }
});
