import assert from 'node:assert/strict';
import { test } from 'node:test';
import { neighboursOf } from '../../src/projection/neighbours.ts';
import type { Points } from '../../src/projection/points.ts';
import { clouds, pointsOf } from './reference.ts';

/** Indices by plain sorting of float64 distances. */
function sorted({ data, count, width }: Points, k: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const all: [number, number][] = [];
    for (let j = 0; j < count; j++) {
      let squared = 0;
      for (let d = 0; d < width; d++)
        squared += ((data[i * width + d] as number) - (data[j * width + d] as number)) ** 2;
      if (j !== i) all.push([squared, j]);
    }
    return all
      .sort((a, b) => a[0] - b[0] || a[1] - b[1])
      .slice(0, k)
      .map(([, j]) => j);
  }).flat();
}

// Integers, where they are, make equal distances equal to the bit in any order of summing.
const CASES: Readonly<Record<string, { readonly points: Points; readonly k: number }>> = {
  clouds: { points: clouds(500, 33, 7, 0.5), k: 20 },
  'far from the origin': { points: pointsOf(300, 16, (_, d, random) => 1e4 * (d + 1) + random.normal()), k: 10 },
  'many equal ones, many equal distances': { points: pointsOf(400, 2, (_i, _d, random) => random.integer(4)), k: 30 },
  'all equal': { points: pointsOf(130, 3, () => 2), k: 5 },
  'one far away': { points: pointsOf(200, 4, (i, _, random) => (i === 3 ? 1e6 : random.normal())), k: 6 },
  huge: { points: pointsOf(100, 5, (_i, _d, random) => 1e30 * random.normal()), k: 4 },
  tiny: { points: pointsOf(100, 5, (_i, _d, random) => 1e-30 * random.normal()), k: 4 },
  'all the others': { points: clouds(9, 3, 2, 1), k: 8 },
};

for (const [name, { points, k }] of Object.entries(CASES)) {
  test(`neighbours are exact, whatever the threads: ${name}`, async () => {
    const one = await neighboursOf(points, k, { threads: 1 });
    assert.deepEqual([...one.indices], sorted(points, k));
    assert.deepEqual(await neighboursOf(points, k, { threads: 3 }), one);
  });
}

test('a number that is not finite is refused with its row', async () => {
  const points = pointsOf(10, 4, (i, d) => (i === 6 && d === 2 ? Number.NaN : i));
  await assert.rejects(neighboursOf(points, 3), /feature 2 is NaN\n {2}at row 6 of 10/);
  const infinite = pointsOf(10, 4, (i, d) => (i === 9 && d === 0 ? Number.NEGATIVE_INFINITY : i));
  await assert.rejects(neighboursOf(infinite, 3), /feature 0 is -Infinity\n {2}at row 9 of 10/);
});

test('more neighbours than there are, and a shape that does not fit, are refused', async () => {
  await assert.rejects(neighboursOf(clouds(5, 2, 1, 1), 5), RangeError);
  await assert.rejects(neighboursOf({ data: new Float32Array(7), count: 2, width: 4 }, 1), TypeError);
});

test('an abort stops the threads', async () => {
  const points = clouds(6000, 256, 3, 1);
  const controller = new AbortController();
  const work = { signal: controller.signal, onProgress: () => controller.abort(new Error('enough')) };
  await assert.rejects(neighboursOf(points, 5, work), /enough/);
  await assert.rejects(neighboursOf(points, 5, { signal: AbortSignal.abort(new Error('before')) }), /before/);
});
