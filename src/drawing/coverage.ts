/**
 * Outlines to coverage: how much of each pixel a closed shape covers, exactly, by summing the signed areas between its edges
 * and the right border (as font-rs and FreeType's smooth rasterizer do).
 */
import type { Mask } from './canvas.ts';

/** What an outline is made of; coordinates in pixels, y down. */
export type OutlineCommand =
  | { readonly type: 'M' | 'L'; readonly x: number; readonly y: number }
  | { readonly type: 'Q'; readonly x1: number; readonly y1: number; readonly x: number; readonly y: number }
  | {
      readonly type: 'C';
      readonly x1: number;
      readonly y1: number;
      readonly x2: number;
      readonly y2: number;
      readonly x: number;
      readonly y: number;
    }
  | { readonly type: 'Z' };

type Point = readonly [x: number, y: number];

/** Straight pieces that a curve is cut into: at text sizes a piece is shorter than a pixel. */
const PIECES = 8;

/** The shape must lie inside `width` × `height`. */
export function coverageOf(outline: readonly OutlineCommand[], width: number, height: number): Mask {
  // Two more, for edges at the right border add to the pixel behind it.
  const stride = width + 2;
  const areas = new Float64Array(stride * height);
  let start: Point = [0, 0];
  let at: Point = start;
  const lineTo = (next: Point): void => {
    addEdge(areas, stride, height, at, next);
    at = next;
  };
  for (const command of outline) {
    switch (command.type) {
      case 'M':
        lineTo(start);
        at = start = [command.x, command.y];
        break;
      case 'L':
        lineTo([command.x, command.y]);
        break;
      case 'Q': {
        const { x1, y1, x, y } = command;
        for (const point of curve([at, [x1, y1], [x, y]])) lineTo(point);
        break;
      }
      case 'C': {
        const { x1, y1, x2, y2, x, y } = command;
        for (const point of curve([at, [x1, y1], [x2, y2], [x, y]])) lineTo(point);
        break;
      }
      case 'Z':
        lineTo(start);
    }
  }
  lineTo(start);
  const coverage = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    let sum = 0;
    for (let column = 0; column < width; column++) {
      sum += areas[row * stride + column] as number;
      coverage[row * width + column] = Math.round(255 * Math.min(1, Math.abs(sum)));
    }
  }
  return { coverage, width, height };
}

/** Points of a Bézier curve behind its first one (de Casteljau). */
function curve(control: readonly Point[]): Point[] {
  return Array.from({ length: PIECES }, (_, i) => {
    const t = (i + 1) / PIECES;
    let points = control;
    while (points.length > 1) {
      points = points.slice(1).map(([x, y], j) => {
        const [px, py] = points[j] as Point;
        return [px + t * (x - px), py + t * (y - py)];
      });
    }
    return points[0] as Point;
  });
}

function addEdge(areas: Float64Array, stride: number, height: number, from: Point, to: Point): void {
  if (from[1] === to[1]) return;
  const down = from[1] < to[1];
  const [[topX, topY], [bottomX, bottomY]] = down ? [from, to] : [to, from];
  const slope = (bottomX - topX) / (bottomY - topY);
  for (let row = Math.max(0, Math.floor(topY)); row < Math.min(height, Math.ceil(bottomY)); row++) {
    const [y0, y1] = [Math.max(row, topY), Math.min(row + 1, bottomY)];
    const signed = down ? y1 - y0 : y0 - y1;
    const [xa, xb] = [topX + slope * (y0 - topY), topX + slope * (y1 - topY)];
    addPiece(areas, row * stride, signed, Math.min(xa, xb), Math.max(xa, xb));
  }
}

/** An edge that crosses one row, from `left` to `right`: what it covers of each pixel, as the change from the one before. */
function addPiece(areas: Float64Array, rowStart: number, signed: number, left: number, right: number): void {
  const first = Math.floor(left);
  let covered = 0;
  for (let column = first; ; column++) {
    const until = coveredBefore(column + 1, left, right);
    const at = rowStart + column;
    areas[at] = (areas[at] as number) + signed * (until - covered);
    covered = until;
    if (column + 1 > right) {
      areas[at + 1] = (areas[at + 1] as number) + signed * (1 - covered);
      return;
    }
  }
}

/**
 * Of the pixel that ends at `end`, the share to the right of an edge that runs evenly from `left` to `right` through the row.
 */
function coveredBefore(end: number, left: number, right: number): number {
  const start = end - 1;
  if (right - left < 1e-9) return Math.min(1, Math.max(0, end - left));
  // The mean over the edge's height of the part of the pixel to the right of it: an integral of clamp(end - x, 0, 1).
  const ramp = (x: number): number => {
    if (x <= start) return x - start - 0.5;
    if (x >= end) return 0;
    return -((end - x) ** 2) / 2;
  };
  return (ramp(right) - ramp(left)) / (right - left);
}
