import { type Tensor, tf } from '../tf.ts';
import { withGradient } from '../with-gradient.ts';

/**
 * Mean cross-entropy of logits [B, K] against target probabilities [B, K], a scalar; the gradient for the logits is
 * (softmax(logits) · Σ targets − targets) / B, with Σ targets = 1.
 */
export function crossEntropy(logits: Tensor, targets: Tensor): Tensor {
  return withGradient(
    [logits],
    (z) => {
      const logProbabilities = tf.logSoftmax(z);
      const value = tf.neg(tf.mean(tf.sum(tf.mul(targets, logProbabilities), -1)));
      return { value, saved: [logProbabilities, targets] };
    },
    (dy, logP, t) => [tf.mul(tf.sub(tf.exp(logP), t), tf.div(dy, logP.shape[0] as number))],
  );
}
