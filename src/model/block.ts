/** One pre-norm transformer block, with taps: x + attention(norm1 x), then x + MLP(norm2 x). Shapes [B, N, D]. */
import { gelu } from '../tensor/ops/gelu.ts';
import { linear } from '../tensor/ops/linear.ts';
import { layerNorm } from '../tensor/ops/normalize.ts';
import { type Lookup, normal, ones, type ParameterSpec, zeros } from '../tensor/parameters.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import type { Forward, NoiseSpec } from './forward.ts';
import type { VitOptions } from './options.ts';
import type { BlockInside, BlockTaps, LinearSite } from './taps.ts';

/** What blocks differ in, beside their parameters. `own` looks up a parameter of the block by its name in it. */
export interface BlockKind {
  /** ε of norm1 and norm2. */
  readonly epsilon: number;
  /** Rate at which the block's branches are dropped in training. */
  readonly dropPath: number;
  /** Multi-head attention before its projection: h [B, N, D] → [B, N, D]. */
  attend(h: Tensor, own: Lookup, taps: BlockTaps): Tensor;
  /** The same, where each token attends to those at its place in all groups. */
  attendAcross(h: Tensor, own: Lookup): Tensor;
}

export function blockParameters(
  { width: D, mlpRatio, bias: biases }: Pick<VitOptions, 'width' | 'mlpRatio' | 'bias'>,
  i: number,
): ParameterSpec[] {
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
  const bias = biases === 'qv' ? [of('attn.q_bias', [D]), of('attn.v_bias', [D])] : [of('attn.qkv.bias', [3 * D])];
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

type Depth = Pick<VitOptions, 'depth' | 'dropPath'>;

/** Drop path rate of block i: 0 at the first, `dropPath` at the last. */
export function dropPathRate({ depth, dropPath }: Depth, i: number): number {
  return depth === 1 ? dropPath : (dropPath * i) / (depth - 1);
}

/** The drop path masks of all blocks: [B, 2] each, for the attention branch and the MLP branch. */
export function dropPathNoise(of: Depth): NoiseSpec[] {
  return Array.from({ length: of.depth }, (_, i) => ({
    name: `blocks.${i}.drop_path`,
    shape: [2],
    keep: 1 - dropPathRate(of, i),
  })).filter(({ keep }) => keep < 1);
}

export function block(
  input: Tensor,
  i: number,
  kind: BlockKind,
  parameter: Lookup,
  taps: BlockTaps,
  forward: Forward,
): Tensor {
  const own = (name: string): Tensor => parameter(`blocks.${i}.${name}`);
  const norm = (x: Tensor, name: string): Tensor =>
    layerNorm(x, own(`${name}.weight`), own(`${name}.bias`), kind.epsilon);
  const dense = (site: LinearSite, x: Tensor, name: string): Tensor => {
    const y = linear(x, own(`${name}.weight`), own(`${name}.bias`));
    return taps.linear?.(site, x, y) ?? y;
  };
  const keep = 1 - kind.dropPath;
  const dropPath = (branch: Tensor, which: 0 | 1): Tensor => {
    if (!forward.training || keep === 1) return branch;
    const mask = tf.slice(forward.noise(`blocks.${i}.drop_path`), [0, which], [branch.shape[0] as number, 1]);
    return tf.mul(branch, tf.div(tf.reshape(mask, [-1, 1, 1]), keep));
  };

  const inside: BlockInside = {
    norm1: (y) => norm(y, 'norm1'),
    attendAcross: (h) => linear(kind.attendAcross(h, own), own('attn.proj.weight'), own('attn.proj.bias')),
  };
  let x = taps.enter?.(input, inside) ?? input;

  const normed = norm(x, 'norm1');
  const h = taps.attnIn?.(normed) ?? normed;
  const mixed = dense('proj', kind.attend(h, own, taps), 'attn.proj');
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

/** q (divided by √d, d numbers per head), k and v [B, N, D] of h [B, N, D]. One product makes all three. */
export function projections(
  h: Tensor,
  own: Lookup,
  bias: Tensor,
  perHead: number,
  taps: BlockTaps,
): { readonly q: Tensor; readonly k: Tensor; readonly v: Tensor } {
  const thirds = tf.split(linear(h, own('attn.qkv.weight'), bias), 3, 2);
  const third = (site: 'q' | 'k' | 'v', at: 0 | 1 | 2): Tensor => {
    const plain = thirds[at] as Tensor;
    return taps.linear?.(site, h, plain) ?? plain;
  };
  // Divided here, beside the bias, and not where the heads are apart: a compiler then does both at once.
  return { q: tf.mul(third('q', 0), perHead ** -0.5), k: third('k', 1), v: third('v', 2) };
}
