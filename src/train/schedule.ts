/** The learning rate over a run. */

export interface Schedule {
  /** Highest learning rate, reached at the end of the warm-up. */
  readonly lr: number;
  readonly minLr: number;
  /** In epochs; may be fractional. */
  readonly warmup: number;
  readonly epochs: number;
}

/**
 * Linear from 0 to `lr` over the warm-up, then half a cosine down to `minLr` (AdaptFormer, MAE).
 * @param epoch epoch + step / steps per epoch; the first step of a run with warm-up has rate 0
 */
export function learningRateAt({ lr, minLr, warmup, epochs }: Schedule, epoch: number): number {
  if (epoch < warmup) return (lr * epoch) / warmup;
  const progress = Math.min(1, (epoch - warmup) / Math.max(epochs - warmup, Number.EPSILON));
  return minLr + (lr - minLr) * 0.5 * (1 + Math.cos(Math.PI * progress));
}
