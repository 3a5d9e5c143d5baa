import type { Tensor } from '../tensor/tf.ts';

/** The linear layers of a block; q, k and v are the thirds of the fused projection. */
export type LinearSite = 'q' | 'k' | 'v' | 'proj' | 'fc1' | 'fc2';

/**
 * The places where a method touches a block. x is the residual stream [B, N, D], h the normalised input of a branch.
 * Drop path acts on the branch alone: a bypass is added outside it, and `mlpOut` sees what it left.
 */
export interface BlockTaps {
  /** Before the block; may lengthen the sequence. */
  readonly enter?: (x: Tensor, inside: BlockInside) => Tensor;
  /** After norm1, before q, k, v. */
  readonly attnIn?: (h: Tensor) => Tensor;
  /** After attention and its projection. */
  readonly attnOut?: (a: Tensor) => Tensor;
  /** Added to attention's output. */
  readonly attnBypass?: (x: Tensor, h: Tensor) => Tensor;
  /** The residual stream between the two halves, before norm2. */
  readonly midway?: (x: Tensor) => Tensor;
  /** After norm2, before fc1. */
  readonly mlpIn?: (h: Tensor) => Tensor;
  /** After the MLP. */
  readonly mlpOut?: (m: Tensor) => Tensor;
  /** Added to the MLP's output. */
  readonly mlpBypass?: (x: Tensor, h: Tensor) => Tensor;
  /** After the block; undoes what `enter` did to the sequence. */
  readonly exit?: (x: Tensor) => Tensor;
  /** At each linear layer: its input [B, N, in] and output [B, N, out] → the output to go on with. */
  readonly linear?: (site: LinearSite, input: Tensor, output: Tensor) => Tensor;
}

/** What a block lends to `enter`: parts of itself, without taps. */
export interface BlockInside {
  /** norm1 of x [B, N, D]. */
  readonly norm1: (x: Tensor) => Tensor;
  /** The block's attention and projection, where each token attends to those at its place in all groups: h [B, N, D]. */
  readonly attendAcross: (h: Tensor) => Tensor;
}

/** The places outside the blocks. */
export interface WholeTaps {
  /** After the patch embedding, before class tokens and positions: [B, patches, D]. */
  readonly embedded?: (x: Tensor) => Tensor;
  /** After the positions, before the first block: [B, N, D]. */
  readonly positioned?: (x: Tensor) => Tensor;
  /** After pooling and its norm: [B, D]. */
  readonly pooled?: (features: Tensor) => Tensor;
}

/** The taps of block i. */
export type TapsOf = (block: number) => BlockTaps;

export const noTaps: TapsOf = () => ({});
