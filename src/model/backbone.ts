/** What every backbone offers: its parameters, its features, and the shapes of its blocks. */
import type { Lookup, ParameterSpec } from '../tensor/parameters.ts';
import type { Tensor } from '../tensor/tf.ts';
import { dropPathNoise as dropPathMasks, dropPathRate as rateOfBlock } from './block.ts';
import type { Forward, NoiseSpec } from './forward.ts';
import { type Grid, gridOf, groupsOf, type VitOptions } from './options.ts';
import { lastWidth, type SwinOptions, stagesOf, swinDepth } from './swin/options.ts';
import { swinFeatures, swinParameters, swinPoolParameters } from './swin/swin.ts';
import type { TapsOf, WholeTaps } from './taps.ts';
import {
  features as vitFeatures,
  backboneParameters as vitParameters,
  poolParameters as vitPoolParameters,
} from './vit.ts';

export type BackboneOptions = VitOptions | SwinOptions;

/** Whether this is a Swin Transformer: its blocks differ in width and grid, and attention stays in windows. */
export function isSwin(backbone: BackboneOptions): backbone is SwinOptions {
  return 'window' in backbone;
}

/** What a method may know of a block. Its tokens [B, N, D] are `groups` × (`prefix` + the patches of `grid`). */
export interface BlockShape {
  /** D. */
  readonly width: number;
  /** Hidden width of the MLP. */
  readonly hidden: number;
  /** Blocks of one stage have one width and one grid; a ViT has a single stage, 0. */
  readonly stage: number;
  /** Groups of tokens that attention keeps apart: frames, where attention is per frame, else 1. */
  readonly groups: number;
  /** Class tokens in front of the patches of each group. */
  readonly prefix: number;
  /** Patches of a group, time slowest, then row, then column. */
  readonly grid: Grid;
}

/** The blocks of a backbone, in the order in which they are computed. */
export function blockShapes(backbone: BackboneOptions): readonly BlockShape[] {
  if (isSwin(backbone)) return swinBlockShapes(backbone);
  const groups = groupsOf(backbone);
  const { time, rows, columns } = gridOf(backbone);
  const shape = {
    width: backbone.width,
    hidden: backbone.width * backbone.mlpRatio,
    stage: 0,
    groups,
    prefix: backbone.clsToken ? 1 : 0,
    grid: { time: time / groups, rows, columns },
  };
  return Array.from({ length: backbone.depth }, () => shape);
}

function swinBlockShapes(swin: SwinOptions): BlockShape[] {
  return stagesOf(swin).flatMap(({ index, width, side, depth }) =>
    Array<BlockShape>(depth).fill({
      width,
      hidden: width * swin.mlpRatio,
      stage: index,
      groups: 1,
      prefix: 0,
      grid: { time: 1, rows: side, columns: side },
    }),
  );
}

/** N of a block, class tokens included. */
export function blockTokens({ groups, prefix, grid }: BlockShape): number {
  return groups * (prefix + grid.time * grid.rows * grid.columns);
}

/** All parameters of the backbone but those of `poolParameters`. */
export function backboneParameters(backbone: BackboneOptions): ParameterSpec[] {
  return isSwin(backbone) ? swinParameters(backbone) : vitParameters(backbone);
}

/** The LayerNorm at the pooling. */
export function poolParameters(backbone: BackboneOptions): ParameterSpec[] {
  return isSwin(backbone) ? swinPoolParameters(backbone) : vitPoolParameters(backbone);
}

/** Whether that LayerNorm is new to the weights and trained with the head under every method (VideoMAE's `fc_norm`). */
export function poolIsTrained(backbone: BackboneOptions): boolean {
  return !isSwin(backbone) && backbone.pool === 'mean';
}

/** D of `features`. */
export function featureWidth(backbone: BackboneOptions): number {
  return isSwin(backbone) ? lastWidth(backbone) : backbone.width;
}

/** Features [B, D] of clip [B, T, H, W, 3] with values 0-255. */
export function features(
  backbone: BackboneOptions,
  parameter: Lookup,
  clip: Tensor,
  tapsOf: TapsOf,
  forward: Forward,
  whole: WholeTaps = {},
): Tensor {
  return isSwin(backbone)
    ? swinFeatures(backbone, parameter, clip, tapsOf, forward, whole)
    : vitFeatures(backbone, parameter, clip, tapsOf, forward, whole);
}

/** The drop path masks of all blocks. */
export function dropPathNoise(backbone: BackboneOptions): NoiseSpec[] {
  return dropPathMasks(depthOf(backbone));
}

/** Drop path rate of block i. */
export function dropPathRate(backbone: BackboneOptions, i: number): number {
  return rateOfBlock(depthOf(backbone), i);
}

function depthOf(backbone: BackboneOptions): { readonly depth: number; readonly dropPath: number } {
  return { depth: isSwin(backbone) ? swinDepth(backbone) : backbone.depth, dropPath: backbone.dropPath };
}
