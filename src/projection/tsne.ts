/**
 * t-SNE (van der Maaten and Hinton, JMLR 2008) with the forces of Barnes and Hut (van der Maaten, JMLR 2014), the first steps
 * exaggerated, from the principal components, at the learning rate of Belkina et al. (Nature Communications 2019): as
 * scikit-learn 1.9 does it by default. The same numbers and seed give the same map to the bit, on any number of threads.
 *
 * Of the libraries on npm none serves 25,000 points: tsne-js 1.0 and @saehrimnir/druidjs 0.9 (LGPL) compare all pairs in
 * every step (druidjs: 3.4 s for the first ten steps of 1500 points), wasm-bhtsne 1.2 runs in browsers only (its threads ask
 * for `self`). Interpolation by FFT (Linderman et al., Nature Methods 2019) was not built: a map of so many points is some
 * 100 wide, and six transforms of its padded grid of 600² are 200 million operations a step, more than the tree takes.
 */
import { dataError } from '../errors/index.ts';
import { rng } from '../tensor/random.ts';
import { type Affinities, conditionalAffinities, jointAffinities } from './affinities.ts';
import { runCrew, threadsOf } from './crew.ts';
import { type DescentJob, descentBytes } from './descent-job.ts';
import { makeMemory } from './kernels.ts';
import { neighboursOf } from './neighbours.ts';
import { pca2 } from './pca.ts';
import { checkPoints, type Points, type Work } from './points.ts';

export interface TsneOptions extends Work {
  /** Neighbours that count, softly; default 30. Smaller where there are few points: see `perplexityFor`. */
  readonly perplexity?: number | undefined;
  /** Default 1000, of which the first 250 are exaggerated. */
  readonly iterations?: number | undefined;
  /** How coarse the forces of far points are, from 0 (exact) to 0.7; default 0.5. */
  readonly theta?: number | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
}

const EXAGGERATION = 12;
const EXAGGERATED = 250;

/** The perplexity that `count` points can have: three times as many neighbours are looked at. */
export function perplexityFor(count: number, wanted = 30): number {
  return Math.max(1, Math.min(wanted, (count - 1) / 3));
}

/**
 * @returns float32 [count, 2]; of one point [0, 0]
 * @throws PetlVideoError (data) for a number that is not finite, or more than 4 GiB of memory; the signal's reason
 */
export async function tsne(features: Points, options: TsneOptions = {}): Promise<Float32Array> {
  checkPoints(features);
  const { count } = features;
  const { iterations = 1000, theta = 0.5, seed = 0, signal, onProgress } = options;
  if (!(theta >= 0 && theta <= 0.7)) throw new RangeError(`theta is from 0 to 0.7; it is ${theta}`);
  if (options.perplexity !== undefined && !(options.perplexity >= 1)) {
    throw new RangeError(`the perplexity is 1 at least; it is ${options.perplexity}`);
  }
  if (count === 1) return new Float32Array(2);
  const perplexity = perplexityFor(count, options.perplexity);
  const work = { threads: threadsOf(options), signal };
  const k = Math.min(count - 1, Math.floor(3 * perplexity + 1));
  const part = (share: number, before: number) => (done: number, total: number) =>
    onProgress?.(before + (share * done) / total, 1);
  const neighbours = await neighboursOf(features, k, { ...work, onProgress: part(0.5, 0) });
  const affinities = jointAffinities(neighbours, conditionalAffinities(neighbours, perplexity));
  signal?.throwIfAborted();
  const start = startOf(await pca2(features, work), seed);
  const rest = { ...work, onProgress: part(0.5, 0.5) };
  return descendFrom(start, affinities, { iterations, theta }, rest);
}

/**
 * A start that is 1e-4 wide along its first axis. Equal points would stay together for ever, so that all are moved by a
 * hundredth of that.
 */
function startOf(map: Float64Array, seed: number): Float64Array {
  let squares = 0;
  for (let i = 0; i < map.length; i += 2) squares += (map[i] as number) ** 2;
  const deviation = Math.sqrt((2 * squares) / map.length);
  const scale = deviation > 0 ? 1e-4 / deviation : 0;
  const random = rng(seed, 't-SNE start');
  return map.map((value) => value * scale + 1e-6 * random.normal());
}

async function descendFrom(
  start: Float64Array,
  affinities: Affinities,
  { iterations, theta }: { readonly iterations: number; readonly theta: number },
  work: Work,
): Promise<Float32Array> {
  const { count } = affinities;
  const { memory, places } = makeDescentMemory(affinities, start);
  const job: DescentJob = {
    ...{ kind: 'descent', count, iterations, theta, places },
    ...{ exaggerated: Math.min(EXAGGERATED, iterations), exaggeration: EXAGGERATION },
    rate: Math.max(count / EXAGGERATION / 4, 50),
  };
  await runCrew(memory, job, threadsOf(work), work);
  const map = new Float32Array(memory.buffer, places.copy, 2 * count).slice();
  if (!map.every(Number.isFinite)) throw dataError('t-SNE left the range of numbers');
  return map;
}

/** A memory with the affinities and the start in it. */
export function makeDescentMemory({ count, starts, columns, weights }: Affinities, start: Float64Array) {
  const made = makeMemory({
    ...{ starts: starts.byteLength, columns: columns.byteLength, weights: weights.byteLength },
    ...descentBytes(count),
  });
  const { buffer } = made.memory;
  new Int32Array(buffer, made.places.starts, starts.length).set(starts);
  new Int32Array(buffer, made.places.columns, columns.length).set(columns);
  new Float32Array(buffer, made.places.weights, weights.length).set(weights);
  new Float64Array(buffer, made.places.state, start.length).set(start);
  new Float32Array(buffer, made.places.copy, start.length).set(start);
  return made;
}
