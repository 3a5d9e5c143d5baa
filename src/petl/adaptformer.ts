/**
 * AdaptFormer (Chen et al., NeurIPS 2022, arXiv:2205.13535): a bottleneck beside each MLP.
 *
 *   A(z) = s · (W_up · dropout(ReLU(W_down · z + b_down)) + b_up)      z [B, N, D], bottleneck d
 *   parallel:    y = x + MLP(norm2 x) + A(x)          x the residual stream, not normalised
 *   sequential:  y = x + m + A(m),  m = MLP(norm2 x)
 *
 * The paper's equation 3 shows a LayerNorm before the adapter; the published numbers come without one (`layerNorm:
 * none`), as the authors state. The scale multiplies the up bias too.
 */
import { z } from 'zod';
import { blockShapes, blockTokens } from '../model/backbone.ts';
import { linear } from '../tensor/ops/linear.ts';
import { layerNorm } from '../tensor/ops/normalize.ts';
import { normal, ones, type ParameterSpec, uniform, zeros } from '../tensor/parameters.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { blocksOption, chosenBlocks } from './chosen-blocks.ts';
import { dropout as dropping } from './dropout.ts';
import { defineMethod } from './method.ts';
import { perBlock } from './per-block.ts';

/** ε of the adapter's own LayerNorm, unlike the backbone's 1e-6. */
const ADAPTER_NORM_EPSILON = 1e-5;

const options = z.strictObject({
  bottleneck: z.int().min(1).default(64).describe('d, the small dimension (paper: 1 to 512, best 64)'),
  position: z.enum(['parallel', 'sequential']).default('parallel').describe('Beside the MLP, or behind it'),
  scale: z
    .union([z.number(), z.literal('learned')])
    .default(0.1)
    .describe('s, the factor of the adapter (paper: 0.1), or "learned": one parameter per block, from 1'),
  layerNorm: z
    .enum(['none', 'in', 'out'])
    .default('none')
    .describe('LayerNorm before the down projection, after the scale, or none (as published)'),
  dropout: z.number().min(0).lt(1).default(0).describe('Dropout after the ReLU (paper: 0 for video, 0.1 for images)'),
  init: z
    .enum(['zero-up', 'normal'])
    .default('zero-up')
    .describe(
      '"zero-up": the adapter starts as zero; "normal": std 0.02 for both, as behind the published video numbers',
    ),
  blocks: blocksOption,
});

export const adaptformer = defineMethod({
  name: 'adaptformer',
  summary: 'AdaptMLP, a bottleneck beside each MLP (Chen et al. 2022)',
  options,
  attach(backbone, { bottleneck: d, position, scale, layerNorm: normAt, dropout, init, blocks }) {
    return perBlock(chosenBlocks(blocks, blockShapes(backbone)), (i, shape) => {
      const D = shape.width;
      const [downInit, upInit] = init === 'normal' ? [normal(0.02), normal(0.02)] : [uniform(1 / Math.sqrt(D)), zeros];
      const name = (suffix: string): string => `blocks.${i}.adaptmlp.${suffix}`;
      const parameters: ParameterSpec[] = [
        { name: name('down.weight'), shape: [d, D], init: downInit },
        { name: name('down.bias'), shape: [d], init: zeros },
        { name: name('up.weight'), shape: [D, d], init: upInit },
        { name: name('up.bias'), shape: [D], init: zeros },
      ];
      if (scale === 'learned') parameters.push({ name: name('scale'), shape: [1], init: ones });
      if (normAt !== 'none') {
        parameters.push(
          { name: name('norm.weight'), shape: [D], init: ones },
          { name: name('norm.bias'), shape: [D], init: zeros },
        );
      }
      const dropped = dropping(name('dropout'), [blockTokens(shape), d], dropout);
      return {
        parameters,
        noise: dropped.noise,
        taps: (parameter, forward) => {
          const own = (suffix: string): Tensor => parameter(name(suffix));
          const norm = (x: Tensor): Tensor => layerNorm(x, own('norm.weight'), own('norm.bias'), ADAPTER_NORM_EPSILON);
          const adapt = (z: Tensor): Tensor => {
            const small = tf.relu(linear(normAt === 'in' ? norm(z) : z, own('down.weight'), own('down.bias')));
            const up = linear(dropped.apply(small, forward), own('up.weight'), own('up.bias'));
            const scaled = tf.mul(up, scale === 'learned' ? own('scale') : scale);
            return normAt === 'out' ? norm(scaled) : scaled;
          };
          return position === 'parallel' ? { mlpBypass: adapt } : { mlpOut: (m) => tf.add(m, adapt(m)) };
        },
      };
    });
  },
});
