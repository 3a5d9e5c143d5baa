import { type Tensor, tf } from '../tf.ts';

/**
 * Mean cross-entropy of logits [B, K] against target probabilities [B, K], a scalar; the gradient for the logits is
 * (softmax(logits) · Σ targets − targets) / B, with Σ targets = 1.
 */
export function crossEntropy(logits: Tensor, targets: Tensor): Tensor {
  const op = tf.customGrad((...inputs) => {
    const save = inputs.pop() as unknown as (tensors: Tensor[]) => void;
    const [z] = inputs as [Tensor];
    const logProbabilities = tf.logSoftmax(z);
    save([logProbabilities, targets]);
    const value = tf.neg(tf.mean(tf.sum(tf.mul(targets, logProbabilities), -1)));
    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor => {
      const [logP, t] = saved as [Tensor, Tensor];
      return tf.mul(tf.sub(tf.exp(logP), t), tf.div(dy, logP.shape[0] as number));
    };
    return { value, gradFunc };
  });
  return op(logits);
}
