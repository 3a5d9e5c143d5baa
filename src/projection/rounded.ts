/**
 * Points made ready for fast products, and how far a product may be off. Rounded squared distances |a|² + |b|² − 2 a·b suffer
 * where points lie far from the origin, so the mean is taken away; and where numbers are huge or tiny, so they are scaled
 * by a power of two, which rounds nothing.
 */
import type { Points } from './points.ts';

/** Rows are dealt with in blocks of so many; the same as in `assembly/neighbours.ts`. */
export const BLOCK = 48;

export interface Extent {
  readonly count: number;
  /** Numbers in a row, filled up with zeros to a multiple of 8. */
  readonly padded: number;
  /** Rows, filled up to whole blocks. */
  readonly rows: number;
  readonly blocks: number;
}

export function extentOf({ count, width }: Points): Extent {
  const blocks = Math.ceil(count / BLOCK);
  return { count, padded: 8 * Math.ceil(width / 8), rows: blocks * BLOCK, blocks };
}

/**
 * Writes the points as they are, the points centred and scaled, and the latter's squared lengths (Infinity for rows that
 * only fill up).
 *
 * @param exact float32 [count, padded] @param rounded float32 [rows, padded] @param norms float32 [rows]
 * @returns the scale: rounded squared distances are scale² times the exact ones
 */
export function writeRounded(
  { data, count, width }: Points,
  { padded }: Extent,
  exact: Float32Array,
  rounded: Float32Array,
  norms: Float32Array,
): number {
  const mean = meanOf({ data, count, width });
  let largest = 0;
  for (let i = 0; i < count; i++) {
    for (let d = 0; d < width; d++) {
      const value = data[i * width + d] as number;
      exact[i * padded + d] = value;
      const off = Math.abs(value - (mean[d] as number));
      if (off > largest) largest = off;
    }
  }
  const scale = largest === 0 ? 1 : 2 ** Math.min(-Math.floor(Math.log2(largest)), 1000);
  norms.fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < count; i++) {
    let norm = 0;
    for (let d = 0; d < width; d++) {
      const value = Math.fround(((data[i * width + d] as number) - (mean[d] as number)) * scale);
      rounded[i * padded + d] = value;
      norm += value * value;
    }
    norms[i] = norm;
  }
  return scale;
}

/** float64 [width] */
export function meanOf({ data, count, width }: Points): Float64Array {
  const mean = new Float64Array(width);
  for (let i = 0; i < count; i++) {
    for (let d = 0; d < width; d++) mean[d] = (mean[d] as number) + (data[i * width + d] as number);
  }
  return mean.map((sum) => sum / count);
}

/**
 * Largest error of the rounded squared distance of a point with squared length `norm` to any whose true one is `squared` at
 * most, both scaled. A sum of w products in four lanes is off by (w / 4 + 4) u |a| |b| at most (Higham, "Accuracy and
 * Stability of Numerical Algorithms", section 3.1), u = 2⁻²⁴; twice that, the lengths' own, and that of the mean taken away.
 */
export function roundingError(padded: number, norm: number, squared: number): number {
  const other = (Math.sqrt(norm) + Math.sqrt(squared)) ** 2;
  return 1.01 * (padded / 2 + 16) * 2 ** -24 * (norm + other) + 1e-30;
}
