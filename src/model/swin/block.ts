/** A Swin block: attention inside windows, which every second block shifts, with a bias for relative places. */
import { attention } from '../../tensor/ops/attention.ts';
import { gelu } from '../../tensor/ops/gelu.ts';
import { linear } from '../../tensor/ops/linear.ts';
import { layerNorm } from '../../tensor/ops/normalize.ts';
import { type Lookup, normal, ones, type ParameterSpec, zeros } from '../../tensor/parameters.ts';
import { type Tensor, tf } from '../../tensor/tf.ts';
import type { Forward, NoiseSpec } from '../block.ts';
import type { BlockTaps, LinearSite } from '../taps.ts';
import { SWIN_EPSILON, type SwinOptions, type SwinStage, swinDepth } from './options.ts';
import { rolled, scoreBias, windowsApart, windowsTogether } from './windows.ts';

export function swinBlockParameters(i: number, stage: SwinStage, mlpRatio: number): ParameterSpec[] {
  const { width: D, heads, window } = stage;
  const hidden = D * mlpRatio;
  const of = (
    name: string,
    shape: readonly number[],
    init = shape.length > 1 ? normal(0.02) : zeros,
  ): ParameterSpec => ({
    name: `blocks.${i}.${name}`,
    shape,
    init,
  });
  return [
    of('norm1.weight', [D], ones),
    of('norm1.bias', [D]),
    of('attn.relative_position_bias_table', [(2 * window - 1) ** 2, heads]),
    of('attn.qkv.weight', [3 * D, D]),
    of('attn.qkv.bias', [3 * D]),
    of('attn.proj.weight', [D, D]),
    of('attn.proj.bias', [D]),
    of('norm2.weight', [D], ones),
    of('norm2.bias', [D]),
    of('mlp.fc1.weight', [hidden, D]),
    of('mlp.fc1.bias', [hidden]),
    of('mlp.fc2.weight', [D, hidden]),
    of('mlp.fc2.bias', [D]),
  ];
}

/** Drop path rate of block i: 0 at the first, `dropPath` at the last. */
export function swinDropPathRate(swin: SwinOptions, i: number): number {
  const depth = swinDepth(swin);
  return depth === 1 ? swin.dropPath : (swin.dropPath * i) / (depth - 1);
}

/** The drop path masks of all blocks: [B, 2] each, for the attention branch and the MLP branch. */
export function swinDropPathNoise(swin: SwinOptions): NoiseSpec[] {
  return Array.from({ length: swinDepth(swin) }, (_, i) => ({
    name: `blocks.${i}.drop_path`,
    shape: [2],
    keep: 1 - swinDropPathRate(swin, i),
  })).filter(({ keep }) => keep < 1);
}

export function swinBlock(
  input: Tensor,
  i: number,
  stage: SwinStage,
  swin: SwinOptions,
  parameter: Lookup,
  taps: BlockTaps,
  forward: Forward,
): Tensor {
  const own = (name: string): Tensor => parameter(`blocks.${i}.${name}`);
  const norm = (x: Tensor, name: string): Tensor =>
    layerNorm(x, own(`${name}.weight`), own(`${name}.bias`), SWIN_EPSILON);
  const dense = (site: LinearSite, x: Tensor, name: string): Tensor => {
    const y = linear(x, own(`${name}.weight`), own(`${name}.bias`));
    return taps.linear?.(site, x, y) ?? y;
  };
  const keep = 1 - swinDropPathRate(swin, i);
  const dropPath = (branch: Tensor, which: 0 | 1): Tensor => {
    if (!forward.training || keep === 1) return branch;
    const mask = tf.slice(forward.noise(`blocks.${i}.drop_path`), [0, which], [branch.shape[0] as number, 1]);
    return tf.mul(branch, tf.div(tf.reshape(mask, [-1, 1, 1]), keep));
  };

  let x = taps.enter?.(input) ?? input;

  const normed = norm(x, 'norm1');
  const h = taps.attnIn?.(normed) ?? normed;
  const shift = (i - stage.first) % 2 === 1 ? stage.shift : 0;
  const shifted = shift === 0 ? h : rolled(h, stage.side, shift);
  const projected = dense('proj', windowAttention(shifted, stage, shift > 0, own, taps), 'attn.proj');
  const mixed = shift === 0 ? projected : rolled(projected, stage.side, stage.side - shift);
  const attended = dropPath(taps.attnOut?.(mixed) ?? mixed, 0);
  const attnBypass = taps.attnBypass?.(x, normed);
  x = tf.add(x, attnBypass === undefined ? attended : tf.add(attended, attnBypass));

  const normed2 = norm(x, 'norm2');
  const h2 = taps.mlpIn?.(normed2) ?? normed2;
  const dropped = dropPath(dense('fc2', gelu(dense('fc1', h2, 'mlp.fc1')), 'mlp.fc2'), 1);
  const m = taps.mlpOut?.(dropped) ?? dropped;
  const mlpBypass = taps.mlpBypass?.(x, normed2);
  x = tf.add(x, mlpBypass === undefined ? m : tf.add(m, mlpBypass));

  return taps.exit?.(x) ?? x;
}

function windowAttention(h: Tensor, stage: SwinStage, isShifted: boolean, own: Lookup, taps: BlockTaps): Tensor {
  const fused = linear(h, own('attn.qkv.weight'), own('attn.qkv.bias'));
  const thirds = tf.split(fused, 3, 2);
  const third = (site: 'q' | 'k' | 'v', at: 0 | 1 | 2): Tensor => {
    const plain = thirds[at] as Tensor;
    return taps.linear?.(site, h, plain) ?? plain;
  };
  const apart = (x: Tensor): Tensor => windowsApart(x, stage);
  const q = tf.mul(third('q', 0), (stage.width / stage.heads) ** -0.5);
  const bias = scoreBias(own('attn.relative_position_bias_table'), stage, isShifted);
  return windowsTogether(attention(apart(q), apart(third('k', 1)), apart(third('v', 2)), bias), stage);
}
