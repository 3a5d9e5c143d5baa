import assert from 'node:assert/strict';
import { test } from 'node:test';
import { colorOf, type Figure, type Mark } from '../../src/figures/figure.ts';
import { panelsFigure } from '../../src/figures/panels.ts';
import { painted, pngOf } from '../../src/figures/png.ts';
import { svgOf } from '../../src/figures/svg.ts';
import { rings } from './made-panels.ts';

const figureOf = (...marks: Mark[]): Figure => ({ width: 40, height: 30, title: 't', description: 'd', marks });

/** How much ink is on the picture, in pixels of full black. */
function inkOf(mark: Mark, scale: number): { area: number; x: number; y: number } {
  const { data, width } = painted(figureOf(mark), scale);
  let [area, x, y] = [0, 0, 0];
  for (let i = 0; i < data.length; i += 3) {
    const ink = 1 - (data[i] as number) / 255;
    area += ink;
    x += ink * (((i / 3) % width) + 0.5);
    y += ink * (Math.floor(i / 3 / width) + 0.5);
  }
  return { area, x: x / area, y: y / area };
}

const BLACK = [0, 0, 0] as const;

test('a dot covers its area around its centre, at every place within a pixel', () => {
  for (const [x, y, radius, scale] of [
    [10, 12, 3, 4],
    [10.3, 12.6, 3, 1],
    [20.55, 7.15, 0.5, 3],
    [5, 5, 1.25, 1],
  ] as const) {
    const ink = inkOf({ kind: 'dots', at: [x, y], radius, paint: BLACK }, scale);
    const area = Math.PI * (radius * scale) ** 2;
    assert.ok(Math.abs(ink.area - area) < 0.01 * area + 0.1, `${ink.area} for ${area}`);
    // To an eighth of a pixel: the places are a quarter apart.
    assert.ok(Math.abs(ink.x - x * scale) < 0.14 && Math.abs(ink.y - y * scale) < 0.14, `${ink.x}, ${ink.y}`);
  }
});

test('opacity, a ring and the order of dots', () => {
  const half = inkOf({ kind: 'dots', at: [10, 10], radius: 4, paint: BLACK, opacity: 0.5 }, 2);
  assert.ok(Math.abs(half.area - (Math.PI * 64) / 2) < 1.5, String(half.area));
  const over: Mark[] = [
    { kind: 'dots', at: [10, 10], radius: 6, paint: BLACK },
    { kind: 'dots', at: [10, 10], radius: 2, ring: 1.5, paint: [255, 0, 0] },
  ];
  const { data, width } = painted(figureOf(...over), 2);
  const at = (x: number, y: number): number[] => [...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
  assert.deepEqual(at(20, 20), [255, 0, 0]);
  assert.deepEqual(at(25, 20), [255, 255, 255]);
  assert.deepEqual(at(29, 20), [0, 0, 0]);
});

test('lines, boxes and what hangs over the edge', () => {
  const line = inkOf({ kind: 'line', through: [5, 10, 25, 10], width: 2, paint: BLACK }, 2);
  assert.ok(Math.abs(line.area - (80 * 2 + Math.PI * 4)) < 1.5, String(line.area));
  const slanted = inkOf({ kind: 'line', through: [5, 5, 20, 12, 30, 25], width: 0.5, paint: BLACK }, 4);
  const length = Math.hypot(15, 7) + Math.hypot(10, 13);
  assert.ok(Math.abs(slanted.area - (length * 4 * 2 + Math.PI)) < 3, String(slanted.area));
  const box = inkOf({ kind: 'box', x: 2, y: 3, width: 10, height: 5, edge: { width: 1, paint: BLACK } }, 2);
  assert.equal(box.area, 4 * (10 * 5 - 8 * 3));
  const cut = inkOf({ kind: 'dots', at: [0, 15, 40, 15], radius: 4, paint: BLACK }, 1);
  assert.ok(Math.abs(cut.area - Math.PI * 16) < 1, String(cut.area));
  const { data } = painted(figureOf(), 1);
  assert.deepEqual([...data.subarray(0, 3)], [...colorOf('ground')]);
});

test('25,000 videos in four panels are drawn in seconds', async () => {
  const options = { panels: rings(25_000, 174, 4), classes: Array.from({ length: 174 }, (_, i) => `class ${i}`) };
  const start = performance.now();
  const figure = panelsFigure({ ...options, colorAll: true });
  const svg = svgOf(figure);
  const png = await pngOf(figure);
  const seconds = (performance.now() - start) / 1000;
  assert.ok(seconds < 20, `${seconds} s`);
  assert.ok(svg.length < 5e6 && png.length < 6e6, `${svg.length} and ${png.length} bytes`);
  assert.equal(svg.match(/h0/g)?.length, 100_000);
});
