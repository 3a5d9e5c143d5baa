import { type Tensor, tf } from '../tf.ts';
import { withGradient } from '../with-gradient.ts';

const INVERSE_SQRT_2 = Math.SQRT1_2;
const INVERSE_SQRT_2_PI = 1 / Math.sqrt(2 * Math.PI);

/** Normal distribution function Φ(x) = (1 + erf(x / √2)) / 2. */
const distribution = (x: Tensor): Tensor => tf.mul(tf.add(tf.erf(tf.mul(x, INVERSE_SQRT_2)), 1), 0.5);

/** Exact GELU, x · Φ(x) (Hendrycks and Gimpel 2016, not the tanh form); its gradient is Φ(x) + x · φ(x). Any shape. */
export function gelu(x: Tensor): Tensor {
  return withGradient(
    [x],
    (z) => ({ value: tf.mul(z, distribution(z)), saved: [z] }),
    (dy, z) => {
      const density = tf.mul(tf.exp(tf.mul(tf.square(z), -0.5)), INVERSE_SQRT_2_PI);
      return [tf.mul(dy, tf.add(distribution(z), tf.mul(z, density)))];
    },
  );
}
