/**
 * The k nearest neighbours of every point, exactly: by Euclidean distance in float64, equal ones by index. Nearly all of the
 * work is n² / 2 dot products of float32, in WebAssembly over threads; they choose k + 16 candidates, whose exact distances
 * decide. Where the bound of rounding (rounded.ts) leaves open whether a candidate is missing, the row is compared with all.
 * So neither the number of threads nor the order of sums shows in the result.
 *
 * Why not a matrix product of an engine: it is twice as fast a product, but computes each distance twice and leaves the
 * choosing to one thread.
 */
import { runCrew, threadsOf } from './crew.ts';
import { makeMemory } from './kernels.ts';
import { checkPoints, type Points, type Work } from './points.ts';
import { BLOCK, extentOf, writeRounded } from './rounded.ts';

export interface Neighbours {
  readonly count: number;
  readonly k: number;
  /** int32 [count, k], nearest first; a point is no neighbour of its own. */
  readonly indices: Int32Array;
  /** Squared distances, float64 [count, k]. */
  readonly squares: Float64Array;
}

/** More candidates than neighbours, so that rounding seldom leaves anything open. */
const SPARE = 16;

/**
 * @param k below the number of points
 * @throws PetlVideoError (data) for a number that is not finite
 */
export async function neighboursOf(points: Points, k: number, work: Work = {}): Promise<Neighbours> {
  checkPoints(points);
  const { count } = points;
  if (!Number.isInteger(k) || k < 1 || k >= count) throw new RangeError(`${count} points have no ${k} neighbours each`);
  const threads = threadsOf(work);
  const extent = extentOf(points);
  const { rows, padded } = extent;
  const size = Math.min(count - 1, k + SPARE);
  const { memory, places } = makeMemory({
    ...{ exact: count * padded * 4, rounded: rows * padded * 4, norms: rows * 4 },
    ...{ tops: threads * rows * 4, near: threads * rows * size * 4, owners: threads * rows * size * 4 },
    ...{ tiles: threads * BLOCK * BLOCK * 4, squares: count * k * 8, listed: count * k * 4 },
  });
  const { buffer } = memory;
  const scale = writeRounded(
    points,
    extent,
    new Float32Array(buffer, places.exact, count * padded),
    new Float32Array(buffer, places.rounded, rows * padded),
    new Float32Array(buffer, places.norms, rows),
  );
  await runCrew(memory, { kind: 'neighbours', extent, k, size, scale, places }, threads, work);
  return {
    ...{ count, k },
    indices: new Int32Array(buffer, places.listed, count * k).slice(),
    squares: new Float64Array(buffer, places.squares, count * k).slice(),
  };
}
