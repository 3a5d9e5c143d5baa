import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trustworthiness } from '../../src/projection/trustworthiness.ts';
import { umap } from '../../src/projection/umap.ts';
import { clouds, pointsOf } from './reference.ts';
import { shareOfOwnClass } from './separation.ts';

const CLASSES = 8;
const points = clouds(600, 32, CLASSES, 0.5);

test('clusters stand apart, and the map can be trusted; two runs are equal to the bit', async () => {
  const map = await umap(points, { threads: 2 });
  assert.equal(shareOfOwnClass(map, CLASSES), 1);
  const trust = await trustworthiness(points, map, 12);
  assert.ok(trust > 0.88, `trustworthiness ${trust}`);
  assert.deepEqual(await umap(points, { threads: 1 }), map);
  assert.notDeepEqual(await umap(points, { threads: 2, seed: 1 }), map);
});

test('few points and equal points have maps too', async () => {
  for (const count of [1, 2, 3, 5]) {
    const map = await umap(clouds(count, 6, 1, 1), { epochs: 20 });
    assert.equal(map.length, 2 * count);
    assert.ok(map.every(Number.isFinite), `${count} points`);
  }
  assert.ok(
    (
      await umap(
        pointsOf(60, 4, () => 3),
        { epochs: 50 },
      )
    ).every(Number.isFinite),
  );
});

test('options that make no sense are refused, and what is not finite', async () => {
  await assert.rejects(umap(points, { neighbours: 1 }), RangeError);
  await assert.rejects(umap(points, { minDist: -1 }), RangeError);
  await assert.rejects(umap(pointsOf(5, 2, (i) => (i === 4 ? Number.NaN : i))), /row 4 of 5/);
});
