import { type Tensor, tf } from './tf.ts';

/**
 * An operation with a gradient of its own.
 *
 * Both ways are tidied. tfjs tidies the forward function only: what a gradient leaves lying about would stay until the
 * whole backward pass is done (for two clips of 8 frames through ViT-B, 4.9 of 11.9 GB).
 *
 * @param forward the value, and the tensors that the gradient needs
 * @param backward from the value's gradient and those tensors the gradient of each input
 */
export function withGradient(
  inputs: readonly Tensor[],
  forward: (...inputs: Tensor[]) => { readonly value: Tensor; readonly saved: Tensor[] },
  backward: (dy: Tensor, ...saved: Tensor[]) => Tensor[],
): Tensor {
  const op = tf.customGrad((...given) => {
    const save = given.pop() as unknown as (tensors: Tensor[]) => void;
    const { value, saved } = forward(...(given as Tensor[]));
    save(saved);
    return { value, gradFunc: (dy: Tensor, kept: Tensor[]) => tf.tidy(() => backward(dy, ...kept)) };
  });
  return op(...inputs);
}
