import assert from 'node:assert/strict';
import { test } from 'node:test';
import { distinctMethodNames } from '../../src/results/index.ts';
import { madeRecipe } from './made-run.ts';

const runs = (...made: { method: string; seed: number }[]) => made.map((one) => ({ recipe: madeRecipe(one) }));

test('runs are called by their method, with the seed or by their own names where that does not tell them apart', () => {
  const [a, b] = [
    { method: 'linear', seed: 0 },
    { method: 'bitfit', seed: 0 },
  ];
  assert.deepEqual(distinctMethodNames(runs(a, b), ['x', 'y']), ['linear', 'bitfit']);
  assert.deepEqual(distinctMethodNames(runs(a, { ...a, seed: 1 }), ['x', 'y']), ['linear, seed 0', 'linear, seed 1']);
  assert.deepEqual(distinctMethodNames(runs(a, a), ['x', 'y']), ['x', 'y']);
});
