/** One pre-norm transformer block, with taps: x + attention(norm1 x), then x + MLP(norm2 x). Shapes [B, N, D]. */
import { attention } from '../tensor/ops/attention.ts';
import { gelu } from '../tensor/ops/gelu.ts';
import { linear } from '../tensor/ops/linear.ts';
import { layerNorm } from '../tensor/ops/normalize.ts';
import { type Lookup, normal, ones, type ParameterSpec, zeros } from '../tensor/parameters.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import type { Forward, NoiseSpec } from './forward.ts';
import { groupsOf, LAYER_NORM_EPSILON, type VitOptions } from './options.ts';
import type { BlockInside, BlockTaps, LinearSite } from './taps.ts';

export function blockParameters(vit: VitOptions, i: number): ParameterSpec[] {
  const { width: D } = vit;
  const hidden = D * vit.mlpRatio;
  const of = (
    name: string,
    shape: readonly number[],
    init = shape.length > 1 ? normal(0.02) : zeros,
  ): ParameterSpec => ({
    name: `blocks.${i}.${name}`,
    shape,
    init,
  });
  const bias = vit.bias === 'qv' ? [of('attn.q_bias', [D]), of('attn.v_bias', [D])] : [of('attn.qkv.bias', [3 * D])];
  return [
    of('norm1.weight', [D], ones),
    of('norm1.bias', [D]),
    of('attn.qkv.weight', [3 * D, D]),
    ...bias,
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
export function dropPathRate(vit: VitOptions, i: number): number {
  return vit.depth === 1 ? vit.dropPath : (vit.dropPath * i) / (vit.depth - 1);
}

/** The drop path masks of all blocks: [B, 2] each, for the attention branch and the MLP branch. */
export function dropPathNoise(vit: VitOptions): NoiseSpec[] {
  return Array.from({ length: vit.depth }, (_, i) => ({
    name: `blocks.${i}.drop_path`,
    shape: [2],
    keep: 1 - dropPathRate(vit, i),
  })).filter(({ keep }) => keep < 1);
}

export function block(
  input: Tensor,
  i: number,
  vit: VitOptions,
  parameter: Lookup,
  taps: BlockTaps,
  forward: Forward,
): Tensor {
  const own = (name: string): Tensor => parameter(`blocks.${i}.${name}`);
  const norm = (x: Tensor, name: string): Tensor =>
    layerNorm(x, own(`${name}.weight`), own(`${name}.bias`), LAYER_NORM_EPSILON);
  const dense = (site: LinearSite, x: Tensor, name: string): Tensor => {
    const y = linear(x, own(`${name}.weight`), own(`${name}.bias`));
    return taps.linear?.(site, x, y) ?? y;
  };
  const keep = 1 - dropPathRate(vit, i);
  const dropPath = (branch: Tensor, which: 0 | 1): Tensor => {
    if (!forward.training || keep === 1) return branch;
    const mask = tf.slice(forward.noise(`blocks.${i}.drop_path`), [0, which], [branch.shape[0] as number, 1]);
    return tf.mul(branch, tf.div(tf.reshape(mask, [-1, 1, 1]), keep));
  };

  const inside: BlockInside = {
    norm1: (y) => norm(y, 'norm1'),
    attendAcross: (h) =>
      linear(heads(h, vit, own, {}, acrossGroups(h, vit)), own('attn.proj.weight'), own('attn.proj.bias')),
  };
  let x = taps.enter?.(input, inside) ?? input;

  const normed = norm(x, 'norm1');
  const h = taps.attnIn?.(normed) ?? normed;
  const mixed = dense('proj', heads(h, vit, own, taps, withinGroups(h, vit)), 'attn.proj');
  const attended = dropPath(taps.attnOut?.(mixed) ?? mixed, 0);
  const attnBypass = taps.attnBypass?.(x, normed);
  x = tf.add(x, attnBypass === undefined ? attended : tf.add(attended, attnBypass));

  x = taps.midway?.(x) ?? x;
  const normed2 = norm(x, 'norm2');
  const h2 = taps.mlpIn?.(normed2) ?? normed2;
  const dropped = dropPath(dense('fc2', gelu(dense('fc1', h2, 'mlp.fc1')), 'mlp.fc2'), 1);
  const m = taps.mlpOut?.(dropped) ?? dropped;
  const mlpBypass = taps.mlpBypass?.(x, normed2);
  x = tf.add(x, mlpBypass === undefined ? m : tf.add(m, mlpBypass));

  return taps.exit?.(x) ?? x;
}

/** Which tokens attend to each other: [B, N, D] → [rows, heads, tokens, D / heads], and back. */
interface Heads {
  readonly apart: (x: Tensor) => Tensor;
  readonly together: (x: Tensor) => Tensor;
}

/** The tokens of a group to each other. */
function withinGroups({ shape }: Tensor, vit: VitOptions): Heads {
  const [batch, tokens, D] = shape as [number, number, number];
  const groups = groupsOf(vit);
  return {
    apart: (x) =>
      tf.transpose(tf.reshape(x, [batch * groups, tokens / groups, vit.heads, D / vit.heads]), [0, 2, 1, 3]),
    together: (o) => tf.reshape(tf.transpose(o, [0, 2, 1, 3]), [batch, tokens, D]),
  };
}

/** The tokens at one place of all groups to each other. */
function acrossGroups({ shape }: Tensor, vit: VitOptions): Heads {
  const [batch, tokens, D] = shape as [number, number, number];
  const groups = groupsOf(vit);
  const places = tokens / groups;
  const perHead = D / vit.heads;
  return {
    apart: (x) =>
      tf.reshape(tf.transpose(tf.reshape(x, [batch, groups, places, vit.heads, perHead]), [0, 2, 3, 1, 4]), [
        batch * places,
        vit.heads,
        groups,
        perHead,
      ]),
    together: (o) =>
      tf.reshape(tf.transpose(tf.reshape(o, [batch, places, vit.heads, groups, perHead]), [0, 3, 1, 2, 4]), [
        batch,
        tokens,
        D,
      ]),
  };
}

/** Multi-head attention before its projection: h [B, N, D] → [B, N, D]. One product makes q, k and v. */
function heads(h: Tensor, vit: VitOptions, own: Lookup, taps: BlockTaps, { apart, together }: Heads): Tensor {
  const D = vit.width;
  const bias =
    vit.bias === 'qkv' ? own('attn.qkv.bias') : tf.concat([own('attn.q_bias'), tf.zeros([D]), own('attn.v_bias')]);
  const fused = linear(h, own('attn.qkv.weight'), bias);
  const thirds = tf.split(fused, 3, 2);
  const third = (site: 'q' | 'k' | 'v', at: 0 | 1 | 2): Tensor => {
    const plain = thirds[at] as Tensor;
    return taps.linear?.(site, h, plain) ?? plain;
  };
  // Divided here, beside the bias, and not where the heads are apart: a compiler then does both at once.
  const q = tf.mul(third('q', 0), (D / vit.heads) ** -0.5);
  return together(attention(apart(q), apart(third('k', 1)), apart(third('v', 2))));
}
