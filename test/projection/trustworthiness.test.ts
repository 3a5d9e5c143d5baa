import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trustworthiness } from '../../src/projection/trustworthiness.ts';
import { POINTS, TRUST } from './reference.ts';

const firstTwo = POINTS.data.filter((_, at) => at % POINTS.width < 2);

test('trustworthiness is scikit-learn’s, whatever the threads', async () => {
  for (const [k, expected] of Object.entries(TRUST)) {
    for (const threads of [1, 3]) {
      const found = await trustworthiness(POINTS, firstTwo, Number(k), { threads });
      assert.ok(Math.abs(found - expected) < 1e-12, `k = ${k}: ${found} for ${expected}`);
    }
  }
});

test('a map that shows all features can be trusted wholly', async () => {
  assert.equal(await trustworthiness({ data: firstTwo, count: POINTS.count, width: 2 }, firstTwo, 12), 1);
});

test('half as many neighbours as points are refused', async () => {
  await assert.rejects(trustworthiness(POINTS, firstTwo, 30), RangeError);
});
