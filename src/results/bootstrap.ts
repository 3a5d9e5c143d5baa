/**
 * Whether one classifier is better than another on the same videos.
 *
 * Bootstrap: the videos are drawn anew with replacement, as many as there are, and the mean difference is taken; of many
 * such means the interval holds the middle 95 % (Efron's percentile interval, quantiles interpolated linearly). A video is
 * drawn with what both say of it, so that what is hard for both does not widen the interval. It speaks of other videos of
 * the same kind, and not of other seeds.
 *
 * McNemar's test, exact: of the videos that one alone gets right, as many should fall to either.
 */
import { binomialDraws } from './binomial.ts';

export interface PairedDifference {
  readonly videos: number;
  /** Mean of the differences. */
  readonly difference: number;
  /** The interval that holds the middle `confidence` of the resampled means. */
  readonly low: number;
  readonly high: number;
  readonly confidence: number;
  readonly resamples: number;
}

export interface BootstrapOptions {
  readonly resamples?: number;
  /** Share of the resampled means in the interval. */
  readonly confidence?: number;
  readonly seed?: number;
}

const RESAMPLES = 10_000;
const CONFIDENCE = 0.95;

/**
 * @param differences of each video: 1 where the one alone is right, -1 where the other alone is, 0 else; or the difference of
 *   how often the seeds of each are right. At least one
 */
export function pairedBootstrap(differences: Float64Array, options: BootstrapOptions = {}): PairedDifference {
  const { resamples = RESAMPLES, confidence = CONFIDENCE, seed = 0 } = options;
  const videos = differences.length;
  if (videos === 0) throw new RangeError('no videos to compare');
  const draw = binomialDraws(seed, 'results/bootstrap', videos);
  const counts = new Map<number, number>();
  for (const value of differences) counts.set(value, (counts.get(value) ?? 0) + 1);
  const means = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    // Videos of one difference are alike: how many of the drawn ones have each is a multinomial draw, one binomial a value.
    let [left, others, sum] = [videos, videos, 0];
    for (const [value, count] of counts) {
      const drawn = draw(left, count / others);
      sum += drawn * value;
      left -= drawn;
      others -= count;
    }
    means[r] = sum / videos;
  }
  means.sort();
  const tail = (1 - confidence) / 2;
  return {
    videos,
    difference: differences.reduce((sum, value) => sum + value, 0) / videos,
    low: quantile(means, tail),
    high: quantile(means, 1 - tail),
    confidence,
    resamples,
  };
}

/** Of values in ascending order, interpolated linearly, as numpy does by default. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)] as number;
  const above = sorted[Math.ceil(at)] as number;
  return below + (at - Math.floor(at)) * (above - below);
}

/**
 * Two-sided p-value of McNemar's exact test: the probability that of fair coins as many or more fall to one side.
 *
 * @param oneAlone videos that the one alone gets right
 */
export function mcnemar(oneAlone: number, otherAlone: number): number {
  const coins = oneAlone + otherAlone;
  let tail = 0;
  // ln C(coins, k) / 2^coins, from k = 0 on.
  let logTerm = -coins * Math.LN2;
  for (let k = 0; k <= Math.min(oneAlone, otherAlone); k++) {
    tail += Math.exp(logTerm);
    logTerm += Math.log((coins - k) / (k + 1));
  }
  return Math.min(1, 2 * tail);
}
