import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sameClassNeighbours } from '../../src/figures/neighbours.ts';
import { rings } from './made-panels.ts';

/** Every pair. */
function expected(points: Float32Array, labels: Int32Array): number {
  let [same, count] = [0, 0];
  for (const [i, label] of labels.entries()) {
    if (label < 0) continue;
    let [best, least] = [-1, Number.POSITIVE_INFINITY];
    for (const [j, other] of labels.entries()) {
      const apart =
        ((points[2 * i] as number) - (points[2 * j] as number)) ** 2 +
        ((points[2 * i + 1] as number) - (points[2 * j + 1] as number)) ** 2;
      if (j !== i && other >= 0 && apart < least) [best, least] = [j, apart];
    }
    count++;
    if (labels[best] === label) same++;
  }
  return same / count;
}

test('the share of nearest dots of the same class is that of all pairs', () => {
  for (const [videos, classes] of [
    [2, 1],
    [50, 3],
    [900, 7],
  ] as const) {
    for (const { points, labels } of rings(videos, classes, 2)) {
      assert.equal(sameClassNeighbours(points, labels), expected(points, labels));
      // A few far away, and some of no class.
      points.set([1000, 1000], 0);
      if (videos > 2) labels.fill(-1, 2, 9);
      assert.equal(sameClassNeighbours(points, labels), expected(points, labels));
    }
  }
});

test('two at one place are neighbours, one alone has none', () => {
  assert.equal(sameClassNeighbours(new Float32Array(8), Int32Array.from([1, 1, 1, 1])), 1);
  assert.equal(sameClassNeighbours(Float32Array.from([0, 0, 1, 1]), Int32Array.from([0, -1])), undefined);
  assert.equal(sameClassNeighbours(new Float32Array(0), new Int32Array(0)), undefined);
});
