import { type Tensor, tf } from './tf.ts';

/**
 * An operation that some backends have as one kernel; on the others it is what `decomposition` writes. The decomposition
 * is the definition.
 */
export function composite(
  kernel: string,
  inputs: Readonly<Record<string, Tensor>>,
  decomposition: () => Tensor[],
): Tensor[] {
  if (tf.getKernel(kernel, tf.getBackend()) === undefined) return decomposition();
  const made = tf.engine().runKernel(kernel, { ...inputs }) as Tensor | Tensor[];
  return Array.isArray(made) ? made : [made];
}
