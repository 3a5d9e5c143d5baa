/**
 * Rotation, shearing and translation with bicubic interpolation (Keys' cubic, a = −1), grey 128 where the source has
 * nothing. The arithmetic is Pillow's, float64 and in its order, so that the bytes are Pillow's; what it cuts off instead of
 * rounding would otherwise show.
 *
 * A shear or translation moves along one axis: 4 neighbours make a pixel there, where a rotation takes 16.
 */
import type { Frames } from '../window.ts';

export type Geometry =
  /** Counter-clockwise about the centre. */
  | { readonly name: 'rotate'; readonly degrees: number }
  /** The source's x (y) grows by so much for each pixel of y (x). */
  | { readonly name: 'shearX' | 'shearY'; readonly factor: number }
  /** The source lies that share of the width (height) further on. */
  | { readonly name: 'translateX' | 'translateY'; readonly share: number };

/** From pixel centres of the result to those of the source: x' = a·x + b·y + c, y' = d·x + e·y + f. */
type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

const FILL = 128;

/** In place, all frames alike. */
export function transform(clip: Frames, geometry: Geometry): void {
  const { width, height } = clip;
  switch (geometry.name) {
    case 'shearX':
      warp(clip, [1, geometry.factor, 0, 0, 1, 0], alongRow);
      break;
    case 'translateX':
      warp(clip, [1, 0, geometry.share * width, 0, 1, 0], alongRow);
      break;
    case 'shearY':
      warp(clip, [1, 0, 0, geometry.factor, 1, 0], alongColumn);
      break;
    case 'translateY':
      warp(clip, [1, 0, 0, 0, 1, geometry.share * height], alongColumn);
      break;
    case 'rotate':
      if (geometry.degrees % 360 !== 0) warp(clip, rotation(geometry.degrees, width, height), acrossBoth);
  }
}

function rotation(degrees: number, width: number, height: number): Matrix {
  const angle = -(((degrees % 360) + 360) % 360) * (Math.PI / 180);
  const cos = rounded(Math.cos(angle));
  const sin = rounded(Math.sin(angle));
  const [x, y] = [width / 2, height / 2];
  return [cos, sin, cos * -x + sin * -y + x, -sin, cos, -sin * -x + cos * -y + y];
}

/** To 15 decimals. */
const rounded = (value: number): number => Number(value.toFixed(15));

/** What the pixels of one row of the result are made of; the same for all frames. */
interface Row {
  /** The pixels [first, end) have a source. */
  first: number;
  end: number;
  /** Of each pixel: the column and row of the neighbour before it, plus 2, and its distance from it. */
  readonly x: Int32Array;
  readonly y: Int32Array;
  readonly dx: Float64Array;
  readonly dy: Float64Array;
}

/** Where neighbours lie; one outside is the nearest at the edge. By coordinate plus 2, for -2 and -1 are asked for too. */
interface Grid {
  readonly columns: Int32Array;
  readonly rows: Int32Array;
}

type Interpolate = (out: Uint8Array, outAt: number, source: Uint8Array, row: Row, grid: Grid) => void;

function warp({ data, frames, width, height }: Frames, matrix: Matrix, interpolate: Interpolate): void {
  const bytes = width * height * 3;
  const source = data.slice(0, frames * bytes);
  const clamped = (extent: number, stride: number): Int32Array =>
    Int32Array.from({ length: extent + 5 }, (_, i) => stride * Math.min(Math.max(i - 2, 0), extent - 1));
  const grid = { columns: clamped(width, 3), rows: clamped(height, width * 3) };
  const row: Row = {
    first: 0,
    end: 0,
    x: new Int32Array(width),
    y: new Int32Array(width),
    dx: new Float64Array(width),
    dy: new Float64Array(width),
  };
  for (let y = 0; y < height; y++) {
    locate(row, y, matrix, width, height);
    for (let t = 0; t < frames; t++) {
      const at = t * bytes + y * width * 3;
      data.fill(FILL, at, at + row.first * 3);
      data.fill(FILL, at + row.end * 3, at + width * 3);
      interpolate(data, at, source.subarray(t * bytes, (t + 1) * bytes), row, grid);
    }
  }
}

