/**
 * VPT-deep (Jia et al., ECCV 2022, arXiv:2203.12119): P trainable prompts in front of the tokens of each block; what the
 * block makes of them is dropped behind it, before the next block's own. No position is added to them.
 * x [B, N, D] → [B, P + N, D] inside the block; where attention is per frame, each frame gets them.
 */
import { z } from 'zod';
import { blockShapes } from '../model/backbone.ts';
import { blocksOption, chosenBlocks } from './chosen-blocks.ts';
import { dropoutOption, dropout as dropping } from './dropout.ts';
import { defineMethod } from './method.ts';
import { perBlock } from './per-block.ts';
import { insertPrompts, promptsInit, promptsInitOption, removePrompts } from './prompts.ts';
import { vitOnly } from './vit-only.ts';

const options = z.strictObject({
  prompts: z.int().min(1).default(1).describe('P, prompts of a block (AdaptFormer used 1; more hurt on video)'),
  dropout: dropoutOption(0, 'Dropout of the prompts (VPT: 0.1; AdaptFormer: 0)'),
  init: promptsInitOption('xavier'),
  blocks: blocksOption,
});

export const vptDeep = defineMethod({
  name: 'vpt-deep',
  summary: 'Trainable prompts in front of the tokens of each block (Jia et al. 2022)',
  options,
  attach(backbone, { prompts: P, dropout, init, blocks }) {
    const vit = vitOnly(backbone, 'vpt-deep');
    const D = vit.width;
    return perBlock(chosenBlocks(blocks, blockShapes(vit)), (i, { groups }) => {
      const name = `blocks.${i}.prompts`;
      const dropped = dropping(`${name}.dropout`, [P, D], dropout);
      return {
        parameters: [{ name, shape: [1, P, D], init: promptsInit(init, P, vit) }],
        noise: dropped.noise,
        taps: (parameter, forward) => ({
          enter: (x) => insertPrompts(x, parameter(name), groups, (prompts) => dropped.apply(prompts, forward)),
          exit: (x) => removePrompts(x, P, groups),
        }),
      };
    });
  },
});
