/**
 * Loss scaling for float16, whose smallest numbers are larger than many gradients: the loss is multiplied before the
 * backward pass, and the gradients are divided by the same number. The scale follows what overflows, by the rules and
 * numbers of PyTorch's GradScaler (Micikevicius et al., ICLR 2018, section 3.2).
 */

export interface LossScale {
  readonly scale: number;
  /** Updates since it last changed. */
  readonly good: number;
  /** Updates that were left out because their gradients overflowed; the optimizer does not count them. */
  readonly skipped: number;
}

export const FIRST_LOSS_SCALE: LossScale = { scale: 65536, good: 0, skipped: 0 };

const GOOD_BEFORE_GROWTH = 2000;
/** Below it, it is not the scale that makes gradients overflow. */
export const LEAST_LOSS_SCALE = 1;

/** The scale after an update. @param finite whether all its gradients were */
export function nextLossScale({ scale, good, skipped }: LossScale, finite: boolean): LossScale {
  if (!finite) return { scale: scale / 2, good: 0, skipped: skipped + 1 };
  if (good + 1 < GOOD_BEFORE_GROWTH) return { scale, good: good + 1, skipped };
  return { scale: scale * 2, good: 0, skipped };
}
