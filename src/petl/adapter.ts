/**
 * Adapters in series: a bottleneck with a skip, on what a branch adds to the residual stream.
 *
 *   A(z) = z + W_up · dropout(σ(W_down · z + b_down)) + b_up
 *
 *   houlsby   Houlsby et al., ICML 2019, arXiv:1902.00751: behind attention and behind the MLP, GELU, both matrices start
 *             near zero (deviation 0.01), so that A is nearly the identity
 *   pfeiffer  Pfeiffer et al., EACL 2021, arXiv:2005.00247: behind the MLP alone, else the same
 *   noah      NOAH's baseline (Zhang et al. 2022, arXiv:2206.04673): behind the MLP alone, QuickGELU, deviation 0.02
 */
import { z } from 'zod';
import { blockShapes, blockTokens } from '../model/backbone.ts';
import { gelu } from '../tensor/ops/gelu.ts';
import { linear } from '../tensor/ops/linear.ts';
import { quickGelu } from '../tensor/ops/quick-gelu.ts';
import { normal, zeros } from '../tensor/parameters.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { blocksOption, chosenBlocks } from './chosen-blocks.ts';
import { dropout as dropping } from './dropout.ts';
import { defineMethod } from './method.ts';
import { type BlockPart, perBlock } from './per-block.ts';

const VARIANTS = {
  houlsby: { places: ['attn', 'mlp'], activation: gelu, std: 0.01, dropout: 0 },
  pfeiffer: { places: ['mlp'], activation: gelu, std: 0.01, dropout: 0 },
  noah: { places: ['mlp'], activation: quickGelu, std: 0.02, dropout: 0.1 },
} as const;

const options = z.strictObject({
  variant: z
    .enum(['houlsby', 'pfeiffer', 'noah'])
    .default('houlsby')
    .describe('Behind attention and MLP (houlsby), or behind the MLP alone (pfeiffer; noah with QuickGELU)'),
  bottleneck: z.int().min(1).default(8).describe('d, the small dimension (8 in the tables of VTAB-1k)'),
  dropout: z
    .union([z.literal('variant'), z.number().min(0).lt(1)])
    .default('variant')
    .describe("Dropout behind the activation; variant: the variant's own, 0.1 for noah, else 0"),
  blocks: blocksOption,
});

export const adapter = defineMethod({
  name: 'adapter',
  summary: 'Bottlenecks behind attention and MLP (Houlsby 2019, Pfeiffer 2021, NOAH 2022)',
  options,
  attach(backbone, { variant, bottleneck: d, dropout, blocks }) {
    const { places, activation, std, dropout: usual } = VARIANTS[variant];
    const rate = dropout === 'variant' ? usual : dropout;
    return perBlock(chosenBlocks(blocks, blockShapes(backbone)), (i, shape) => {
      const D = shape.width;
      return places.map((place): BlockPart => {
        const name = `blocks.${i}.adapter_${place}`;
        const dropped = dropping(`${name}.dropout`, [blockTokens(shape), d], rate);
        return {
          parameters: [
            { name: `${name}.down.weight`, shape: [d, D], init: normal(std) },
            { name: `${name}.down.bias`, shape: [d], init: zeros },
            { name: `${name}.up.weight`, shape: [D, d], init: normal(std) },
            { name: `${name}.up.bias`, shape: [D], init: zeros },
          ],
          noise: dropped.noise,
          taps: (parameter, forward) => ({
            [`${place}Out`]: (x: Tensor): Tensor => {
              const own = (suffix: string): Tensor => parameter(`${name}.${suffix}`);
              const small = activation(linear(x, own('down.weight'), own('down.bias')));
              return tf.add(x, linear(dropped.apply(small, forward), own('up.weight'), own('up.bias')));
            },
          }),
        };
      });
    });
  },
});
