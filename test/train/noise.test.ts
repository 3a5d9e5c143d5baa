import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawNoise } from '../../src/train/noise.ts';

const specs = [
  { name: 'blocks.0.drop_path', shape: [2], keep: 0.9 },
  { name: 'head.dropout', shape: [1000], keep: 0.5 },
];
const bytes = (...[seed, epoch, batch]: [number, number, number]): number[] => [
  ...(drawNoise(specs, 20, seed, epoch, batch)['noise/head.dropout']?.data ?? []),
];

test('masks are uint8 zeros and ones, [B, ...shape], kept at their rate', () => {
  const { 'noise/blocks.0.drop_path': path, 'noise/head.dropout': dropout } = drawNoise(specs, 2000, 1, 0, 0);
  assert.deepEqual([path?.shape, path?.dtype, dropout?.shape], [[2000, 2], 'uint8', [2000, 1000]]);
  const rate = (data: ArrayLike<number> = []): number => Array.from(data).reduce((a, b) => a + b, 0) / data.length;
  // Four standard deviations of 4000 and of two million draws.
  assert.ok(Math.abs(rate(path?.data) - 0.9) < 4 * Math.sqrt(0.09 / 4000), `${rate(path?.data)}`);
  assert.ok(Math.abs(rate(dropout?.data) - 0.5) < 4 * Math.sqrt(0.25 / 2e6), `${rate(dropout?.data)}`);
  assert.deepEqual([...new Set(dropout?.data)].sort(), [0, 1]);
});

test('a mask is the same for the same seed, epoch and batch, and another for any other', () => {
  assert.deepEqual(bytes(1, 2, 3), bytes(1, 2, 3));
  for (const other of [bytes(2, 2, 3), bytes(1, 3, 3), bytes(1, 2, 4)]) assert.notDeepEqual(other, bytes(1, 2, 3));
});
