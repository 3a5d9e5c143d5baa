import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { VideoPrediction } from '../../src/eval/evaluate.ts';
import { splitFeatures, writeFeatures } from '../../src/eval/features.ts';
import { openNpz } from '../../src/formats/npz.ts';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { float32 } from '../../src/tensor/host.ts';

const entry = (id: string, label: number) =>
  ({ id, file: id, label, frames: 9, width: 8, height: 8, fps: 25, verdict: 'ok' }) as const;
const predictions: VideoPrediction[] = [
  {
    entry: entry('größe/1', 1),
    scores: Float64Array.of(0.25, 0.75),
    features: Float32Array.of(1, 2, 3),
    rank: 0,
    rightViews: 1,
  },
  { entry: entry('lost', 0), rank: 2, rightViews: 0, failure: 'moov atom not found' },
  {
    entry: entry('2', 0),
    scores: Float64Array.of(0.5, 0.5),
    features: Float32Array.of(4, 5, 6),
    rank: 1,
    rightViews: 0,
  },
];

test('features of the decoded videos, in order, in both formats', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'petl-features-'));
  t.after(() => rm(folder, { recursive: true }));
  const all = splitFeatures({ predictions });
  assert.deepEqual(all.ids, ['größe/1', '2']);
  assert.deepEqual([...all.predicted.data], [1, 0]);
  const maps = { tsne: float32([2, 2], Float32Array.of(0, 1, 2, 3)) };
  const file = { ...all, classes: ['a', 'b'], protocol: 'made up', maps };

  const safetensors = await writeFeatures(path.join(folder, 'x'), 'safetensors', file);
  const read = await readSafetensors(safetensors);
  assert.deepEqual(JSON.parse(read.metadata.get('ids') as string), all.ids);
  assert.deepEqual(read.metadata.get('protocol'), 'made up');
  const features = await read.read('features');
  assert.deepEqual(
    [features.shape, [...features.data]],
    [
      [2, 3],
      [1, 2, 3, 4, 5, 6],
    ],
  );
  assert.deepEqual([...(await read.read('labels')).data], [1, 0]);
  assert.deepEqual([...(await read.read('tsne')).data], [0, 1, 2, 3]);
  await read.close();

  const zipped = await writeFeatures(path.join(folder, 'x'), 'npz', { ...file, ids: [], classes: [], protocol: '' });
  assert.equal(path.basename(zipped), 'x.npz');
  await assert.rejects(openNpz(zipped), /text/);
});

test('a split of which nothing was decoded has no rows', () => {
  const none = splitFeatures({ predictions: predictions.slice(1, 2) });
  assert.deepEqual([none.features.shape, none.scores.shape, none.ids], [[0, 0], [0, 0], []]);
});
