/**
 * ST-Adapter (Pan et al., NeurIPS 2022, arXiv:2206.13559): a bottleneck with a depthwise convolution over time, on the residual
 * stream of the patches; class tokens pass by.
 *
 *   x ← x + W_up (dwconv_{k × 1 × 1}(W_down x + b_down)) + b_up        no activation, zero padding in time
 *
 * In front of the MLP (`12 × 384` of the paper), or in front of attention too (`24 × 384`). The convolution starts at zero, and
 * with it the adapter. The paper has image backbones (CLIP) that take frames one by one: `backbone.attention: per-frame`; the
 * adapter does as well where attention is joint.
 */
import { z } from 'zod';
import { type BlockShape, blockShapes } from '../model/backbone.ts';
import { linear } from '../tensor/ops/linear.ts';
import { type Lookup, uniform, zeros } from '../tensor/parameters.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { blocksOption, chosenBlocks } from './chosen-blocks.ts';
import { defineMethod } from './method.ts';
import { type BlockPart, perBlock } from './per-block.ts';
import { splitPrefix, withPrefix } from './token-groups.ts';
import { vitOnly } from './vit-only.ts';

const options = z.strictObject({
  bottleneck: z.int().min(1).default(384).describe('Channels of the convolution (paper: 384)'),
  kernel: z
    .int()
    .min(1)
    .refine((k) => k % 2 === 1, 'an odd number')
    .default(3)
    .describe('k, frames that the convolution reaches over (paper: 3)'),
  places: z.enum(['mlp', 'both']).default('mlp').describe('In front of the MLP, or of attention and MLP (both)'),
  blocks: blocksOption,
});

export const stAdapter = defineMethod({
  name: 'st-adapter',
  summary: 'Bottlenecks with a convolution over time (Pan et al. 2022)',
  options,
  attach(backbone, { bottleneck: d, kernel: k, places: given, blocks }) {
    const vit = vitOnly(backbone, 'st-adapter');
    const D = vit.width;
    const places = given === 'both' ? (['attn', 'mlp'] as const) : (['mlp'] as const);
    const parts = perBlock(chosenBlocks(blocks, blockShapes(vit)), (i, shape) =>
      places.map((place): BlockPart => {
        const name = `blocks.${i}.st_adapter_${place}`;
        return {
          parameters: [
            { name: `${name}.down.weight`, shape: [d, D], init: uniform(1 / Math.sqrt(D)) },
            { name: `${name}.down.bias`, shape: [d], init: zeros },
            { name: `${name}.conv.weight`, shape: [d, k], init: zeros },
            { name: `${name}.conv.bias`, shape: [d], init: zeros },
            { name: `${name}.up.weight`, shape: [D, d], init: uniform(1 / Math.sqrt(d)) },
            { name: `${name}.up.bias`, shape: [D], init: zeros },
          ],
          noise: [],
          taps: (parameter) => ({
            [place === 'attn' ? 'enter' : 'midway']: (x: Tensor): Tensor =>
              adapt(x, shape, k, (suffix) => parameter(`${name}.${suffix}`)),
          }),
        };
      }),
    );
    const behindLastAttention = `blocks.${vit.depth - 1}.st_adapter_mlp.`;
    return { ...parts, isUnreached: (name) => vit.pool === 'cls' && name.startsWith(behindLastAttention) };
  },
});

function adapt(x: Tensor, shape: BlockShape, k: number, own: Lookup): Tensor {
  const { prefix, patches } = splitPrefix(x, shape);
  const small = linear(patches, own('down.weight'), own('down.bias'));
  const mixed = tf.add(overTime(small, own('conv.weight'), k), own('conv.bias'));
  const changed = tf.add(patches, linear(mixed, own('up.weight'), own('up.bias')));
  return withPrefix(prefix, changed, shape);
}

/** Depthwise over the time of x [B, T, rows, columns, d], weight [d, k]. */
function overTime(x: Tensor, weight: Tensor, k: number): Tensor {
  const [batch, time, rows, columns, d] = x.shape as [number, number, number, number, number];
  const margin = (k - 1) / 2;
  const flat = tf.pad(tf.reshape(x, [batch, time, rows * columns, d]), [
    [0, 0],
    [margin, margin],
    [0, 0],
    [0, 0],
  ]);
  const taps = Array.from({ length: k }, (_, dt) => {
    const frames = tf.slice(flat, [0, dt, 0, 0], [batch, time, rows * columns, d]);
    return tf.mul(frames, tf.reshape(tf.slice(weight, [0, dt], [d, 1]), [d]));
  });
  return tf.reshape(
    taps.reduce((sum, tap) => tf.add(sum, tap)),
    [batch, time, rows, columns, d],
  );
}
