import assert from 'node:assert/strict';
import { test } from 'node:test';
import { updatesOf, updatesPerEpoch } from '../../src/data/order.ts';

const options = { entries: 11, batch: 2, accumulate: 2, dropLast: false };
const shapes = (updates: Uint32Array[][]): number[][] => updates.map((batches) => batches.map(({ length }) => length));
const flat = (updates: Uint32Array[][]): number[] => updates.flat().flatMap((batch) => [...batch]);
const sorted = (values: number[]): number[] => [...values].sort((a, b) => a - b);

test('an epoch sees every entry once, in full batches but for the last', () => {
  const updates = updatesOf(options, 3, 0);
  assert.deepEqual(shapes(updates), [
    [2, 2],
    [2, 2],
    [2, 1],
  ]);
  assert.deepEqual(sorted(flat(updates)), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.equal(updatesPerEpoch(options), 3);
});

test('an incomplete last update is left out when asked to', () => {
  const dropping = { ...options, dropLast: true };
  assert.equal(updatesPerEpoch(dropping), 2);
  assert.deepEqual(flat(updatesOf(dropping, 3, 0)), flat(updatesOf(options, 3, 0)).slice(0, 8));
  assert.equal(updatesPerEpoch({ ...dropping, entries: 3 }), 0);
  assert.deepEqual(updatesOf({ ...dropping, entries: 3 }, 0, 0), []);
  assert.equal(updatesPerEpoch({ ...dropping, entries: 12 }), 3);
});

test('the last update may lack whole batches', () => {
  assert.deepEqual(shapes(updatesOf({ ...options, entries: 6 }, 3, 0)), [[2, 2], [2]]);
});

test('the order depends on seed and epoch alone, not on batch and accumulation', () => {
  const order = flat(updatesOf(options, 3, 5));
  assert.deepEqual(flat(updatesOf({ ...options, batch: 4, accumulate: 1 }, 3, 5)), order);
  assert.notDeepEqual(flat(updatesOf(options, 3, 6)), order);
  assert.notDeepEqual(flat(updatesOf(options, 4, 5)), order);
});
