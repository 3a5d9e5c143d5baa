/** What fixes a Vision Transformer: its sizes and the points in which VideoMAE, AdaptFormer and MAE differ. */

/** Mean and standard deviation of R, G, B, of pixels in [0, 1]. */
export interface Normalization {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

export const NORMALIZATIONS = {
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  half: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  clip: { mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711] },
  none: { mean: [0, 0, 0], std: [1, 1, 1] },
} as const satisfies Record<string, Normalization>;

export interface VitOptions {
  /** T; 1 for images. */
  readonly frames: number;
  /** Side of the square input in pixels. */
  readonly size: number;
  /** p, side of a patch in pixels. */
  readonly patch: number;
  /** t, frames of a tubelet. */
  readonly tubelet: number;
  /** D. */
  readonly width: number;
  readonly depth: number;
  /** Attention heads of a block. */
  readonly heads: number;
  /** Hidden width of the MLP, in multiples of D. */
  readonly mlpRatio: number;
  /** `qv`: VideoMAE's q_bias and v_bias, no key bias; `qkv`: one bias for all three. */
  readonly bias: 'qv' | 'qkv';
  /** `sincos`: VideoMAE's fixed table; `learned`: `pos_embed`, a parameter of the backbone. */
  readonly positions: 'sincos' | 'learned';
  readonly clsToken: boolean;
  /** `mean`: mean of the patch tokens, then fc_norm; `cls`: norm, then token 0. */
  readonly pool: 'mean' | 'cls';
  /**
   * `joint`: every token attends to all of the clip (VideoMAE). `per-frame`: to its own frame alone, which has a class token
   * and positions of its own, as an image backbone takes frames (AIM, ST-Adapter).
   */
  readonly attention: 'joint' | 'per-frame';
  /** Drop path rate of the last block; rises linearly from 0 at the first. */
  readonly dropPath: number;
  readonly normalization: Normalization;
}

/** ε of every LayerNorm of the backbone (VideoMAE, MAE and AdaptFormer alike). */
export const LAYER_NORM_EPSILON = 1e-6;

export const SIZES = {
  tiny: { width: 192, depth: 12, heads: 3, mlpRatio: 4 },
  small: { width: 384, depth: 12, heads: 6, mlpRatio: 4 },
  base: { width: 768, depth: 12, heads: 12, mlpRatio: 4 },
  large: { width: 1024, depth: 24, heads: 16, mlpRatio: 4 },
  huge: { width: 1280, depth: 32, heads: 16, mlpRatio: 4 },
} as const;

/** Patches along time, rows and columns. */
export interface Grid {
  readonly time: number;
  readonly rows: number;
  readonly columns: number;
}

/** Tokens along time, rows and columns. */
export function gridOf(vit: VitOptions): Grid {
  const side = vit.size / vit.patch;
  return { time: Math.max(1, vit.frames / vit.tubelet), rows: side, columns: side };
}

/** Groups of tokens that attention keeps apart: the frames under `per-frame`, else 1. */
export function groupsOf(vit: VitOptions): number {
  return vit.attention === 'per-frame' ? gridOf(vit).time : 1;
}

/** Tokens of one group, class token included: the rows of a table of positions. */
export function tokensOfGroup(vit: VitOptions): number {
  const { time, rows, columns } = gridOf(vit);
  return (time / groupsOf(vit)) * rows * columns + (vit.clsToken ? 1 : 0);
}

/** N, the tokens of a clip, class tokens included. */
export function tokensOf(vit: VitOptions): number {
  return groupsOf(vit) * tokensOfGroup(vit);
}
