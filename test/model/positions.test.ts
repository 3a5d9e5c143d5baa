import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sineCosineTable } from '../../src/model/positions.ts';

test('the table of ViT-B with 16 frames has the values of the original', () => {
  const table = sineCosineTable(1568, 768);
  const at = (p: number, j: number): number => table[p * 768 + j] as number;
  for (const [p, j, value] of [
    [0, 0, 0],
    [0, 1, 1],
    [1, 0, 0.841471],
    [1, 1, 0.5403023],
    [1, 2, 0.8284308],
    [1, 3, 0.5600915],
    [196, 0, 0.9395301],
    [783, 767, 0.9967856],
    [1567, 766, 0.1598157],
    [1567, 767, 0.9871469],
  ] as const) {
    assert.ok(Math.abs(at(p, j) - value) < 6e-8, `(${p}, ${j}) is ${at(p, j)}, not ${value}`);
  }
  const sum = table.reduce((total, v) => total + v, 0);
  const squares = table.reduce((total, v) => total + v * v, 0);
  assert.ok(Math.abs(sum - 245744.98957) < 0.001, `${sum}`);
  // Each sine and its cosine: 1568 × 384.
  assert.ok(Math.abs(squares - 602112) < 0.001, `${squares}`);
});

test('the table of fewer frames is the first rows of the table of more', () => {
  assert.deepEqual(sineCosineTable(8, 6), sineCosineTable(16, 6).subarray(0, 48));
});
