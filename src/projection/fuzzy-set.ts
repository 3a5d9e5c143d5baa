/** UMAP's fuzzy simplicial set (McInnes, Healy and Melville, arXiv:1802.03426, section 3.1), with umap-learn 0.5's bounds. */
import { type Affinities, symmetric } from './affinities.ts';
import type { Neighbours } from './neighbours.ts';

const STEPS = 64;
const TOLERANCE = 1e-5;
const SMALLEST_SCALE = 1e-3;

/**
 * How strongly each neighbour belongs to a point's neighbourhood: exp(−max(0, d − ρ) / σ), ρ the distance of the nearest
 * that is not the point's equal, σ so that the row adds up to log₂(k + 1). The point itself counts among UMAP's n_neighbors,
 * which is k + 1.
 *
 * @returns float64 [count, k]
 */
export function membershipStrengths({ count, k, squares }: Neighbours): Float64Array {
  const distances = squares.map(Math.sqrt);
  const mean = distances.reduce((sum, value) => sum + value, 0) / (count * (k + 1));
  const strengths = new Float64Array(count * k);
  for (let i = 0; i < count; i++) {
    const row = distances.subarray(i * k, (i + 1) * k);
    const rho = row.find((distance) => distance > 0) ?? 0;
    const ownMean = row.reduce((sum, value) => sum + value, 0) / (k + 1);
    const sigma = Math.max(scaleOf(row, rho), SMALLEST_SCALE * (rho > 0 ? ownMean : mean));
    for (let j = 0; j < k; j++) strengths[i * k + j] = strength((row[j] as number) - rho, sigma);
  }
  return strengths;
}

function strength(beyond: number, sigma: number): number {
  return beyond <= 0 || sigma === 0 ? 1 : Math.exp(-beyond / sigma);
}

function scaleOf(row: Float64Array, rho: number): number {
  const wanted = Math.log2(row.length + 1);
  let [low, high, middle] = [0, Number.POSITIVE_INFINITY, 1];
  for (let step = 0; step < STEPS; step++) {
    let sum = 0;
    for (const distance of row) sum += strength(distance - rho, middle);
    if (Math.abs(sum - wanted) < TOLERANCE) break;
    if (sum > wanted) high = middle;
    else low = middle;
    middle = high === Number.POSITIVE_INFINITY ? middle * 2 : (low + high) / 2;
  }
  return middle;
}

/** The union of both views of an edge: a + b − a b. */
export function fuzzyUnion(neighbours: Neighbours, strengths: Float64Array): Affinities {
  return symmetric(neighbours, strengths, (mine, theirs) => mine + theirs - mine * theirs);
}
