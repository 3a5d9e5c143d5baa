import { type Tensor, tf } from '../tf.ts';
import { withGradient } from '../with-gradient.ts';

/**
 * (x − mean) / √(variance + ε) over the last axis, biased variance, any rank. Its own gradient makes two passes over
 * x where the generic one makes six and uploads tensors of ones:
 * dx = r · (dy − mean(dy) − x̂ · mean(dy · x̂)), r = 1 / √(variance + ε).
 */
export function normalize(x: Tensor, epsilon: number): Tensor {
  return withGradient(
    [x],
    (input) => {
      const { mean, variance } = tf.moments(input, -1, true);
      const inverse = tf.rsqrt(tf.add(variance, epsilon));
      const value = tf.mul(tf.sub(input, mean), inverse);
      return { value, saved: [value, inverse] };
    },
    (dy, normal, r) => {
      const centred = tf.sub(dy, tf.mean(dy, -1, true));
      return [tf.mul(r, tf.sub(centred, tf.mul(normal, tf.mean(tf.mul(dy, normal), -1, true))))];
    },
  );
}

/** LayerNorm over the last axis: x̂ · weight + bias; x [..., D], weight and bias [D]. */
export function layerNorm(x: Tensor, weight: Tensor, bias: Tensor, epsilon: number): Tensor {
  return tf.add(tf.mul(normalize(x, epsilon), weight), bias);
}
