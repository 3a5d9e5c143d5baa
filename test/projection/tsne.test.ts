import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trustworthiness } from '../../src/projection/trustworthiness.ts';
import { perplexityFor, tsne } from '../../src/projection/tsne.ts';
import { clouds, pointsOf } from './reference.ts';
import { shareOfOwnClass } from './separation.ts';

const CLASSES = 8;
const points = clouds(600, 32, CLASSES, 0.5);

test('clusters stand apart, and the map can be trusted; two runs are equal to the bit, on one thread or more', async () => {
  const seen: number[] = [];
  const onProgress = (done: number, total: number): void => void seen.push(done / total);
  const map = await tsne(points, { threads: 2, onProgress });
  assert.equal(shareOfOwnClass(map, CLASSES), 1);
  const trust = await trustworthiness(points, map, 12);
  assert.ok(trust > 0.9, `trustworthiness ${trust}`);
  assert.deepEqual(await tsne(points, { threads: 1 }), map);
  assert.deepEqual(await tsne(points, { threads: 2 }), map);
  assert.notDeepEqual(await tsne(points, { threads: 2, seed: 1 }), map);
  assert.ok(seen.length > 100 && seen.at(-1) === 1);
  assert.ok(seen.every((share, at) => at === 0 || share > (seen[at - 1] as number)));
});

test('few points, equal points and one alone have maps too', async () => {
  for (const count of [1, 2, 3, 4, 7]) {
    const map = await tsne(clouds(count, 6, 1, 1), { iterations: 100 });
    assert.equal(map.length, 2 * count);
    assert.ok(map.every(Number.isFinite), `${count} points`);
  }
  const equal = await tsne(
    pointsOf(100, 4, () => 3),
    { iterations: 300 },
  );
  assert.ok(equal.every(Number.isFinite));
  const twice = await tsne(
    pointsOf(90, 3, (i, d) => (i % 3 === d ? 1 : 0)),
    { iterations: 300 },
  );
  assert.ok(twice.every(Number.isFinite));
  assert.equal(perplexityFor(10), 3);
  assert.equal(perplexityFor(2), 1);
  assert.equal(perplexityFor(1000, 50), 50);
});

test('options that make no sense are refused, and what is not finite', async () => {
  await assert.rejects(tsne(points, { theta: 1 }), RangeError);
  await assert.rejects(tsne(points, { perplexity: 0 }), RangeError);
  await assert.rejects(tsne(points, { threads: 0 }), RangeError);
  await assert.rejects(tsne(pointsOf(5, 2, (i) => (i === 4 ? Number.NaN : i))), /row 4 of 5/);
});

test('an abort in the middle of the descent stops it', async () => {
  const controller = new AbortController();
  const onProgress = (done: number): void => {
    if (done > 0.55) controller.abort(new Error('enough'));
  };
  await assert.rejects(tsne(points, { signal: controller.signal, onProgress, iterations: 100_000 }), /enough/);
});
