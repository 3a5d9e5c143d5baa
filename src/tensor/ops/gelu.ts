import { type Tensor, tf } from '../tf.ts';

const INVERSE_SQRT_2 = Math.SQRT1_2;
const INVERSE_SQRT_2_PI = 1 / Math.sqrt(2 * Math.PI);

/** Normal distribution function Φ(x) = (1 + erf(x / √2)) / 2. */
const distribution = (x: Tensor): Tensor => tf.mul(tf.add(tf.erf(tf.mul(x, INVERSE_SQRT_2)), 1), 0.5);

/** Exact GELU, x · Φ(x) (Hendrycks and Gimpel 2016, not the tanh form); its gradient is Φ(x) + x · φ(x). Any shape. */
export function gelu(x: Tensor): Tensor {
  const op = tf.customGrad((input, save) => {
    const z = input as Tensor;
    (save as (tensors: Tensor[]) => void)([z]);
    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor => {
      const [s] = saved as [Tensor];
      const density = tf.mul(tf.exp(tf.mul(tf.square(s), -0.5)), INVERSE_SQRT_2_PI);
      return tf.mul(dy, tf.add(distribution(s), tf.mul(s, density)));
    };
    return { value: tf.mul(z, distribution(z)), gradFunc };
  });
  return op(x);
}
