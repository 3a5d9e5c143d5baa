/** Target probabilities, and the mixing of a batch with itself reversed (VideoMAE's batch mode). */
import type { Random } from '../tensor/random.ts';

export interface MixingOptions {
  /** α of mixup's Beta(α, α); 0 is off. */
  readonly mixup: number;
  /** α of cutmix's; 0 is off. */
  readonly cutmix: number;
  /** Share of batches that are mixed. */
  readonly probability: number;
  /** Share of the mixed ones that get cutmix, where both are on. */
  readonly switchToCutmix: number;
}

/** How one batch is mixed: pixel weights [H, W] of the batch against itself reversed, and the labels' weight. */
export interface Mix {
  readonly weights: Float32Array;
  /** λ: the share of a clip's own pixels and label. */
  readonly lambda: number;
}

export function isMixing({ mixup, cutmix }: MixingOptions): boolean {
  return mixup > 0 || cutmix > 0;
}

/** Draws a batch's mix for clips of side `size`; the same for all its clips and frames. λ = 1 leaves the batch as it is. */
export function drawMix(options: MixingOptions, size: number, random: Random): Mix {
  const weights = new Float32Array(size * size).fill(1);
  if (random.uniform() >= options.probability) return { weights, lambda: 1 };
  const cuts = options.cutmix > 0 && (options.mixup === 0 || random.uniform() < options.switchToCutmix);
  const alpha = cuts ? options.cutmix : options.mixup;
  const lambda = random.beta(alpha, alpha);
  return cuts ? cutBox(weights, size, lambda, random) : { weights: weights.fill(lambda), lambda };
}

/** Cutmix: a box of side √(1 − λ) · size around a uniform centre, clipped; λ becomes what is left of the picture. */
function cutBox(weights: Float32Array, size: number, lambda: number, random: Random): Mix {
  const side = Math.floor(size * Math.sqrt(1 - lambda));
  const range = (centre: number): [number, number] => [
    Math.max(0, centre - Math.floor(side / 2)),
    Math.min(size, centre + Math.floor(side / 2)),
  ];
  const [top, bottom] = range(random.integer(size));
  const [left, right] = range(random.integer(size));
  for (let row = top; row < bottom; row++) weights.fill(0, row * size + left, row * size + right);
  return { weights, lambda: 1 - ((bottom - top) * (right - left)) / (size * size) };
}

/**
 * Target probabilities [B, K]: smoothed one-hot (1 − s + s / K for the class, s / K elsewhere), mixed with those of the
 * reversed batch.
 */
export function targetProbabilities(labels: Int32Array, classes: number, smoothing: number, lambda = 1): Float32Array {
  const targets = new Float32Array(labels.length * classes).fill(smoothing / classes);
  labels.forEach((label, i) => {
    const partner = labels[labels.length - 1 - i] as number;
    const own = i * classes + label;
    const other = i * classes + partner;
    targets[own] = (targets[own] as number) + (1 - smoothing) * lambda;
    targets[other] = (targets[other] as number) + (1 - smoothing) * (1 - lambda);
  });
  return targets;
}
