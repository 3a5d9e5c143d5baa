/** Random masks of methods: dropout of numbers, drop path of whole branches. */
import { z } from 'zod';
import { type BackboneOptions, dropPathRate } from '../model/backbone.ts';
import type { Forward, NoiseSpec } from '../model/forward.ts';
import { type Tensor, tf } from '../tensor/tf.ts';

/** A place where numbers are dropped in training, and the others divided by the probability of being kept. */
export interface Dropping {
  /** The masks that it needs: one, or none at a rate of 0. */
  readonly noise: readonly NoiseSpec[];
  apply(x: Tensor, forward: Forward): Tensor;
}

/** @param shape of what is dropped, without the batch axis */
export function dropout(name: string, shape: readonly number[], rate: number): Dropping {
  return {
    noise: rate === 0 ? [] : [{ name, shape, keep: 1 - rate }],
    apply: (x, forward) => (forward.training && rate > 0 ? tf.mul(x, tf.div(forward.noise(name), 1 - rate)) : x),
  };
}

/** Drop path of a method's own branch [B, N, D] in block i, at the rate that the block has, but drawn apart from it. */
export function branchDropPath(name: string, backbone: BackboneOptions, i: number): Dropping {
  return dropout(name, [1, 1], dropPathRate(backbone, i));
}

/** The `dropout` option of a method, with its default. */
export const dropoutOption = (rate: number, what: string) => z.number().min(0).lt(1).default(rate).describe(what);
