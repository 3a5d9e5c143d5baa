/** The tokens of a block [B, N, D] as what they stand for: class tokens, and patches in time, rows and columns. */
import type { BlockShape } from '../model/backbone.ts';
import { type Tensor, tf } from '../tensor/tf.ts';

export interface Split {
  /** Class tokens [B, groups, prefix, C]; absent where there are none. */
  readonly prefix: Tensor | undefined;
  /** Patches [B, T, rows, columns, C]: all groups one after the other in time. */
  readonly patches: Tensor;
}

/** @param x [B, N, C] with the tokens of a block of this shape, of any width C */
export function splitPrefix(x: Tensor, { groups, prefix, grid }: BlockShape): Split {
  const [batch, , C] = x.shape as [number, number, number];
  const { time, rows, columns } = grid;
  const inGrid = (patches: Tensor): Tensor => tf.reshape(patches, [batch, groups * time, rows, columns, C]);
  if (prefix === 0) return { prefix: undefined, patches: inGrid(x) };
  const count = time * rows * columns;
  const byGroup = tf.reshape(x, [batch, groups, prefix + count, C]);
  return {
    prefix: tf.slice(byGroup, [0, 0, 0, 0], [batch, groups, prefix, C]),
    patches: inGrid(tf.slice(byGroup, [0, 0, prefix, 0], [batch, groups, count, C])),
  };
}

/** The reverse of `splitPrefix`: [B, N, C]. */
export function withPrefix(prefix: Tensor | undefined, patches: Tensor, { groups, grid }: BlockShape): Tensor {
  const [batch, , , , C] = patches.shape as [number, number, number, number, number];
  const { time, rows, columns } = grid;
  const byGroup = tf.reshape(patches, [batch, groups, time * rows * columns, C]);
  return tf.reshape(prefix === undefined ? byGroup : tf.concat([prefix, byGroup], 2), [batch, -1, C]);
}
