/** A Swin block: attention inside windows, which every second block shifts, with a bias for relative places. */
import { attention } from '../../tensor/ops/attention.ts';
import { linear } from '../../tensor/ops/linear.ts';
import { type Lookup, normal, type ParameterSpec } from '../../tensor/parameters.ts';
import { type Tensor, tf } from '../../tensor/tf.ts';
import { type BlockKind, blockParameters, dropPathRate, projections } from '../block.ts';
import type { BlockTaps } from '../taps.ts';
import { SWIN_EPSILON, type SwinOptions, type SwinStage, swinDepth } from './options.ts';
import { rolled, scoreBias, windowsApart, windowsTogether } from './windows.ts';

const TABLE = 'attn.relative_position_bias_table';

export function swinBlockParameters(i: number, { width, heads, window }: SwinStage, mlpRatio: number): ParameterSpec[] {
  return [
    ...blockParameters({ width, mlpRatio, bias: 'qkv' }, i),
    { name: `blocks.${i}.${TABLE}`, shape: [(2 * window - 1) ** 2, heads], init: normal(0.02) },
  ];
}

/** Block i, of this stage. The taps of q, k and v see the tokens of a shifted block in the order of the rolled grid. */
export function swinBlock(swin: SwinOptions, stage: SwinStage, i: number): BlockKind {
  const shift = (i - stage.first) % 2 === 1 ? stage.shift : 0;
  return {
    epsilon: SWIN_EPSILON,
    dropPath: dropPathRate({ depth: swinDepth(swin), dropPath: swin.dropPath }, i),
    attend: (h, own, taps) => {
      if (shift === 0) return attend(h, stage, false, own, taps);
      const mixed = attend(rolled(h, stage.side, shift), stage, true, own, taps);
      return rolled(mixed, stage.side, stage.side - shift);
    },
    // Of one group: each token attends to itself alone, and gets its own value.
    attendAcross: (h, own) => {
      const D = stage.width;
      const weight = tf.slice(own('attn.qkv.weight'), [2 * D, 0], [D, D]);
      return linear(h, weight, tf.slice(own('attn.qkv.bias'), [2 * D], [D]));
    },
  };
}

/** Window attention over h [B, N, D], rolled by the shift where there is one. */
function attend(h: Tensor, stage: SwinStage, isShifted: boolean, own: Lookup, taps: BlockTaps): Tensor {
  const { q, k, v } = projections(h, own, own('attn.qkv.bias'), stage.width / stage.heads, taps);
  const apart = (x: Tensor): Tensor => windowsApart(x, stage);
  const bias = scoreBias(own(TABLE), stage, isShifted);
  return windowsTogether(attention(apart(q), apart(k), apart(v), bias), stage);
}
