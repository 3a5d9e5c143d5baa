/** Holding numbers against numbers: exactly, or, where the original drew random masks, against the spread of such draws. */
import type { HostTensor } from '../../tensor/host.ts';

export interface Comparison {
  /** `logits_eval`, `grad.blocks.0.adaptmlp.down.weight`, `losses of 8 steps`, … in our names. */
  readonly tensor: string;
  /** `exact`: the largest absolute difference. `relative`: the norm of the differences in parts of the numbers' own. `spread`: the distance from the mean of random runs, in deviations. */
  readonly kind: 'exact' | 'relative' | 'spread';
  readonly error: number;
  /** The largest error that passes. */
  readonly limit: number;
  readonly within: boolean;
}

type Numbers = ArrayLike<number>;

/** Largest error in parts of a magnitude. */
export const TOLERANCE = 1e-4;
/** Largest relative error of the losses where products are rounded to fewer bits than float32 has. */
export const LOW_PRECISION_TOLERANCE = 2e-2;
/** How much farther from the mean than the farthest random run the original may lie. */
const SPREAD_MARGIN = 1.5;

/** A tensor that one side lacks, or that has another size, is infinitely far off. */
export function compareExactly(
  tensor: string,
  mine: Numbers | undefined,
  theirs: Numbers | undefined,
  magnitude: number,
): Comparison {
  const limit = TOLERANCE * magnitude;
  let error =
    mine === undefined || theirs === undefined || mine.length !== theirs.length ? Number.POSITIVE_INFINITY : 0;
  if (mine !== undefined && theirs !== undefined && error === 0) {
    for (let i = 0; i < mine.length; i++) {
      const difference = Math.abs((mine[i] as number) - (theirs[i] as number));
      // Written so that NaN does not pass for small.
      if (!(difference <= error)) error = difference;
    }
  }
  return { tensor, kind: 'exact', error, limit, within: error <= limit };
}

/**
 * The distance of the two in parts of theirs, all numbers together: for the losses of a few steps. One by one the last
 * would weigh most, which are small and tell how the training amplifies rounding, not how large that is.
 */
export function compareRelatively(tensor: string, mine: Numbers, theirs: Numbers): Comparison {
  const limit = LOW_PRECISION_TOLERANCE;
  const error =
    mine.length === theirs.length
      ? Math.hypot(...Array.from(theirs, (value, i) => value - (mine[i] as number))) / Math.hypot(...Array.from(theirs))
      : Number.POSITIVE_INFINITY;
  return { tensor, kind: 'relative', error, limit, within: error <= limit };
}

/**
 * Whether `theirs` could be one of the random `runs`: its distance from their mean, as root mean square of deviations over the
 * elements, against the largest distance that a run has from the mean of the others.
 */
export function compareWithSpread(tensor: string, runs: readonly Numbers[], theirs: Numbers): Comparison {
  const error = distance(theirs, runs);
  const farthest = Math.max(...runs.map((run, i) => distance(run, runs.toSpliced(i, 1))));
  const limit = SPREAD_MARGIN * farthest;
  return { tensor, kind: 'spread', error, limit, within: error <= limit };
}

function distance(point: Numbers, runs: readonly Numbers[]): number {
  let sum = 0;
  let counted = 0;
  for (let i = 0; i < point.length; i++) {
    const values = runs.map((run) => run[i] as number);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1);
    // An element that no mask touches says nothing here.
    if (variance < 1e-14) continue;
    sum += ((point[i] as number) - mean) ** 2 / variance;
    counted++;
  }
  return Math.sqrt(sum / Math.max(1, counted));
}

export function largestMagnitude(tensors: Iterable<HostTensor>): number {
  let largest = 0;
  for (const { data } of tensors) for (const value of data) largest = Math.max(largest, Math.abs(value));
  return largest;
}
