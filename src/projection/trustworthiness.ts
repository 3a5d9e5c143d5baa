/**
 * How far a map can be trusted (Venna and Kaski, "Neighborhood preservation in nonlinear projection methods", ICANN 2001):
 * 1 − 2 / (n k (2 n − 3 k − 1)) · Σᵢ Σⱼ max(0, r(i, j) − k), over the k neighbours j that i has in the map; r is j's rank among
 * i's neighbours in the features. 1 when the map shows no false neighbours. Ranks are exact: by float64 distances, then index.
 */
import { runCrew, threadsOf } from './crew.ts';
import { makeMemory } from './kernels.ts';
import { neighboursOf } from './neighbours.ts';
import { checkPoints, type Points, type Work } from './points.ts';
import { BLOCK, extentOf, writeRounded } from './rounded.ts';

/**
 * @param map float [count, 2]
 * @param k below half the number of points
 * @returns between 0 and 1
 */
export async function trustworthiness(
  features: Points,
  map: Float32Array | Float64Array,
  k = 12,
  work: Work = {},
): Promise<number> {
  checkPoints(features);
  const { count } = features;
  if (k >= count / 2) throw new RangeError(`trustworthiness of ${count} points needs k below ${count / 2}; it is ${k}`);
  const inMap = await neighboursOf({ data: Float32Array.from(map), count, width: 2 }, k, {
    threads: work.threads,
    signal: work.signal,
  });
  const closer = await ranksOf(features, inMap.indices, k, work);
  let penalty = 0;
  for (const before of closer) penalty += Math.max(0, before + 1 - k);
  return 1 - (2 * penalty) / (count * k * (2 * count - 3 * k - 1));
}

/** How many points are closer to i than each of `others` int32 [count, k]; in another order within a row. */
async function ranksOf(features: Points, others: Int32Array, k: number, work: Work): Promise<Float64Array> {
  const { count } = features;
  const threads = threadsOf(work);
  const extent = extentOf(features);
  const { rows, padded } = extent;
  const { memory, places } = makeMemory({
    ...{ exact: count * padded * 4, rounded: rows * padded * 4, norms: rows * 4 },
    ...{ holders: rows * k * 4, limits: rows * k * 8, reach: rows * 4, errors: rows * 4 },
    ...{ closer: threads * rows * k * 4, tiles: threads * BLOCK * BLOCK * 4 },
  });
  const { buffer } = memory;
  const scale = writeRounded(
    features,
    extent,
    new Float32Array(buffer, places.exact, count * padded),
    new Float32Array(buffer, places.rounded, rows * padded),
    new Float32Array(buffer, places.norms, rows),
  );
  new Int32Array(buffer, places.holders, others.length).set(others);
  await runCrew(memory, { kind: 'closer', extent, k, scale, places }, threads, work);
  const sums = new Float64Array(count * k);
  for (let thread = 0; thread < threads; thread++) {
    const counted = new Int32Array(buffer, places.closer + thread * rows * k * 4, count * k);
    for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + (counted[i] as number);
  }
  return sums;
}
