/** The learning rate over a run. */

/**
 * - `steps`: anew for each step, linear from `warmupLr`, then half a cosine over what is left (AdaptFormer, MAE, ARC).
 * - `epochs`: constant in an epoch, as timm's scheduler per epoch has it; the cosine runs over the whole run, of which the
 *   warm-up hides the beginning.
 * - `epochs-late`: the same, one epoch late: the authors of Convpass, FacT and RepAdapter step the scheduler after the
 *   epoch with that epoch's number, so that the first two epochs both run at `warmupLr`.
 */
export type ScheduleForm = 'steps' | 'epochs' | 'epochs-late';

export interface Schedule {
  /** Highest learning rate, reached at the end of the warm-up. */
  readonly lr: number;
  readonly minLr: number;
  /** In epochs; may be fractional. */
  readonly warmup: number;
  readonly epochs: number;
  /** Absent: `steps`. */
  readonly form?: ScheduleForm;
  /** Learning rate at the start of the warm-up; absent: 0. */
  readonly warmupLr?: number;
}

/**
 * @param epoch epoch + step / steps per epoch; the first step of a run with warm-up has rate `warmupLr`
 */
export function learningRateAt(schedule: Schedule, epoch: number): number {
  const { form = 'steps' } = schedule;
  if (form === 'steps') return rateAt(schedule, epoch, schedule.warmup);
  const whole = Math.floor(epoch) - (form === 'epochs-late' ? 1 : 0);
  return rateAt(schedule, Math.max(0, whole), 0);
}

/** @param from where the cosine begins, in epochs */
function rateAt({ lr, minLr, warmup, warmupLr = 0, epochs }: Schedule, epoch: number, from: number): number {
  if (epoch < warmup) return warmupLr + ((lr - warmupLr) * epoch) / warmup;
  const progress = Math.min(1, (epoch - from) / Math.max(epochs - from, Number.EPSILON));
  return minLr + (lr - minLr) * 0.5 * (1 + Math.cos(Math.PI * progress));
}
