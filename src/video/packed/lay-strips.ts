/** A frame as ffmpeg delivers it in yuv420p, laid out in strips (layout.ts). */
import { STRIP_COLUMNS } from '../pixels/plane-resizer.ts';
import type { Size } from '../window.ts';
import type { PackedLayout } from './layout.ts';

/** Bytes of a frame in yuv420p: luma, then U and V with half the width and height, rounded up. */
export function planesBytes({ width, height }: Size): number {
  return width * height + 2 * Math.ceil(width / 2) * Math.ceil(height / 2);
}

/** Fills `into`, `strips` x 32 rows of `stride` bytes; what is behind an edge repeats what is at it. */
export function layStrips(planes: Uint8Array, { width, height }: Size, layout: PackedLayout, into: Uint8Array): void {
  const { strips, stride, chromaAt } = layout;
  const half = STRIP_COLUMNS / 2;
  const [chromaWidth, chromaHeight] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const u = width * height;
  const v = u + chromaWidth * chromaHeight;
  for (let column = 0; column < strips * STRIP_COLUMNS; column++) {
    const x = Math.min(column, width - 1);
    turnColumn(planes, x, width, height, into, column * stride, chromaAt);
  }
  for (let column = 0; column < strips * half; column++) {
    const x = Math.min(column, chromaWidth - 1);
    const row = Math.floor(column / half) * STRIP_COLUMNS + (column % half);
    const rest = stride - chromaAt;
    turnColumn(planes, u + x, chromaWidth, chromaHeight, into, row * stride + chromaAt, rest);
    turnColumn(planes, v + x, chromaWidth, chromaHeight, into, (row + half) * stride + chromaAt, rest);
  }
}

function turnColumn(
  from: Uint8Array,
  start: number,
  step: number,
  count: number,
  into: Uint8Array,
  at: number,
  length: number,
): void {
  for (let y = 0; y < count; y++) into[at + y] = from[start + y * step] as number;
  into.fill(into[at + count - 1] as number, at + count, at + length);
}
