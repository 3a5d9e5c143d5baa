/** What a forward pass is told beside parameters and clips. */
import type { Tensor } from '../tensor/tf.ts';

/** A random mask of the step, drawn outside it: 1 with probability `keep`, else 0. */
export interface NoiseSpec {
  readonly name: string;
  /** Without the batch axis, which comes first. */
  readonly shape: readonly number[];
  readonly keep: number;
}
/** The mask of a name, [B, ...shape]. */
export type Noise = (name: string) => Tensor;

export interface Forward {
  readonly training: boolean;
  /** The random masks of this step (drop path, dropout), by name; only asked for in training. */
  readonly noise: Noise;
}
