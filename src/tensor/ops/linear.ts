import { type Tensor, tf } from '../tf.ts';

/** x · weightᵀ + bias for x [..., in], weight [out, in] (PyTorch's layout), bias [out] or absent → [..., out]. */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const [outputs, inputs] = weight.shape as [number, number];
  const rows = tf.matMul(tf.reshape(x, [-1, inputs]), weight as never, false, true);
  const y = bias === undefined ? rows : tf.add(rows, bias);
  return tf.reshape(y, [...x.shape.slice(0, -1), outputs]);
}
