/** What fixes a Swin Transformer for images (Liu et al., ICCV 2021, arXiv:2103.14030), and what follows for its stages. */
import type { Normalization } from '../options.ts';

export interface SwinOptions {
  /** T: a Swin takes images. */
  readonly frames: 1;
  /** Side of the square input in pixels. */
  readonly size: number;
  /** p, side of a patch in pixels. */
  readonly patch: number;
  /** Side of a window in tokens; a stage whose grid is no larger has one window, of its grid. */
  readonly window: number;
  /** D of the first stage; each merging of patches doubles it. */
  readonly width: number;
  /** Blocks of each stage. */
  readonly depths: readonly number[];
  /** Attention heads of the blocks of each stage. */
  readonly heads: readonly number[];
  /** Hidden width of the MLP, in multiples of D. */
  readonly mlpRatio: number;
  /** Drop path rate of the last block; rises linearly from 0 at the first, over all stages. */
  readonly dropPath: number;
  readonly normalization: Normalization;
}

/** ε of every LayerNorm. */
export const SWIN_EPSILON = 1e-5;

export const SWIN_SIZES = {
  tiny: { width: 96, depths: [2, 2, 6, 2], heads: [3, 6, 12, 24], mlpRatio: 4 },
  small: { width: 96, depths: [2, 2, 18, 2], heads: [3, 6, 12, 24], mlpRatio: 4 },
  base: { width: 128, depths: [2, 2, 18, 2], heads: [4, 8, 16, 32], mlpRatio: 4 },
  large: { width: 192, depths: [2, 2, 18, 2], heads: [6, 12, 24, 48], mlpRatio: 4 },
} as const;

/** The blocks between two mergings. */
export interface SwinStage {
  readonly index: number;
  /** D. */
  readonly width: number;
  readonly heads: number;
  /** Index of its first block among all. */
  readonly first: number;
  readonly depth: number;
  /** Tokens along a side of the grid. */
  readonly side: number;
  /** Tokens along a side of a window. */
  readonly window: number;
  /** How far every second block shifts its windows, towards the origin; 0 where one window is all. */
  readonly shift: number;
}

export function stagesOf({ size, patch, window, width, depths, heads }: SwinOptions): readonly SwinStage[] {
  return depths.map((depth, index) => {
    const side = size / patch / 2 ** index;
    const single = side <= window;
    return {
      index,
      width: width * 2 ** index,
      heads: heads[index] as number,
      first: depths.slice(0, index).reduce((sum, blocks) => sum + blocks, 0),
      depth,
      side,
      window: single ? side : window,
      shift: single ? 0 : Math.floor(window / 2),
    };
  });
}

/** The blocks of all stages. */
export function swinDepth({ depths }: Pick<SwinOptions, 'depths'>): number {
  return depths.reduce((sum, blocks) => sum + blocks, 0);
}

/** D of the last stage, and of the features. */
export function lastWidth({ width, depths }: Pick<SwinOptions, 'width' | 'depths'>): number {
  return width * 2 ** (depths.length - 1);
}

/** What keeps windows from tiling the grids, in words; undefined where they do. */
export function gridFault(swin: Pick<SwinOptions, 'size' | 'patch' | 'window' | 'depths'>): string | undefined {
  const { size, patch, window, depths } = swin;
  if (size % patch !== 0) return `a picture of ${size} pixels does not divide into patches of ${patch}`;
  for (const index of depths.keys()) {
    const side = size / patch / 2 ** index;
    if (!Number.isInteger(side)) {
      return `the grid of ${side * 2} × ${side * 2} tokens of stage ${index - 1} cannot be merged in twos`;
    }
    if (side > window && side % window !== 0) {
      return `the grid of ${side} × ${side} tokens of stage ${index} does not divide into windows of ${window} × ${window}`;
    }
  }
  return undefined;
}
