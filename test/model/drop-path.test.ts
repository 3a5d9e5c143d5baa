import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dropPathNoise, dropPathRate } from '../../src/model/block.ts';
import type { Forward } from '../../src/model/forward.ts';
import { noTaps } from '../../src/model/taps.ts';
import { features } from '../../src/model/vit.ts';
import { tf } from '../../src/tensor/tf.ts';
import { testOnEachBackend } from '../tensor/backends.ts';
import { assertClose, exact, upload } from '../tensor/exact.ts';
import { drawBackbone, drawClips, evaluation, lookup, plainFeatures, tinyVit } from './tiny-vit.ts';

const vit = { ...tinyVit, depth: 3, dropPath: 0.4 };
const parameters = drawBackbone(vit);
const clips = drawClips(vit, 2);

test('the rate rises linearly from 0 at the first block, which needs no mask', () => {
  assert.deepEqual(
    [0, 1, 2].map((i) => dropPathRate(vit, i)),
    [0, 0.2, 0.4],
  );
  assert.deepEqual(dropPathNoise(vit), [
    { name: 'blocks.1.drop_path', shape: [2], keep: 0.8 },
    { name: 'blocks.2.drop_path', shape: [2], keep: 0.6 },
  ]);
  assert.deepEqual(dropPathNoise({ ...vit, dropPath: 0 }), []);
});

/** The weights under which both branches of block i give `attention` and `mlp` times as much. */
function scaled(i: number, attention: number, mlp: number): typeof parameters {
  const factor = (name: string): number =>
    name.startsWith(`blocks.${i}.attn.proj.`) ? attention : name.startsWith(`blocks.${i}.mlp.fc2.`) ? mlp : 1;
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { shape, data }]) => [
      name,
      exact(
        shape,
        data.map((v) => v * factor(name)),
      ),
    ]),
  );
}

testOnEachBackend('each clip loses its own branches, and those that stay are divided by the keep probability', () => {
  const masks: Record<string, number[][]> = {
    // [attention, MLP] of each of the two clips.
    'blocks.1.drop_path': [
      [1, 1],
      [1, 1],
    ],
    'blocks.2.drop_path': [
      [1, 0],
      [0, 1],
    ],
  };
  const training: Forward = { training: true, noise: (name) => tf.tensor2d(masks[name] as number[][]) };
  const actual = features(vit, lookup(parameters), upload(clips), noTaps, training).dataSync();
  const expected = (of: number, attention: number, mlp: number): Float64Array => {
    const weights = { ...scaled(1, 1 / 0.8, 1 / 0.8) };
    for (const [name, value] of Object.entries(scaled(2, attention, mlp))) {
      if (name.startsWith('blocks.2.')) weights[name as keyof typeof weights] = value;
    }
    return plainFeatures(vit, weights, clips).data.slice(of * 8, of * 8 + 8);
  };
  assertClose(actual.slice(0, 8), expected(0, 1 / 0.6, 0), 2e-5);
  assertClose(actual.slice(8), expected(1, 0, 1 / 0.6), 2e-5);
});

testOnEachBackend('evaluation drops nothing and asks for no mask', () => {
  const actual = features(vit, lookup(parameters), upload(clips), noTaps, evaluation);
  assertClose(actual.dataSync(), plainFeatures(vit, parameters, clips).data, 2e-5);
});
