/** Patch merging between two stages: four neighbours become one token of twice the width. */
import { linear } from '../../tensor/ops/linear.ts';
import { layerNorm } from '../../tensor/ops/normalize.ts';
import { type Lookup, normal, ones, type ParameterSpec, zeros } from '../../tensor/parameters.ts';
import { type Tensor, tf } from '../../tensor/tf.ts';
import { SWIN_EPSILON, type SwinStage } from './options.ts';

/** Of the merging behind the stage. */
export function mergingParameters({ index, width }: SwinStage): ParameterSpec[] {
  const at = `merges.${index}`;
  return [
    { name: `${at}.norm.weight`, shape: [4 * width], init: ones },
    { name: `${at}.norm.bias`, shape: [4 * width], init: zeros },
    { name: `${at}.reduction.weight`, shape: [2 * width, 4 * width], init: normal(0.02) },
  ];
}

/**
 * x [B, N, D] → [B, N / 4, 2D]: the four side by side (above left, below left, above right, below right), a LayerNorm, and a
 * product without bias.
 */
export function mergePatches(x: Tensor, { index, side, width }: SwinStage, parameter: Lookup): Tensor {
  const own = (name: string): Tensor => parameter(`merges.${index}.${name}`);
  const batch = x.shape[0] as number;
  const half = side / 2;
  const cut = tf.reshape(x, [batch, half, 2, half, 2, width]);
  const four = tf.reshape(tf.transpose(cut, [0, 1, 3, 4, 2, 5]), [batch, half * half, 4 * width]);
  return linear(layerNorm(four, own('norm.weight'), own('norm.bias'), SWIN_EPSILON), own('reduction.weight'));
}
