/** Two small sums with known results on TensorFlow: a library that loads may still compute nonsense, or not at all. */
import { environmentError } from '../errors/index.ts';
import { tf } from '../tensor/tf.ts';
import { loadTensorflow } from './tensorflow-binding.ts';

/**
 * Multiplies two matrices and convolves an image, and makes TensorFlow the current backend of tfjs.
 *
 * @throws environment error when TensorFlow is not there, or when a number is not what it must be
 */
export async function smokeTest(options: { readonly cache: string }): Promise<void> {
  const { backend, file } = await loadTensorflow(options);
  await tf.setBackend(backend);
  const product = tf.tidy(() => tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2])));
  const image = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]);
  const convolved = tf.tidy(() => tf.conv2d(image, tf.tensor4d([1, 0, 0, -1], [2, 2, 1, 1]), 1, 'valid'));
  const results = [
    { name: 'a matrix product', values: await product.data(), expected: [19, 22, 43, 50] },
    { name: 'a convolution', values: await convolved.data(), expected: [-4, -4, -4, -4] },
  ];
  tf.dispose([product, image, convolved]);
  for (const { name, values, expected } of results) {
    if (expected.every((value, i) => values[i] === value)) continue;
    throw environmentError(`TensorFlow computes ${name} as ${[...values]} and not ${expected}`, {
      at: file,
      remedy: 'remove this file and run: petl-video setup',
    });
  }
}
