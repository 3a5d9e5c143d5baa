/** Attention in a Vision Transformer: among the tokens of a group, all of the clip or one frame. */
import { attention } from '../tensor/ops/attention.ts';
import type { Lookup } from '../tensor/parameters.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { type BlockKind, dropPathRate, projections } from './block.ts';
import { groupsOf, LAYER_NORM_EPSILON, type VitOptions } from './options.ts';
import type { BlockTaps } from './taps.ts';

/** Block i. */
export function vitBlock(vit: VitOptions, i: number): BlockKind {
  return {
    epsilon: LAYER_NORM_EPSILON,
    dropPath: dropPathRate(vit, i),
    attend: (h, own, taps) => heads(h, vit, own, taps, withinGroups(h, vit)),
    attendAcross: (h, own) => heads(h, vit, own, {}, acrossGroups(h, vit)),
  };
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

function heads(h: Tensor, vit: VitOptions, own: Lookup, taps: BlockTaps, { apart, together }: Heads): Tensor {
  const D = vit.width;
  const bias =
    vit.bias === 'qkv' ? own('attn.qkv.bias') : tf.concat([own('attn.q_bias'), tf.zeros([D]), own('attn.v_bias')]);
  const { q, k, v } = projections(h, own, bias, D / vit.heads, taps);
  return together(attention(apart(q), apart(k), apart(v)));
}
