import { type Tensor, tf } from '../tf.ts';

/** x · sigmoid(1.702 x), the cheap form of GELU (Hendrycks and Gimpel 2016); Convpass and NOAH use it. Any shape. */
export function quickGelu(x: Tensor): Tensor {
  return tf.mul(x, tf.sigmoid(tf.mul(x, 1.702)));
}
