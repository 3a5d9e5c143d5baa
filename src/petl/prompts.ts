/** Prompts: trainable tokens before all others of a group (Jia et al., ECCV 2022). Their order does not matter to attention. */
import { z } from 'zod';
import type { VitOptions } from '../model/options.ts';
import { type Init, uniform } from '../tensor/parameters.ts';
import { type Tensor, tf } from '../tensor/tf.ts';

/** The `init` option of a method with prompts, with its default. */
export const promptsInitOption = (usual: 'xavier' | 'patch') =>
  z
    .enum(['xavier', 'patch'])
    .default(usual)
    .describe(
      'Prompts start uniform within √(6 / ((P + 1) · D)) (xavier, AdaptFormer), or within √(6 / (3 · p² + D)) for patches of p pixels (patch, VPT)',
    );

/** How P prompts of a block start. */
export function promptsInit(init: 'xavier' | 'patch', P: number, { width: D, patch }: VitOptions): Init {
  return uniform(Math.sqrt(6 / (init === 'xavier' ? (P + 1) * D : 3 * patch ** 2 + D)));
}

/**
 * x [B, groups · n, D] → [B, groups · (P + n), D].
 * @param prompts [1, P, D]
 * @param drop what becomes of them for each clip, [B, P, D]
 */
export function insertPrompts(x: Tensor, prompts: Tensor, groups: number, drop: (prompts: Tensor) => Tensor): Tensor {
  const [batch, tokens, D] = x.shape as [number, number, number];
  const P = prompts.shape[1] as number;
  const each = drop(tf.tile(prompts, [batch, 1, 1]));
  if (groups === 1) return tf.concat([each, x], 1);
  const everywhere = tf.tile(tf.reshape(each, [batch, 1, P, D]), [1, groups, 1, 1]);
  const whole = tf.concat([everywhere, tf.reshape(x, [batch, groups, tokens / groups, D])], 2);
  return tf.reshape(whole, [batch, tokens + groups * P, D]);
}

/** The reverse: drops the P first tokens of each group. */
export function removePrompts(x: Tensor, P: number, groups: number): Tensor {
  const [batch, tokens, D] = x.shape as [number, number, number];
  if (groups === 1) return tf.slice(x, [0, P, 0], [batch, tokens - P, D]);
  const n = tokens / groups - P;
  const kept = tf.slice(tf.reshape(x, [batch, groups, n + P, D]), [0, 0, P, 0], [batch, groups, n, D]);
  return tf.reshape(kept, [batch, groups * n, D]);
}
