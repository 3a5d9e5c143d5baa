import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawCrop, type WindowName } from '../../src/data/crop.ts';
import { rng } from '../../src/tensor/random.ts';
import type { Size, Window } from '../../src/video/window.ts';

const draws = (name: WindowName, source: Size, size: number, count: number, scale?: [number, number]): Window[] =>
  Array.from({ length: count }, (_, i) => drawCrop(name, source, size, rng(7, 'crop', i), scale));

test('every crop lies inside the picture with integer sides, for odd, tiny and long pictures', () => {
  const sources = [
    [340, 256],
    [256, 340],
    [427, 240],
    [1, 1],
    [3, 500],
    [500, 3],
    [222, 222],
    [225, 223],
    [32, 32],
  ];
  for (const name of ['multi-scale', 'random-resized', 'random-resized-once', 'center'] as const) {
    for (const [width = 0, height = 0] of sources) {
      for (const { x, y, width: w, height: h } of draws(name, { width, height }, 224, 60)) {
        assert.ok([x, y, w, h].every(Number.isInteger), `${name} ${x},${y} ${w}x${h}`);
        assert.ok(
          x >= 0 && y >= 0 && w > 0 && h > 0 && x + w <= width && y + h <= height,
          `${name} in ${width}x${height}`,
        );
      }
    }
  }
});

test('the same draw gives the same window', () => {
  const [source, random] = [{ width: 340, height: 256 }, () => rng(1, 'crop', 2, 3)];
  assert.deepEqual(
    drawCrop('random-resized', source, 224, random()),
    drawCrop('random-resized', source, 224, random()),
  );
});

test('multi-scale: 10 pairs of neighbouring scales, the side nearest 224 made 224, 13 places', () => {
  const windows = draws('multi-scale', { width: 340, height: 256 }, 224, 4000);
  // 256 · 1, .875 (224 by itself), .75, .66
  const sides = [256, 224, 192, 168];
  const pairs = new Set(windows.map(({ width, height }) => `${sides.indexOf(width)},${sides.indexOf(height)}`));
  assert.deepEqual([...pairs].sort(), ['0,0', '0,1', '1,0', '1,1', '1,2', '2,1', '2,2', '2,3', '3,2', '3,3']);
  const places = new Set(windows.filter((w) => w.width === 168 && w.height === 168).map((w) => `${w.x},${w.y}`));
  // Steps (340-168)//4 = 43 and (256-168)//4 = 22.
  const expected = ['0,0', '172,0', '0,88', '172,88', '86,44', '0,44', '172,44', '86,88', '86,0'];
  assert.deepEqual([...places].sort(), [...expected, '43,22', '129,22', '43,66', '129,66'].sort());
  const frequent = windows.filter(({ width, height }) => width === 192 && height === 192).length;
  assert.ok(Math.abs(frequent / windows.length - 0.1) < 0.02, `one pair in ten, not ${frequent} of ${windows.length}`);
});

test('multi-scale: a side within 2 pixels of the target becomes the target', () => {
  // 258 · .875 = 225.75 → 225 → 224; 298 · .75 = 223.5 → 223 → 224; 294 · .75 = 220.5 → 220 stays.
  const sidesOf = (short: number): number[] => {
    const windows = draws('multi-scale', { width: 500, height: short }, 224, 300);
    return [...new Set(windows.map(({ width }) => width))].sort((a, b) => b - a);
  };
  assert.deepEqual(sidesOf(258), [258, 224, 193, 170]);
  assert.deepEqual(sidesOf(298), [298, 260, 224, 196]);
  assert.deepEqual(sidesOf(294), [294, 257, 220, 194]);
});

test('random-resized: area and shape in their ranges, area uniform, ratio log-uniform', () => {
  const source = { width: 400, height: 400 };
  const windows = draws('random-resized', source, 224, 4000, [0.2, 0.5]);
  const shares = windows.map(({ width, height }) => (width * height) / 160_000);
  const ratios = windows.map(({ width, height }) => Math.log(width / height));
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  assert.ok(shares.every((share) => share > 0.195 && share < 0.505));
  assert.ok(ratios.every((ratio) => Math.abs(ratio) < Math.log(4 / 3) + 0.01));
  assert.ok(Math.abs(mean(shares) - 0.35) < 0.005, `mean share ${mean(shares)}`);
  assert.ok(Math.abs(mean(ratios)) < 0.01, `mean log ratio ${mean(ratios)}`);
  const places = windows.map(({ x, width }) => x / (400 - width));
  assert.ok(Math.abs(mean(places) - 0.5) < 0.02);
});

test('random-resized: a picture too long for any try gives the largest allowed shape in its middle', () => {
  const scale: [number, number] = [1, 1];
  assert.deepEqual(drawCrop('random-resized', { width: 1000, height: 90 }, 224, rng(1, 'crop'), scale), {
    ...{ width: 120, height: 90 },
    ...{ x: 440, y: 0 },
  });
  assert.deepEqual(drawCrop('random-resized', { width: 90, height: 1000 }, 224, rng(1, 'crop'), scale), {
    ...{ width: 90, height: 120 },
    ...{ x: 0, y: 440 },
  });
});

test('random-resized-once: one draw, cut to the picture where it does not fit', () => {
  const windows = draws('random-resized-once', { width: 32, height: 32 }, 224, 500, [1, 1]);
  for (const { width, height } of windows) assert.ok(Math.max(width, height) === 32 && Math.min(width, height) >= 27);
  assert.ok(windows.some(({ width }) => width < 32) && windows.some(({ height }) => height < 32));
});

test('center: the largest square in the middle', () => {
  const random = rng(1, 'crop');
  assert.deepEqual(drawCrop('center', { width: 427, height: 240 }, 224, random), {
    width: 240,
    height: 240,
    x: 93,
    y: 0,
  });
  assert.deepEqual(drawCrop('center', { width: 240, height: 320 }, 224, random), {
    width: 240,
    height: 240,
    x: 0,
    y: 40,
  });
});