/** The pixels whose centre comes from inside the picture are in one piece, for it is convex. */
function locate(row: Row, y: number, [a, b, c, d, e, f]: Matrix, width: number, height: number): void {
  row.first = width;
  row.end = width;
  let inside = false;
  for (let x = 0; x < width; x++) {
    const fromX = a * (x + 0.5) + b * (y + 0.5) + c;
    const fromY = d * (x + 0.5) + e * (y + 0.5) + f;
    if (fromX < 0 || fromX >= width || fromY < 0 || fromY >= height) {
      if (!inside) continue;
      row.end = x;
      return;
    }
    if (!inside) row.first = x;
    inside = true;
    const left = Math.floor(fromX - 0.5);
    const top = Math.floor(fromY - 0.5);
    row.x[x] = left + 1;
    row.y[x] = top + 1;
    row.dx[x] = fromX - 0.5 - left;
    row.dy[x] = fromY - 0.5 - top;
  }
}

/** Between v1 and v2, at a distance d from v1. */
function cubic(v0: number, v1: number, v2: number, v3: number, d: number): number {
  return v1 + d * (-v0 + v2 + d * (2 * (v0 - v1) + v2 - v3 + d * (-v0 + v1 - v2 + v3)));
}

function clipped(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : value | 0;
}

const alongRow: Interpolate = (out, outAt, source, { first, end, x, y, dx }, { columns, rows }) => {
  for (let i = first; i < end; i++) {
    const column = x[i] as number;
    const line = rows[(y[i] as number) + 1] as number;
    const d = dx[i] as number;
    const p0 = line + (columns[column] as number);
    const p1 = line + (columns[column + 1] as number);
    const p2 = line + (columns[column + 2] as number);
    const p3 = line + (columns[column + 3] as number);
    const to = outAt + 3 * i;
    for (let k = 0; k < 3; k++) {
      out[to + k] = clipped(
        cubic(
          source[p0 + k] as number,
          source[p1 + k] as number,
          source[p2 + k] as number,
          source[p3 + k] as number,
          d,
        ),
      );
    }
  }
};

const alongColumn: Interpolate = (out, outAt, source, { first, end, x, y, dy }, { columns, rows }) => {
  for (let i = first; i < end; i++) {
    const column = columns[(x[i] as number) + 1] as number;
    const line = y[i] as number;
    const d = dy[i] as number;
    const p0 = column + (rows[line] as number);
    const p1 = column + (rows[line + 1] as number);
    const p2 = column + (rows[line + 2] as number);
    const p3 = column + (rows[line + 3] as number);
    const to = outAt + 3 * i;
    for (let k = 0; k < 3; k++) {
      out[to + k] = clipped(
        cubic(
          source[p0 + k] as number,
          source[p1 + k] as number,
          source[p2 + k] as number,
          source[p3 + k] as number,
          d,
        ),
      );
    }
  }
};

const acrossBoth: Interpolate = (out, outAt, source, { first, end, x, y, dx, dy }, { columns, rows }) => {
  for (let i = first; i < end; i++) {
    const column = x[i] as number;
    const line = y[i] as number;
    const across = dx[i] as number;
    const down = dy[i] as number;
    const c0 = columns[column] as number;
    const c1 = columns[column + 1] as number;
    const c2 = columns[column + 2] as number;
    const c3 = columns[column + 3] as number;
    const r0 = rows[line] as number;
    const r1 = rows[line + 1] as number;
    const r2 = rows[line + 2] as number;
    const r3 = rows[line + 3] as number;
    const to = outAt + 3 * i;
    for (let k = 0; k < 3; k++) {
      const v0 = lineAt(source, r0 + k, c0, c1, c2, c3, across);
      const v1 = lineAt(source, r1 + k, c0, c1, c2, c3, across);
      const v2 = lineAt(source, r2 + k, c0, c1, c2, c3, across);
      const v3 = lineAt(source, r3 + k, c0, c1, c2, c3, across);
      out[to + k] = clipped(cubic(v0, v1, v2, v3, down));
    }
  }
};

function lineAt(
  source: Uint8Array,
  at: number,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  across: number,
): number {
  return cubic(
    source[at + c0] as number,
    source[at + c1] as number,
    source[at + c2] as number,
    source[at + c3] as number,
    across,
  );
}
