/** Pixels to tokens: normalisation and tubelet embedding. */
import type { Lookup } from '../tensor/parameters.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import type { Normalization, VitOptions } from './options.ts';

/** (clip / 255 − mean) / std for clip [B, T, H, W, 3] with values 0-255. */
export function normalizeClip(clip: Tensor, { mean, std }: Normalization): Tensor {
  const scale = tf.tensor1d(std.map((s) => 1 / (255 * s)));
  const shift = tf.tensor1d(mean.map((m, i) => -m / (std[i] as number)));
  return tf.add(tf.mul(clip, scale), shift);
}

/**
 * Tubelet embedding: a 3-D convolution whose kernel equals its stride, written as one matrix product.
 * clip [B, T, H, W, 3] → [B, T/t · H/p · W/p, D], time slowest, then row, then column.
 *
 * Tubelets are gathered in the order (t, row, column, channel), for which six axes do; the weight [D, 3, t, p, p] is
 * permuted to match, which is small and, under a compiled frozen backbone, done once.
 */
export function patchEmbedding(
  clip: Tensor,
  vit: Pick<VitOptions, 'tubelet' | 'patch' | 'width'>,
  parameter: Lookup,
): Tensor {
  const { tubelet: t, patch: p, width: D } = vit;
  const whole = (clip.shape[1] as number) === 1 && t > 1 ? tf.tile(clip, [1, t, 1, 1, 1]) : clip;
  const [batch, frames, height, width] = whole.shape as [number, number, number, number];
  const [time, rows, columns] = [frames / t, height / p, width / p];
  const gathered = tf.transpose(tf.reshape(whole, [batch * time, t, rows, p, columns, p * 3]), [0, 2, 4, 1, 3, 5]);
  const tubelets = tf.reshape(gathered, [batch * time * rows * columns, t * p * p * 3]);
  const weight = tf.reshape(tf.transpose(parameter('patch_embed.proj.weight'), [0, 2, 3, 4, 1]), [D, t * p * p * 3]);
  const tokens = tf.add(tf.matMul(tubelets, weight as never, false, true), parameter('patch_embed.proj.bias'));
  return tf.reshape(tokens, [batch, time * rows * columns, D]);
}
