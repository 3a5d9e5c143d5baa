/**
 * Blends of a frame with a poorer copy of itself: degenerate + factor · (value − degenerate), in float32, clipped and
 * truncated, as Pillow computes it.
 */
import type { Frames } from '../window.ts';
import { framesOf } from './lookup.ts';

const { fround } = Math;

/** Grey of a pixel (ITU-R 601-2, 16 bits of fraction). */
export function luma(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >>> 16;
}

function clipped(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : value | 0;
}

/** One value. */
export function blended(degenerate: number, value: number, factor: number): number {
  return clipped(fround(degenerate + fround(fround(factor) * (value - degenerate))));
}

/** factor · difference for all differences of two bytes, −255 to 255, at 255 + difference. */
function differences(factor: number): Float32Array {
  return Float32Array.from({ length: 511 }, (_, i) => fround(factor) * (i - 255));
}

/** Colour: towards the grey picture, or away from it. */
export function blendWithGrey({ data, frames, width, height }: Frames, factor: number): void {
  const scaled = differences(factor);
  const end = frames * width * height * 3;
  for (let i = 0; i < end; i += 3) {
    const red = data[i] as number;
    const green = data[i + 1] as number;
    const blue = data[i + 2] as number;
    const grey = luma(red, green, blue);
    data[i] = clipped(fround(grey + (scaled[255 + red - grey] as number)));
    data[i + 1] = clipped(fround(grey + (scaled[255 + green - grey] as number)));
    data[i + 2] = clipped(fround(grey + (scaled[255 + blue - grey] as number)));
  }
}

/** (sum of the 3 × 3 neighbours + 4 · centre) / 13, rounded, by that sum. */
const SMOOTH = Uint8Array.from({ length: 13 * 255 + 1 }, (_, sum) => Math.floor((2 * sum + 13) / 26));

/** Sharpness: towards the smoothed picture, or away from it. The pixels of the edge have no smoothed value and stay. */
export function sharpen(clip: Frames, factor: number): void {
  const { width, height } = clip;
  if (width < 3 || height < 3) return;
  const scaled = differences(factor);
  const row = width * 3;
  const source = new Uint8Array(row * height);
  const columns = new Uint16Array(row);
  for (const frame of framesOf(clip)) {
    source.set(frame);
    for (let y = 1; y < height - 1; y++) {
      const start = y * row;
      for (let x = 0; x < row; x++) {
        const i = start + x;
        columns[x] = (source[i - row] as number) + (source[i] as number) + (source[i + row] as number);
      }
      for (let x = 3; x < row - 3; x++) {
        const value = source[start + x] as number;
        const sum = (columns[x - 3] as number) + (columns[x] as number) + (columns[x + 3] as number) + 4 * value;
        const smooth = SMOOTH[sum] as number;
        frame[start + x] = clipped(fround(smooth + (scaled[255 + value - smooth] as number)));
      }
    }
  }
}
