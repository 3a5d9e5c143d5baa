/**
 * The one Vision Transformer, for video and image (VideoMAE, Tong et al. 2022; ViT, Dosovitskiy et al. 2021).
 *
 *   clip [B, T, H, W, 3] 0-255 → normalise → tubelets t × p × p → tokens [B, N, D] + positions
 *   → blocks → mean of the patch tokens, fc_norm; or norm, class token → features [B, D]
 *
 * An image is a clip with T = 1. Under a tubelet of more frames it fills the tubelet by repetition.
 * Where attention is per frame, tokens are frame by frame, each with its class token and the same positions.
 */
import { sizeOf } from '../tensor/host.ts';
import { layerNorm } from '../tensor/ops/normalize.ts';
import { type Lookup, normal, ones, type ParameterSpec, uniform, zeros } from '../tensor/parameters.ts';
import { scope } from '../tensor/scope.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { block, blockParameters } from './block.ts';
import { normalizeClip, patchEmbedding } from './embedding.ts';
import type { Forward } from './forward.ts';
import { gridOf, groupsOf, LAYER_NORM_EPSILON, tokensOf, tokensOfGroup, type VitOptions } from './options.ts';
import { sineCosineTable } from './positions.ts';
import type { TapsOf, WholeTaps } from './taps.ts';
import { vitBlock } from './vit-attention.ts';

/**
 * All parameters of the backbone. Starting values are those of VideoMAE's fine-tuning model; the norm behind the pooling
 * (`fc_norm` or `norm`) is in `poolParameters`.
 */
export function backboneParameters(vit: VitOptions): ParameterSpec[] {
  const { width: D, patch, tubelet } = vit;
  const bound = 1 / Math.sqrt(3 * tubelet * patch * patch);
  const specs: ParameterSpec[] = [
    { name: 'patch_embed.proj.weight', shape: [D, 3, tubelet, patch, patch], init: uniform(bound) },
    { name: 'patch_embed.proj.bias', shape: [D], init: uniform(bound) },
  ];
  if (vit.clsToken) specs.push({ name: 'cls_token', shape: [1, 1, D], init: normal(0.02) });
  if (vit.positions === 'learned')
    specs.push({ name: 'pos_embed', shape: [1, tokensOfGroup(vit), D], init: normal(0.02) });
  for (let i = 0; i < vit.depth; i++) specs.push(...blockParameters(vit, i));
  return specs;
}

/** The LayerNorm behind the pooling. Pre-trained VideoMAE weights lack `fc_norm`: it is trained with the head. */
export function poolParameters(vit: VitOptions): ParameterSpec[] {
  const name = vit.pool === 'mean' ? 'fc_norm' : 'norm';
  return [
    { name: `${name}.weight`, shape: [vit.width], init: ones },
    { name: `${name}.bias`, shape: [vit.width], init: zeros },
  ];
}

/** Features [B, D] of clip [B, T, H, W, 3] with values 0-255. */
export function features(
  vit: VitOptions,
  parameter: Lookup,
  clip: Tensor,
  tapsOf: TapsOf,
  forward: Forward,
  whole: WholeTaps = {},
): Tensor {
  const D = vit.width;
  const groups = groupsOf(vit);
  const patches = patchEmbedding(normalizeClip(clip, vit.normalization), vit, parameter);
  const batch = patches.shape[0] as number;
  let x = tf.reshape(whole.embedded?.(patches) ?? patches, [batch * groups, -1, D]);
  if (vit.clsToken) x = tf.concat([tf.tile(parameter('cls_token'), [batch * groups, 1, 1]), x], 1);
  x = tf.add(x, vit.positions === 'learned' ? parameter('pos_embed') : fixedPositions(vit));
  x = tf.reshape(x, [batch, tokensOf(vit), D]);
  x = whole.positioned?.(x) ?? x;
  for (let i = 0; i < vit.depth; i++) {
    const input = x;
    x = scope(`blocks.${i}`, () => block(input, i, vitBlock(vit, i), parameter, tapsOf(i), forward));
  }
  const pooled = pool(vit, x, parameter);
  return whole.pooled?.(pooled) ?? pooled;
}

/** [B, N, D] → [B, D]. */
function pool(vit: VitOptions, x: Tensor, parameter: Lookup): Tensor {
  const [batch, , D] = x.shape as [number, number, number];
  const groups = groupsOf(vit);
  const norm = (y: Tensor, name: 'norm' | 'fc_norm'): Tensor =>
    layerNorm(y, parameter(`${name}.weight`), parameter(`${name}.bias`), LAYER_NORM_EPSILON);
  const places = tokensOfGroup(vit);
  const byGroup = tf.reshape(x, [batch, groups, places, D]);
  if (vit.pool === 'cls') {
    const cls = norm(tf.reshape(tf.slice(byGroup, [0, 0, 0, 0], [batch, groups, 1, D]), [batch, groups, D]), 'norm');
    return groups === 1 ? tf.reshape(cls, [batch, D]) : tf.mean(cls, 1);
  }
  const patches = vit.clsToken ? tf.slice(byGroup, [0, 0, 1, 0], [batch, groups, places - 1, D]) : byGroup;
  return norm(tf.mean(tf.reshape(patches, [batch, -1, D]), 1), 'fc_norm');
}

/** VideoMAE's table as a constant; a class token, which VideoMAE has not, gets a row of zeros (MAE's choice). */
function fixedPositions(vit: VitOptions): Tensor {
  const { time, rows, columns } = gridOf(vit);
  const patches = sizeOf([time / groupsOf(vit), rows, columns]);
  const table = tf.tensor(sineCosineTable(patches, vit.width), [1, patches, vit.width]);
  return vit.clsToken ? tf.concat([tf.zeros([1, 1, vit.width]), table], 1) : table;
}
