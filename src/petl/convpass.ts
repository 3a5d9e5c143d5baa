/**
 * Convpass (Jie and Deng 2022, arXiv:2207.07039): a convolutional bypass beside attention and beside the MLP.
 *
 *   CP(h) = W_up · dropout(σ(conv(σ(W_down · h + b_down)))) + b_up        h = norm(x) [B, N, D], bottleneck d
 *   x ← x + attention(norm1 x) + s · CP₁(norm1 x);   x ← x + MLP(norm2 x) + s · CP₂(norm2 x)
 *
 * σ is QuickGELU. The convolution, 3 × 3 with zero padding, runs over the grid of patches, row-major, whatever its shape;
 * every class token is an image of a single pixel, which only the kernel's centre reaches. The up projection starts at zero,
 * so that the bypass starts as nothing. Drop path acts on each bypass by a draw of its own, at the rate of the block.
 *
 * Video, for which there is no original: `temporal: 1` convolves frame by frame; `temporal: 3` (or 5, …) takes a kernel of
 * kt × 3 × 3 over time as well, whose centre slice starts as the 2-D kernel does and whose others start at zero.
 */
import { z } from 'zod';
import { type BlockShape, blockShapes, blockTokens } from '../model/backbone.ts';
import { linear } from '../tensor/ops/linear.ts';
import { quickGelu } from '../tensor/ops/quick-gelu.ts';
import { type Init, type Lookup, type ParameterSpec, xavier, zeros } from '../tensor/parameters.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { blocksOption, chosenBlocks } from './chosen-blocks.ts';
import { branchDropPath, dropoutOption, dropout as dropping } from './dropout.ts';
import { convolveGrid } from './grid-convolution.ts';
import { defineMethod, type Method } from './method.ts';
import { type BlockPart, perBlock } from './per-block.ts';
import { splitPrefix, withPrefix } from './token-groups.ts';

const options = z.strictObject({
  bottleneck: z.int().min(1).default(8).describe('d, channels of the convolution (paper: 8)'),
  scale: z.number().default(1).describe('s, the factor of the bypass (paper: 0.01, 0.1, 1, 10 or 100 by data set)'),
  convInit: z
    .enum(['xavier', 'identity'])
    .default('xavier')
    .describe('How the convolution starts: Xavier uniform, or passing its input on (by data set in the paper)'),
  temporal: z
    .int()
    .min(1)
    .refine((kt) => kt % 2 === 1, 'an odd number')
    .default(1)
    .describe('kt, frames that the convolution reaches over: 1 (frame by frame), 3, …'),
  dropout: dropoutOption(0.1, 'Dropout after the convolution (paper: 0.1)'),
  blocks: blocksOption,
});
type Options = z.output<typeof options>;

function convpassMethod(name: string, summary: string, places: readonly ('attn' | 'mlp')[]): Method {
  return defineMethod({
    name,
    summary,
    options,
    attach: (backbone, given) =>
      perBlock(chosenBlocks(given.blocks, blockShapes(backbone)), (i, shape) => {
        return places.map((place): BlockPart => {
          const name = `blocks.${i}.convpass_${place}`;
          const dropped = dropping(`${name}.dropout`, [blockTokens(shape), given.bottleneck], given.dropout);
          const path = branchDropPath(`${name}.drop_path`, backbone, i);
          const { parameters, apply } = convolutionalBypass(name, shape, given);
          return {
            parameters,
            noise: [...dropped.noise, ...path.noise],
            taps: (parameter, forward) => ({
              [`${place}Bypass`]: (_x: Tensor, h: Tensor): Tensor => {
                const bypass = apply(h, parameter, (small) => dropped.apply(small, forward));
                return tf.mul(path.apply(bypass, forward), given.scale);
              },
            }),
          };
        });
      }),
  });
}

export const convpass = convpassMethod('convpass', 'Convolutional bypasses of attention and MLP (Jie and Deng 2022)', [
  'attn',
  'mlp',
]);

export const convpassAttn = convpassMethod('convpass-attn', 'Convpass beside attention alone (Jie and Deng 2022)', [
  'attn',
]);

export interface Bypass {
  readonly parameters: readonly ParameterSpec[];
  /** CP(h) for h [B, N, D], not scaled. */
  apply(h: Tensor, parameter: Lookup, drop: (small: Tensor) => Tensor): Tensor;
}

/** One bypass by itself, over tokens of any grid, with any number of class tokens. */
export function convolutionalBypass(
  name: string,
  shape: BlockShape,
  { bottleneck: d, convInit, temporal: kt }: Pick<Options, 'bottleneck' | 'convInit' | 'temporal'>,
): Bypass {
  const D = shape.width;
  const kernel = [d, d, ...(kt === 1 ? [] : [kt]), 3, 3];
  return {
    parameters: [
      { name: `${name}.down.weight`, shape: [d, D], init: xavier(D, d) },
      { name: `${name}.down.bias`, shape: [d], init: zeros },
      { name: `${name}.conv.weight`, shape: kernel, init: kernelInit(convInit, d, kt) },
      { name: `${name}.conv.bias`, shape: [d], init: zeros },
      { name: `${name}.up.weight`, shape: [D, d], init: zeros },
      { name: `${name}.up.bias`, shape: [D], init: zeros },
    ],
    apply(h, parameter, drop) {
      const own = (suffix: string): Tensor => parameter(`${name}.${suffix}`);
      const small = quickGelu(linear(h, own('down.weight'), own('down.bias')));
      const mixed = quickGelu(convolve(small, shape, own('conv.weight'), own('conv.bias'), kt));
      return linear(drop(mixed), own('up.weight'), own('up.bias'));
    },
  };
}

/** The convolution over patches and class tokens: u [B, N, d] → [B, N, d]. */
function convolve(u: Tensor, shape: BlockShape, weight: Tensor, bias: Tensor, kt: number): Tensor {
  const d = u.shape[2] as number;
  const { prefix, patches } = splitPrefix(u, shape);
  const kernel = tf.reshape(weight, [d, d, kt, 3, 3]);
  const convolved = convolveGrid(patches, kernel, bias);
  if (prefix === undefined) return withPrefix(undefined, convolved, shape);
  const centre = tf.reshape(tf.slice(kernel, [0, 0, (kt - 1) / 2, 1, 1], [d, d, 1, 1, 1]), [d, d]);
  return withPrefix(linear(prefix, centre, bias), convolved, shape);
}

/** The centre slice in time as the 2-D kernel, the others zero. */
function kernelInit(kind: Options['convInit'], d: number, kt: number): Init {
  const bound = Math.sqrt(6 / (2 * 9 * d));
  return {
    kind: 'filled',
    fill(data, random) {
      for (let channels = 0; channels < d * d; channels++) {
        const slice = (channels * kt + (kt - 1) / 2) * 9;
        if (kind === 'identity') data[slice + 4] = Math.floor(channels / d) === channels % d ? 1 : 0;
        else for (let at = 0; at < 9; at++) data[slice + at] = (2 * random.uniform() - 1) * bound;
      }
    },
  };
}
