/**
 * UMAP (McInnes, Healy and Melville, arXiv:1802.03426), as umap-learn 0.5 does it, from exact neighbours and the principal
 * components. The same numbers and seed give the same map to the bit.
 *
 * umap-js 1.4 was tried: for 3000 points of 50 numbers it took 8 s to begin and 39 ms an epoch; 25,000 would take minutes.
 */

import { rng } from '../tensor/random.ts';
import type { Affinities } from './affinities.ts';
import { runCrew, threadsOf } from './crew.ts';
import { fitCurve } from './curve.ts';
import { fuzzyUnion, membershipStrengths } from './fuzzy-set.ts';
import { makeMemory } from './kernels.ts';
import { neighboursOf } from './neighbours.ts';
import { pca2 } from './pca.ts';
import { checkPoints, type Points, type Work } from './points.ts';

export interface UmapOptions extends Work {
  /** With the point itself, as umap-learn counts; default 15, at most the number of points. */
  readonly neighbours?: number | undefined;
  /** How near points may come in the map; default 0.1. */
  readonly minDist?: number | undefined;
  /** Default 200 above 10,000 points, else 500. */
  readonly epochs?: number | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
}

/**
 * @returns float32 [count, 2]; of one point [0, 0]
 * @throws PetlVideoError (data) for a number that is not finite, or more than 4 GiB of memory; the signal's reason
 */
export async function umap(features: Points, options: UmapOptions = {}): Promise<Float32Array> {
  checkPoints(features);
  const { count } = features;
  const { neighbours: wanted = 15, minDist = 0.1, seed = 0, signal, onProgress } = options;
  const epochs = options.epochs ?? (count > 10_000 ? 200 : 500);
  if (!(wanted >= 2)) throw new RangeError(`UMAP looks at 2 neighbours at least, the point itself one; not ${wanted}`);
  if (!(minDist >= 0 && minDist < 3)) throw new RangeError(`minDist is from 0 to 3; it is ${minDist}`);
  if (count === 1) return new Float32Array(2);
  const work = { threads: threadsOf(options), signal };
  const part = (share: number, before: number) => (done: number, total: number) =>
    onProgress?.(before + (share * done) / total, 1);
  const k = Math.min(count, Math.floor(wanted)) - 1;
  const neighbours = await neighboursOf(features, k, { ...work, onProgress: part(0.5, 0) });
  const graph = fuzzyUnion(neighbours, membershipStrengths(neighbours));
  const start = startOf(await pca2(features, work), seed);
  return layOut(start, graph, { epochs, seed, ...fitCurve(minDist) }, { signal, onProgress: part(0.5, 0.5) });
}

/** The components in a square of 10 by 10, each point moved a little so that equal ones can part. */
function startOf(map: Float64Array, seed: number): Float64Array {
  const random = rng(seed, 'UMAP start');
  const ends = [0, 1].map((axis) => {
    const values = map.filter((_, i) => i % 2 === axis);
    const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
    const high = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    return { low, scale: high > low ? 10 / (high - low) : 0 };
  });
  return map.map((value, i) => {
    const { low, scale } = ends[i % 2] as { low: number; scale: number };
    return (value - low) * scale + 1e-4 * random.normal();
  });
}

interface Layout {
  readonly epochs: number;
  readonly seed: number;
  readonly a: number;
  readonly b: number;
}

async function layOut(start: Float64Array, graph: Affinities, layout: Layout, work: Work): Promise<Float32Array> {
  const { count, starts, columns, weights } = graph;
  const heaviest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  const chosen: number[] = [];
  // An edge that would not be due once is left out.
  for (let edge = 0; edge < weights.length; edge++) {
    if ((weights[edge] as number) > 0 && (weights[edge] as number) >= heaviest / layout.epochs) chosen.push(edge);
  }
  const edges = chosen.length;
  const { memory, places } = makeMemory({ heads: edges * 4, tails: edges * 4, every: edges * 8, map: count * 16 });
  const heads = new Int32Array(memory.buffer, places.heads, edges);
  const tails = new Int32Array(memory.buffer, places.tails, edges);
  const every = new Float64Array(memory.buffer, places.every, edges);
  let row = 0;
  for (const [at, edge] of chosen.entries()) {
    while ((starts[row + 1] as number) <= edge) row++;
    heads[at] = row;
    tails[at] = columns[edge] as number;
    every[at] = heaviest / (weights[edge] as number);
  }
  const map = new Float64Array(memory.buffer, places.map, 2 * count);
  map.set(start);
  await runCrew(memory, { kind: 'layout', count, edges, ...layout, places }, 1, work);
  return Float32Array.from(map);
}
