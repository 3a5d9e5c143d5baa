/**
 * RepAdapter (Luo et al. 2023, arXiv:2302.08106): a linear bottleneck in front of q, k, v and in front of fc1, whose up
 * projection is block-diagonal.
 *
 *   f(z) = z + s · (W_b · dropout(W_a · z + b_a) + b_b)        z the normalised input [B, N, D]
 *   W_a [d, D]; W_b in g groups, each from d / g numbers to D / g, stored as [D, d / g]; W_b starts at zero
 *
 * Merged into the layer W behind it: W (I + s W_b W_a), with bias + s W (W_b b_a + b_b).
 */
import { z } from 'zod';
import { configError } from '../errors/index.ts';
import { blockShapes, blockTokens } from '../model/backbone.ts';
import type { HostTensors } from '../tensor/host.ts';
import { linear } from '../tensor/ops/linear.ts';
import { xavier, zeros } from '../tensor/parameters.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { blocksOption, chosenBlocks } from './chosen-blocks.ts';
import { dropoutOption, dropout as dropping } from './dropout.ts';
import { addToFc1, addToQkv } from './merge/block-layers.ts';
import { columns, type Matrix, matrix, matrixOf, product, sum, times } from './merge/matrix.ts';
import { defineMethod } from './method.ts';
import { type BlockPart, perBlock } from './per-block.ts';
import { vitOnly } from './vit-only.ts';

const options = z.strictObject({
  bottleneck: z.int().min(1).default(8).describe('d, the small dimension (paper: 8)'),
  groups: z.int().min(1).default(2).describe('g, groups of the up projection (paper: 2)'),
  scale: z.number().default(1).describe('s, the factor of the adapter (paper: 0.1, 0.5, 1, 5 or 10 by data set)'),
  places: z
    .enum(['both', 'attn'])
    .default('both')
    .describe('In front of q, k, v and of fc1, or of q, k, v alone (RepAdapter-attn)'),
  dropout: dropoutOption(0.1, 'Dropout in the bottleneck (paper: 0.1)'),
  blocks: blocksOption,
});

export const repadapter = defineMethod({
  name: 'repadapter',
  summary: 'Linear bottlenecks in front of attention and MLP that can be folded in (Luo et al. 2023)',
  options,
  attach(backbone, { bottleneck: d, groups, scale, places: given, dropout, blocks }) {
    const vit = vitOnly(backbone, 'repadapter');
    const D = vit.width;
    if (d % groups !== 0 || D % groups !== 0) {
      throw configError(`method.groups ${groups} does not divide the bottleneck ${d} and the width ${D}`, {
        remedy: 'choose a number that divides both',
      });
    }
    const places = given === 'both' ? (['attn', 'mlp'] as const) : (['attn'] as const);
    const nameOf = (i: number, place: string): string => `blocks.${i}.repadapter_${place}`;
    const chosen = chosenBlocks(blocks, blockShapes(vit));
    const parts = perBlock(chosen, (i, shape) =>
      places.map((place): BlockPart => {
        const name = nameOf(i, place);
        const dropped = dropping(`${name}.dropout`, [blockTokens(shape), d], dropout);
        return {
          parameters: [
            { name: `${name}.down.weight`, shape: [d, D], init: xavier(D, d) },
            { name: `${name}.down.bias`, shape: [d], init: zeros },
            { name: `${name}.up.weight`, shape: [D, d / groups], init: zeros },
            { name: `${name}.up.bias`, shape: [D], init: zeros },
          ],
          noise: dropped.noise,
          taps: (parameter, forward) => ({
            [`${place}In`]: (x: Tensor): Tensor => {
              const own = (suffix: string): Tensor => parameter(`${name}.${suffix}`);
              const small = dropped.apply(linear(x, own('down.weight'), own('down.bias')), forward);
              const up = tf.add(groupedLinear(small, own('up.weight'), groups), own('up.bias'));
              return tf.add(x, tf.mul(up, scale));
            },
          }),
        };
      }),
    );
    const merge = (tensors: HostTensors): HostTensors => {
      const merged: HostTensors = {};
      for (const i of chosen.keys()) {
        for (const place of places) {
          const own = (suffix: string): Matrix => matrixOf(tensors, `${nameOf(i, place)}.${suffix}`);
          const up = dense(own('up.weight'), d, groups);
          const constant = sum(product(up, columns(own('down.bias').data)), columns(own('up.bias').data));
          const add = place === 'attn' ? addToQkv : addToFc1;
          Object.assign(
            merged,
            add(tensors, i, (W) => ({
              weight: times(product(product(W, up), own('down.weight')), scale),
              bias: times(product(W, constant), scale),
            })),
          );
        }
      }
      return merged;
    };
    return { ...parts, merge };
  },
});

/** x [B, N, d] through a block-diagonal weight stored as [D, d / g] → [B, N, D]. */
function groupedLinear(x: Tensor, weight: Tensor, groups: number): Tensor {
  if (groups === 1) return linear(x, weight);
  const rows = tf.split(weight, groups, 0);
  return tf.concat(
    tf.split(x, groups, 2).map((part, g) => linear(part, rows[g] as Tensor)),
    2,
  );
}

/** The block-diagonal weight written out, [D, d]. */
function dense(stored: Matrix, d: number, groups: number): Matrix {
  const whole = matrix(stored.rows, d, new Float64Array(stored.rows * d));
  const rowsOfGroup = stored.rows / groups;
  for (let row = 0; row < stored.rows; row++) {
    const from = Math.floor(row / rowsOfGroup) * stored.cols;
    for (let column = 0; column < stored.cols; column++) {
      whole.data[row * d + from + column] = stored.data[row * stored.cols + column] as number;
    }
  }
  return whole;
}
