/**
 * How likely points pick each other as neighbours (van der Maaten and Hinton, JMLR 2008, equations 1 and 2; over nearest
 * neighbours only, as in van der Maaten 2014).
 */
import type { Neighbours } from './neighbours.ts';

/** A symmetric sparse matrix, in rows that are filled up with zero edges to a multiple of 4. */
export interface Affinities {
  readonly count: number;
  /** int32 [count + 1]: a row's first edge. */
  readonly starts: Int32Array;
  /** int32 [edges] */
  readonly columns: Int32Array;
  /** float32 [edges], 1 in all. */
  readonly weights: Float32Array;
}

const STEPS = 100;
const TOLERANCE = 1e-5;

/**
 * p(j | i) over each point's neighbours, a Gaussian whose width gives the row this perplexity; found by bisection.
 *
 * @returns float64 [count, k], 1 in each row
 */
export function conditionalAffinities({ count, k, squares }: Neighbours, perplexity: number): Float64Array {
  const wanted = Math.log(Math.min(perplexity, k));
  const p = new Float64Array(count * k);
  for (let i = 0; i < count; i++) {
    // Distances to the nearest, in means of the row: exp() can neither under- nor overflow for all of them.
    const nearest = squares[i * k] as number;
    let mean = 0;
    for (let j = 0; j < k; j++) mean += ((squares[i * k + j] as number) - nearest) / k;
    const unit = mean > 0 ? mean : 1;
    let [beta, low, high] = [1, 0, Number.POSITIVE_INFINITY];
    for (let step = 0; step < STEPS; step++) {
      let sum = 0;
      let weighted = 0;
      for (let j = 0; j < k; j++) {
        const far = ((squares[i * k + j] as number) - nearest) / unit;
        const value = Math.exp(-far * beta);
        p[i * k + j] = value;
        sum += value;
        weighted += far * value;
      }
      const entropy = Math.log(sum) + (beta * weighted) / sum;
      for (let j = 0; j < k; j++) p[i * k + j] = (p[i * k + j] as number) / sum;
      const off = entropy - wanted;
      // Equal distances have one entropy at any width.
      if (Math.abs(off) <= TOLERANCE || mean === 0) break;
      if (off > 0) low = beta;
      else high = beta;
      beta = high === Number.POSITIVE_INFINITY ? beta * 2 : (low + high) / 2;
    }
  }
  return p;
}

/** (p(j | i) + p(i | j)) / 2 n. */
export function jointAffinities({ count, k, indices }: Neighbours, conditional: Float64Array): Affinities {
  return symmetric({ count, k, indices }, conditional, (mine, theirs) => (mine + theirs) / (2 * count));
}

/** Joins a directed graph of k edges a point with its mirror image. */
export function symmetric(
  { count, k, indices }: Pick<Neighbours, 'count' | 'k' | 'indices'>,
  values: Float64Array,
  join: (mine: number, theirs: number) => number,
): Affinities {
  const { heads, tails } = mirrored({ count, k, indices });
  const starts = new Int32Array(count + 1);
  const columns: Int32Array = new Int32Array(2 * count * k + 4 * count);
  const weights = new Float32Array(columns.length);
  const theirs = new Float64Array(count);
  const seen = new Int32Array(count).fill(-1);
  let edge = 0;
  for (let i = 0; i < count; i++) {
    for (let at = heads[i] as number; at < (heads[i + 1] as number); at++) {
      const from = tails[at] as number;
      theirs[Math.floor(from / k)] = values[from] as number;
      seen[Math.floor(from / k)] = i;
    }
    for (let at = i * k; at < (i + 1) * k; at++) {
      const j = indices[at] as number;
      columns[edge] = j;
      weights[edge++] = join(values[at] as number, seen[j] === i ? (theirs[j] as number) : 0);
      seen[j] = -1;
    }
    for (let at = heads[i] as number; at < (heads[i + 1] as number); at++) {
      const j = Math.floor((tails[at] as number) / k);
      if (seen[j] !== i) continue;
      columns[edge] = j;
      weights[edge++] = join(0, theirs[j] as number);
    }
    while (edge % 4 !== 0) columns[edge++] = i;
    starts[i + 1] = edge;
  }
  return { count, starts, columns: columns.slice(0, edge), weights: weights.slice(0, edge) };
}

/** Edges by where they lead: those to j are tails[heads[j]] … tails[heads[j + 1] − 1], as positions in `indices`. */
function mirrored({ count, k, indices }: Pick<Neighbours, 'count' | 'k' | 'indices'>): {
  readonly heads: Int32Array;
  readonly tails: Int32Array;
} {
  const heads = new Int32Array(count + 1);
  for (const j of indices) heads[j + 1] = (heads[j + 1] as number) + 1;
  for (let j = 0; j < count; j++) heads[j + 1] = (heads[j + 1] as number) + (heads[j] as number);
  const next = heads.slice(0, count);
  const tails = new Int32Array(count * k);
  for (let at = 0; at < tails.length; at++) {
    const j = indices[at] as number;
    tails[next[j] as number] = at;
    next[j] = (next[j] as number) + 1;
  }
  return { heads, tails };
}
