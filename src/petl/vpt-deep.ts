/**
 * VPT-deep (Jia et al., ECCV 2022, arXiv:2203.12119): P trainable prompts in front of the tokens of each block; what the
 * block makes of them is dropped behind it, before the next block's own. No position is added to them.
 * x [B, N, D] → [B, P + N, D] inside the block. Starts as in AdaptFormer's comparison: Xavier uniform over (1, P, D).
 */
import { z } from 'zod';
import { uniform } from '../tensor/parameters.ts';
import { tf } from '../tensor/tf.ts';
import { blocksOption, chosenBlocks } from './chosen-blocks.ts';
import { defineMethod } from './method.ts';

const options = z.strictObject({
  prompts: z.int().min(1).default(1).describe('P, prompts of a block (AdaptFormer used 1; more hurt on video)'),
  blocks: blocksOption,
});

export const vptDeep = defineMethod({
  name: 'vpt-deep',
  summary: 'Trainable prompts in front of the tokens of each block (Jia et al. 2022)',
  options,
  attach(vit, { prompts: P, blocks }) {
    const chosen = new Set(chosenBlocks(blocks, vit.depth));
    const D = vit.width;
    const name = (i: number): string => `blocks.${i}.prompts`;
    return {
      parameters: [...chosen].map((i) => ({
        name: name(i),
        shape: [1, P, D],
        init: uniform(Math.sqrt(6 / ((P + 1) * D))),
      })),
      taps: (i, parameter) =>
        chosen.has(i)
          ? {
              enter: (x) => tf.concat([tf.tile(parameter(name(i)), [x.shape[0] as number, 1, 1]), x], 1),
              exit: (x) => tf.slice(x, [0, P, 0], [x.shape[0] as number, (x.shape[1] as number) - P, D]),
            }
          : {},
    };
  },
});
