import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cropClip, shortSideSize } from '../../src/video/window.ts';

test('the long side is truncated', () => {
  assert.deepEqual(shortSideSize({ width: 340, height: 256 }, 224), { width: 297, height: 224 });
  assert.deepEqual(shortSideSize({ width: 256, height: 340 }, 224), { width: 224, height: 297 });
  assert.deepEqual(shortSideSize({ width: 427, height: 240 }, 224), { width: 398, height: 224 });
  assert.deepEqual(shortSideSize({ width: 32, height: 32 }, 224), { width: 224, height: 224 });
});

/** Pixel (t, y, x, c) of a 3-frame clip 5 wide and 4 high holds 100 t + 20 y + 4 x + c, mod 256. */
const clip = {
  data: Uint8Array.from({ length: 3 * 4 * 5 * 3 }, (_, i) => {
    const [c, x, y, t] = [i % 3, Math.floor(i / 3) % 5, Math.floor(i / 15) % 4, Math.floor(i / 60)];
    return (100 * t + 20 * y + 4 * x + c) % 256;
  }),
  ...{ frames: 3, width: 5, height: 4 },
};

test('a window of chosen frames is cut out, repeats and order kept', () => {
  const cut = cropClip(clip, { x: 1, y: 2, width: 2, height: 2 }, [2, 0, 2]);
  const frame = (t: number): number[] =>
    [2, 3].flatMap((y) => [1, 2].flatMap((x) => [0, 1, 2].map((c) => (100 * t + 20 * y + 4 * x + c) % 256)));
  assert.deepEqual([...cut], [...frame(2), ...frame(0), ...frame(2)]);
  assert.deepEqual(cropClip(clip, { x: 0, y: 0, width: 5, height: 4 }), clip.data);
});

test('a window or frame outside the clip is refused', () => {
  assert.throws(() => cropClip(clip, { x: 4, y: 0, width: 2, height: 2 }), RangeError);
  assert.throws(() => cropClip(clip, { x: 0, y: -1, width: 2, height: 2 }), RangeError);
  assert.throws(() => cropClip(clip, { x: 0, y: 0, width: 2, height: 2 }, [3]), RangeError);
});
