/**
 * The Swin Transformer, for images (Liu et al. 2021):
 *
 *   clip [B, 1, H, W, 3] 0-255 → normalise → patches p × p → tokens [B, N, D], LayerNorm
 *   → stages of blocks, between them patch merging (N / 4, 2D) → LayerNorm, mean of the tokens → features [B, 8D]
 *
 * Blocks are counted through all stages.
 */
import { layerNorm } from '../../tensor/ops/normalize.ts';
import { type Lookup, ones, type ParameterSpec, uniform, zeros } from '../../tensor/parameters.ts';
import { scope } from '../../tensor/scope.ts';
import { type Tensor, tf } from '../../tensor/tf.ts';
import { block } from '../block.ts';
import { normalizeClip, patchEmbedding } from '../embedding.ts';
import type { Forward } from '../forward.ts';
import type { TapsOf, WholeTaps } from '../taps.ts';
import { swinBlock, swinBlockParameters } from './block.ts';
import { mergePatches, mergingParameters } from './merging.ts';
import { lastWidth, SWIN_EPSILON, type SwinOptions, stagesOf } from './options.ts';

/** All parameters of the backbone but the last LayerNorm. Starting values are those of the paper's model. */
export function swinParameters(swin: SwinOptions): ParameterSpec[] {
  const { width: D, patch } = swin;
  const bound = 1 / Math.sqrt(3 * patch * patch);
  const specs: ParameterSpec[] = [
    { name: 'patch_embed.proj.weight', shape: [D, 3, 1, patch, patch], init: uniform(bound) },
    { name: 'patch_embed.proj.bias', shape: [D], init: uniform(bound) },
    { name: 'patch_embed.norm.weight', shape: [D], init: ones },
    { name: 'patch_embed.norm.bias', shape: [D], init: zeros },
  ];
  const stages = stagesOf(swin);
  for (const stage of stages) {
    for (let j = 0; j < stage.depth; j++) specs.push(...swinBlockParameters(stage.first + j, stage, swin.mlpRatio));
    if (stage.index < stages.length - 1) specs.push(...mergingParameters(stage));
  }
  return specs;
}

/** The LayerNorm before the pooling. */
export function swinPoolParameters(swin: SwinOptions): ParameterSpec[] {
  const D = lastWidth(swin);
  return [
    { name: 'norm.weight', shape: [D], init: ones },
    { name: 'norm.bias', shape: [D], init: zeros },
  ];
}

/** Features [B, D of the last stage] of clip [B, 1, H, W, 3] with values 0-255. */
export function swinFeatures(
  swin: SwinOptions,
  parameter: Lookup,
  clip: Tensor,
  tapsOf: TapsOf,
  forward: Forward,
  whole: WholeTaps = {},
): Tensor {
  const norm = (x: Tensor, name: string): Tensor =>
    layerNorm(x, parameter(`${name}.weight`), parameter(`${name}.bias`), SWIN_EPSILON);
  const embedded = patchEmbedding(normalizeClip(clip, swin.normalization), { ...swin, tubelet: 1 }, parameter);
  let x = norm(whole.embedded?.(embedded) ?? embedded, 'patch_embed.norm');
  x = whole.positioned?.(x) ?? x;
  const stages = stagesOf(swin);
  for (const stage of stages) {
    for (let i = stage.first; i < stage.first + stage.depth; i++) {
      const input = x;
      x = scope(`blocks.${i}`, () => block(input, i, swinBlock(swin, stage, i), parameter, tapsOf(i), forward));
    }
    if (stage.index < stages.length - 1) x = mergePatches(x, stage, parameter);
  }
  const pooled = tf.mean(norm(x, 'norm'), 1);
  return whole.pooled?.(pooled) ?? pooled;
}
