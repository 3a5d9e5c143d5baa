import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coverageOf, type OutlineCommand } from '../../src/drawing/coverage.ts';

const polygon = (...points: readonly (readonly [number, number])[]): OutlineCommand[] => [
  ...points.map(([x, y], i): OutlineCommand => ({ type: i === 0 ? 'M' : 'L', x, y })),
  { type: 'Z' },
];

/** Shares of pixels, row by row, to the nearest 255th. */
const shares = (...values: readonly number[]): number[] => values.map((value) => Math.round(255 * value));

test('a rectangle between pixels covers what it covers, in both directions of its outline', () => {
  const corners = [
    [0.25, 0.5],
    [2.5, 0.5],
    [2.5, 2.75],
    [0.25, 2.75],
  ] as const;
  const [top, middle, bottom] = [0.5, 1, 0.75];
  const expected = [top, middle, bottom, 0].flatMap((down) => shares(0.75 * down, down, 0.5 * down, 0));
  assert.deepEqual([...coverageOf(polygon(...corners), 4, 4).coverage], expected);
  assert.deepEqual([...coverageOf(polygon(...corners.toReversed()), 4, 4).coverage], expected);
});

test('slanted edges cover triangles and trapezoids of pixels', () => {
  assert.deepEqual([...coverageOf(polygon([0, 0], [2, 2], [0, 2]), 3, 2).coverage], shares(0.5, 0, 0, 1, 0.5, 0));
  // y = x / 4: 1/8, 3/8, 5/8 and 7/8 of the pixels lie above the edge.
  const wedge = polygon([0, 0], [4, 0], [4, 1]);
  assert.deepEqual([...coverageOf(wedge, 4, 1).coverage], shares(1 / 8, 3 / 8, 5 / 8, 7 / 8));
});

test('a hole is a contour the other way round', () => {
  const ring = [...polygon([0, 0], [3, 0], [3, 3], [0, 3]), ...polygon([1, 1], [1, 2], [2, 2], [2, 1])];
  assert.deepEqual([...coverageOf(ring, 3, 3).coverage], shares(1, 1, 1, 1, 0, 1, 1, 1, 1));
});

test('curves have the area that they enclose', () => {
  const area = (outline: readonly OutlineCommand[]): number =>
    coverageOf(outline, 24, 24).coverage.reduce((sum, share) => sum + share / 255, 0);
  // A parabola through (2, 20) and (22, 20) with its control point at (12, 0): two thirds of 20 × 10, less the 64th part
  // that lies between it and its 8 chords.
  const parabola: OutlineCommand[] = [
    { type: 'M', x: 2, y: 20 },
    { type: 'Q', x1: 12, y1: 0, x: 22, y: 20 },
    { type: 'Z' },
  ];
  assert.ok(Math.abs(area(parabola) - (2 / 3) * 20 * 10 * (63 / 64)) < 0.1, `${area(parabola)}`);
  // A circle of radius 10 in four cubic pieces.
  const k = 10 * 0.5523;
  const circle: OutlineCommand[] = [
    { type: 'M', x: 12, y: 2 },
    { type: 'C', x1: 12 + k, y1: 2, x2: 22, y2: 12 - k, x: 22, y: 12 },
    { type: 'C', x1: 22, y1: 12 + k, x2: 12 + k, y2: 22, x: 12, y: 22 },
    { type: 'C', x1: 12 - k, y1: 22, x2: 2, y2: 12 + k, x: 2, y: 12 },
    { type: 'C', x1: 2, y1: 12 - k, x2: 12 - k, y2: 2, x: 12, y: 2 },
  ];
  assert.ok(Math.abs(area(circle) - Math.PI * 100) < 3, `${area(circle)}`);
});
