import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawErasing } from '../../../src/data/augment/erasing.ts';
import { rng } from '../../../src/tensor/random.ts';

const SIZE = 224;
const draws = 20_000;
const windows = Array.from({ length: draws }, (_, i) => drawErasing(1, SIZE, rng(2, 'erasing', 0, i)));

/** Largest distance of the sorted values, mapped to what should be uniform in 0-1, from uniform (Kolmogorov-Smirnov). */
function distance(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.max(...sorted.map((value, i) => Math.abs(value - (i + 0.5) / sorted.length)));
}

test('rectangles lie inside, areas are uniform from 0.02 to 1/3, shapes log-uniform from 0.3 to 3.33', () => {
  const found = windows.flatMap((window) => (window === undefined ? [] : [window]));
  assert.equal(found.length, draws, 'one of a hundred tries always fits a square');
  for (const { x, y, width, height } of found) {
    assert.ok(x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= SIZE && y + height <= SIZE);
    assert.ok(width < SIZE && height < SIZE);
  }
  const share = found.map(({ width, height }) => (width * height) / SIZE ** 2);
  const shape = found.map(({ width, height }) => Math.log(height / width) / Math.log(1 / 0.3));
  assert.ok(Math.min(...share) > 0.018 && Math.max(...share) < 0.345, 'but for rounded sides');
  assert.ok(Math.min(...shape) > -1.07 && Math.max(...shape) < 1.07);
  // The greatest areas of the most slender shapes do not fit (√(1/3 · 1/0.3) = 1.05), about 0.2 % of tries; rounding and this
  // are within the bound, 1.95 / √n at 99.9 %.
  const bound = 1.95 / Math.sqrt(draws) + 0.004;
  assert.ok(distance(share.map((s) => (s - 0.02) / (1 / 3 - 0.02))) < bound);
  assert.ok(distance(shape.map((s) => (s + 1) / 2)) < bound);
});

test('places are uniform among those that fit', () => {
  const places = windows.flatMap((window, i) => {
    if (window === undefined) return [];
    // A uniform number within each of the equally likely places.
    const jitter = ((i * 0.618034) % 1) / (SIZE - window.width + 1);
    return [window.x / (SIZE - window.width + 1) + jitter];
  });
  assert.ok(distance(places) < 1.95 / Math.sqrt(draws));
});

test('a share of the clips is erased', () => {
  const erased = Array.from({ length: draws }, (_, i) => drawErasing(0.25, SIZE, rng(3, 'erasing', 0, i)));
  const share = erased.filter((window) => window !== undefined).length / draws;
  assert.ok(Math.abs(share - 0.25) < 4 * Math.sqrt((0.25 * 0.75) / draws), `${share}`);
  assert.equal(drawErasing(0, SIZE, rng(3, 'erasing', 0, 0)), undefined);
});

test('a picture too small for any rectangle stays whole', () => {
  assert.equal(drawErasing(1, 1, rng(3, 'erasing', 0, 0)), undefined);
});
