import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fittedSize, frameOf, resized } from '../../src/drawing/thumbnails.ts';

/** Gray values as RGB. */
const gray = (...values: readonly number[]): Uint8Array =>
  Uint8Array.from(values.flatMap((value) => [value, value, value]));

test('a smaller picture is the mean over the area of its pixels', () => {
  const picture = { data: gray(0, 30, 60, 90, 120, 150), width: 3, height: 2 };
  assert.deepEqual([...resized(picture, { width: 1, height: 1 }).data], [75, 75, 75]);
  // Each of two columns takes one and a half of three: (0 + 30 / 2) / 1.5 and (30 / 2 + 60) / 1.5.
  assert.deepEqual(resized(picture, { width: 2, height: 2 }).data, gray(10, 50, 100, 140));
  assert.deepEqual(resized(picture, { width: 3, height: 1 }).data, gray(45, 75, 105));
});

test('channels stay apart, and a flat picture stays flat at any size', () => {
  const data = Uint8Array.from({ length: 50 * 41 * 3 }, (_, i) => [10, 200, 255][i % 3] as number);
  for (const size of [
    { width: 7, height: 13 },
    { width: 49, height: 40 },
    { width: 100, height: 41 },
  ]) {
    const small = resized({ data, width: 50, height: 41 }, size);
    assert.ok(
      small.data.every((value, i) => value === [10, 200, 255][i % 3]),
      `${size.width}x${size.height}`,
    );
  }
});

test('a larger picture repeats its pixels', () => {
  const picture = { data: gray(1, 2, 3, 4), width: 2, height: 2 };
  assert.deepEqual(
    resized(picture, { width: 4, height: 4 }).data,
    gray(1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4),
  );
});

test('a picture fills its cell in proportion, and grows by whole factors alone', () => {
  const cell = { width: 144, height: 144 };
  assert.deepEqual(fittedSize({ width: 224, height: 224 }, cell), cell);
  assert.deepEqual(fittedSize({ width: 320, height: 240 }, cell), { width: 144, height: 108 });
  assert.deepEqual(fittedSize({ width: 240, height: 320 }, cell), { width: 108, height: 144 });
  assert.deepEqual(fittedSize({ width: 112, height: 112 }, cell), { width: 112, height: 112 });
  assert.deepEqual(fittedSize({ width: 32, height: 32 }, cell), { width: 128, height: 128 });
  assert.deepEqual(fittedSize({ width: 4000, height: 2 }, cell), { width: 144, height: 1 });
});

test('a frame of a clip is its part of the bytes', () => {
  const clip = { data: Uint8Array.from({ length: 24 }, (_, i) => i), frames: 2, width: 2, height: 2 };
  assert.deepEqual(
    [...frameOf(clip, 1).data],
    Array.from({ length: 12 }, (_, i) => 12 + i),
  );
});
