import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pca2 } from '../../src/projection/pca.ts';
import { COMPONENTS, clouds, POINTS, pointsOf } from './reference.ts';

test('components are numpy’s', async () => {
  const map = await pca2(POINTS);
  for (const [i, expected] of COMPONENTS.flat().entries()) {
    assert.ok(Math.abs((map[i] as number) - expected) < 2e-5, `${i}: ${map[i]} for ${expected}`);
  }
});

test('wide features find the plane that they were made in', async () => {
  const [count, width] = [400, 500];
  const plane = clouds(2, width, 2, 0);
  const places = pointsOf(count, 2, (_, d, random) => (d === 0 ? 30 : 10) * random.normal());
  const [a, b] = [plane.data.subarray(0, width), plane.data.subarray(width)];
  const points = pointsOf(count, width, (i, d, random) => {
    const [x, y] = [places.data[2 * i] as number, places.data[2 * i + 1] as number];
    return x * (a[d] as number) + y * (b[d] as number) + 0.01 * random.normal();
  });
  const map = await pca2(points, { threads: 2 });
  assert.deepEqual(await pca2(points, { threads: 1 }), map);
  // Distances in the plane are those of the features.
  for (const [i, j] of [
    [0, 1],
    [5, 300],
    [17, 399],
  ] as const) {
    let squared = 0;
    for (let d = 0; d < width; d++) {
      squared += ((points.data[i * width + d] as number) - (points.data[j * width + d] as number)) ** 2;
    }
    const [dx, dy] = [0, 1].map((axis) => (map[2 * i + axis] as number) - (map[2 * j + axis] as number));
    assert.ok(Math.abs(Math.hypot(dx ?? 0, dy ?? 0) / Math.sqrt(squared) - 1) < 1e-3);
  }
});

test('one feature has one component, equal points none', async () => {
  const line = await pca2(pointsOf(4, 1, (i) => i));
  assert.deepEqual(
    [...line].map((value) => Math.round(1e6 * value) / 1e6 + 0),
    [-1.5, 0, -0.5, 0, 0.5, 0, 1.5, 0],
  );
  assert.ok((await pca2(pointsOf(5, 3, () => 4))).every((value) => value === 0));
});
