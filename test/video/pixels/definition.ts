/** Cutting, resizing and mirroring as `src/video/pixels/taps.ts` defines them, in doubles and without any of its code. */
import type { Size, Window } from '../../../src/video/window.ts';

type Share = readonly [position: number, weight: number];

function shares(inputs: number, outputs: number): Share[][] {
  const scale = inputs / outputs;
  const reach = Math.max(1, scale);
  return Array.from({ length: outputs }, (_, i) => {
    const center = (i + 0.5) * scale - 0.5;
    const found: Share[] = [];
    for (let j = Math.ceil(center - reach); j <= center + reach; j++) {
      found.push([Math.min(Math.max(j, 0), inputs - 1), 1 - Math.abs(j - center) / reach]);
    }
    const sum = found.reduce((total, [, weight]) => total + weight, 0);
    return found.map(([j, weight]) => [j, weight / sum] as const);
  });
}

/** [H, W, 3], not rounded. */
export function resizeExactly(
  rgb: Uint8Array,
  source: Size,
  { x: left, y: top, width, height }: Window,
  size: Size,
  flip = false,
): Float64Array {
  const columns = shares(width, size.width);
  const rows = shares(height, size.height);
  const out = new Float64Array(size.width * size.height * 3);
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      for (const [row, down] of rows[y] as Share[]) {
        for (const [column, across] of columns[flip ? size.width - 1 - x : x] as Share[]) {
          const at = ((row + top) * source.width + column + left) * 3;
          for (let c = 0; c < 3; c++) {
            const to = (y * size.width + x) * 3 + c;
            out[to] = (out[to] as number) + down * across * (rgb[at + c] as number);
          }
        }
      }
    }
  }
  return out;
}

/** Both far from smooth and with whole areas of black and white, where rounding errors show. */
export function roughPicture({ width, height }: Size): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length: width * height * 3 }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    const value = state >>> 16;
    return value % 3 === 0 ? (value >>> 4) & 255 : value % 3 === 1 ? 255 : 0;
  });
}
