import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditionalAffinities, jointAffinities } from '../../src/projection/affinities.ts';
import { neighboursOf } from '../../src/projection/neighbours.ts';
import { AFFINITIES, POINTS, pointsOf } from './reference.ts';

test('rows of a perplexity are scikit-learn’s', async () => {
  const p = conditionalAffinities(await neighboursOf(POINTS, 31), 10);
  for (const [row, expected] of Object.entries(AFFINITIES)) {
    for (const [j, value] of expected.entries()) {
      // Both stop when the entropy is right to 1e-5, of other steps.
      const found = p[Number(row) * 31 + j] as number;
      assert.ok(Math.abs(found - value) < 2e-5, `row ${row}, neighbour ${j}: ${found} for ${value}`);
    }
  }
});

test('the entropy of every row is the logarithm of the perplexity', async () => {
  const points = pointsOf(200, 4, (i, _, random) => (i % 2 === 0 ? 1e-3 : 1e3) * random.normal());
  const k = 40;
  const p = conditionalAffinities(await neighboursOf(points, k), 12);
  for (let i = 0; i < points.count; i++) {
    const entropy = p.subarray(i * k, (i + 1) * k).reduce((sum, v) => sum - (v > 0 ? v * Math.log(v) : 0), 0);
    assert.ok(Math.abs(entropy - Math.log(12)) < 2e-5, `row ${i}: ${Math.exp(entropy)}`);
  }
});

test('equal points share their affinity evenly', async () => {
  const p = conditionalAffinities(
    await neighboursOf(
      pointsOf(12, 2, () => 1),
      5,
    ),
    3,
  );
  assert.ok(p.every((value) => value === 1 / 5));
});

test('the joint is symmetric, sums to 1, and is the mean of both views', async () => {
  const k = 7;
  const neighbours = await neighboursOf(POINTS, k);
  const conditional = conditionalAffinities(neighbours, 4);
  const dense = new Float64Array(POINTS.count ** 2);
  for (let at = 0; at < conditional.length; at++) {
    dense[Math.floor(at / k) * POINTS.count + (neighbours.indices[at] as number)] = conditional[at] as number;
  }
  const { starts, columns, weights } = jointAffinities(neighbours, conditional);
  const joint = new Float64Array(dense.length);
  for (let i = 0; i < POINTS.count; i++) {
    assert.equal((starts[i] as number) % 4, 0);
    for (let edge = starts[i] as number; edge < (starts[i + 1] as number); edge++) {
      const at = i * POINTS.count + (columns[edge] as number);
      joint[at] = (joint[at] as number) + (weights[edge] as number);
    }
  }
  for (let i = 0; i < POINTS.count; i++) {
    for (let j = 0; j < POINTS.count; j++) {
      const both = (dense[i * POINTS.count + j] as number) + (dense[j * POINTS.count + i] as number);
      assert.ok(Math.abs((joint[i * POINTS.count + j] as number) - both / (2 * POINTS.count)) < 1e-9, `${i}, ${j}`);
    }
  }
  assert.ok(Math.abs(joint.reduce((sum, value) => sum + value, 0) - 1) < 1e-6);
});
