import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitCurve } from '../../src/projection/curve.ts';
import { fuzzyUnion, membershipStrengths } from '../../src/projection/fuzzy-set.ts';
import { neighboursOf } from '../../src/projection/neighbours.ts';
import { POINTS, pointsOf, STRENGTHS, UNION } from './reference.ts';

const K = 9;

test('membership strengths are umap-learn’s', async () => {
  const strengths = membershipStrengths(await neighboursOf(POINTS, K));
  for (const [row, expected] of Object.entries(STRENGTHS)) {
    for (const [j, value] of expected.entries()) {
      const found = strengths[Number(row) * K + j] as number;
      assert.ok(Math.abs(found - value) < 1e-5, `row ${row}, neighbour ${j}: ${found} for ${value}`);
    }
  }
});

test('a row of the union is umap-learn’s', async () => {
  const neighbours = await neighboursOf(POINTS, K);
  const { starts, columns, weights } = fuzzyUnion(neighbours, membershipStrengths(neighbours));
  const row = Array.from(columns.subarray(0, starts[1]), (j, edge) => [j, weights[edge] as number] as const)
    .filter(([, weight]) => weight > 0)
    .sort((a, b) => a[0] - b[0]);
  assert.deepEqual(
    row.map(([j]) => j),
    UNION.map(([j]) => j),
  );
  for (const [at, [j, value]] of UNION.entries()) {
    const found = row[at]?.[1] ?? Number.NaN;
    assert.ok(Math.abs(found - value) < 1e-5, `${j}: ${found} for ${value}`);
  }
});

test('equal points belong to each other wholly', async () => {
  const strengths = membershipStrengths(
    await neighboursOf(
      pointsOf(8, 2, () => 1),
      3,
    ),
  );
  assert.ok(strengths.every((value) => value === 1));
});

test('the curve is umap-learn’s', () => {
  // find_ab_params(1.0, 0.1) and (1.0, 0.5)
  const near = fitCurve(0.1);
  assert.ok(Math.abs(near.a - 1.57694346046584) < 1e-6 && Math.abs(near.b - 0.8950608779639974) < 1e-6);
  const wide = fitCurve(0.5);
  assert.ok(Math.abs(wide.a - 0.5830300203968329) < 1e-6 && Math.abs(wide.b - 1.3341669926352966) < 1e-6);
});
