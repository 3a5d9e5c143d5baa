/**
 * LoRA (Hu et al., ICLR 2022, arXiv:2106.09685): a change of low rank to linear layers.
 *
 *   y = W x + b + s · B (A · dropout(x))        A [rank, in], B [out, rank], B starts at zero
 *
 * q, k and v are the thirds of the fused projection. With `sharedDown` those among them have one A in common, which is how
 * NOAH (Zhang et al. 2022) has it; the 0.29 M of its tables are rank 8 on q, k and v with a shared A, by chance as many as
 * rank 8 on q and v alone. Merged: W + s B A.
 */
import { z } from 'zod';
import { blockShapes, blockTokens } from '../model/backbone.ts';
import type { LinearSite } from '../model/taps.ts';
import type { HostTensors } from '../tensor/host.ts';
import { linear } from '../tensor/ops/linear.ts';
import { type ParameterSpec, uniform, zeros } from '../tensor/parameters.ts';
import { tf } from '../tensor/tf.ts';
import { blocksOption, chosenBlocks } from './chosen-blocks.ts';
import { dropoutOption, dropout as dropping } from './dropout.ts';
import { layerSize, SITES } from './layer-sizes.ts';
import { matrixOf, product, times } from './merge/matrix.ts';
import { foldAtSites } from './merge/sites.ts';
import { defineMethod } from './method.ts';
import { perBlock } from './per-block.ts';
import { vitOnly } from './vit-only.ts';

const options = z.strictObject({
  rank: z.int().min(1).default(8).describe('Rank of the change (NOAH: 8)'),
  scale: z.number().default(1).describe('s, the factor of the change (LoRA: α / rank)'),
  sites: z
    .array(z.enum(SITES))
    .min(1)
    .default(['q', 'v'])
    .describe('Linear layers that get a change: of q, k, v, proj, fc1, fc2'),
  sharedDown: z.boolean().default(false).describe('Whether q, k and v have one A in common (NOAH)'),
  dropout: dropoutOption(0.1, "Dropout of the layer's input in front of A (NOAH: 0.1)"),
  blocks: blocksOption,
});

export const lora = defineMethod({
  name: 'lora',
  summary: 'Low-rank changes of linear layers (Hu et al. 2022)',
  options,
  attach(backbone, { rank, scale, sites: given, sharedDown, dropout, blocks }) {
    const vit = vitOnly(backbone, 'lora');
    const sites = SITES.filter((site) => given.includes(site));
    const chosen = chosenBlocks(blocks, blockShapes(vit));
    const downOf = (i: number, site: LinearSite): string =>
      `blocks.${i}.lora.${sharedDown && /^[qkv]$/.test(site) ? 'qkv' : site}.down.weight`;
    const upOf = (i: number, site: LinearSite): string => `blocks.${i}.lora.${site}.up.weight`;
    const parts = perBlock(chosen, (i, shape) => {
      const specs = new Map<string, ParameterSpec>();
      for (const site of sites) {
        const { inputs, outputs } = layerSize(site, shape);
        const [down, up] = [downOf(i, site), upOf(i, site)];
        specs.set(down, { name: down, shape: [rank, inputs], init: uniform(1 / Math.sqrt(inputs)) });
        specs.set(up, { name: up, shape: [outputs, rank], init: zeros });
      }
      // One mask for each A: layers that share it see the same input.
      const dropped = new Map(
        sites.map((site) => {
          const down = downOf(i, site);
          return [down, dropping(`${down}.dropout`, [blockTokens(shape), layerSize(site, shape).inputs], dropout)];
        }),
      );
      return {
        parameters: [...specs.values()],
        noise: [...dropped.values()].flatMap(({ noise }) => noise),
        taps: (parameter, forward) => ({
          linear: (site, input, output) => {
            const drop = sites.includes(site) ? dropped.get(downOf(i, site)) : undefined;
            if (drop === undefined) return output;
            const small = linear(drop.apply(input, forward), parameter(downOf(i, site)));
            return tf.add(output, tf.mul(linear(small, parameter(upOf(i, site))), scale));
          },
        }),
      };
    });
    return {
      ...parts,
      merge: (tensors: HostTensors) =>
        foldAtSites(tensors, chosen, sites, (i, site) =>
          times(product(matrixOf(tensors, upOf(i, site)), matrixOf(tensors, downOf(i, site))), scale),
        ),
    };
  },
});
