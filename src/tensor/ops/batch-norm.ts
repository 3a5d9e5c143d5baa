import { type Tensor, tf } from '../tf.ts';

export interface BatchNormResult {
  readonly y: Tensor;
  readonly runningMean: Tensor;
  readonly runningVariance: Tensor;
}

/**
 * BatchNorm without affine parameters on x [B, D], in training: normalises by the batch's mean and biased variance,
 * and moves the running statistics by `momentum` towards the batch's mean and unbiased variance (PyTorch's rule).
 */
export function batchNormTraining(
  x: Tensor,
  runningMean: Tensor,
  runningVariance: Tensor,
  epsilon: number,
  momentum: number,
): BatchNormResult {
  const batch = x.shape[0] as number;
  const mean = tf.mean(x, 0, true);
  const centred = tf.sub(x, mean);
  const variance = tf.mean(tf.square(centred), 0, true);
  const y = tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon)));
  const unbiased = tf.mul(variance, batch / Math.max(1, batch - 1));
  const blend = (running: Tensor, seen: Tensor): Tensor =>
    tf.add(tf.mul(running, 1 - momentum), tf.mul(tf.reshape(seen, running.shape), momentum));
  return { y, runningMean: blend(runningMean, mean), runningVariance: blend(runningVariance, unbiased) };
}

/** The same in evaluation: normalises x [B, D] by the running statistics [D]. */
export function batchNormEvaluation(x: Tensor, mean: Tensor, variance: Tensor, epsilon: number): Tensor {
  return tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, epsilon)));
}
