/**
 * VPT-shallow (Jia et al., ECCV 2022, arXiv:2203.12119): P trainable prompts join the tokens in front of the first block, go
 * through all of them, and are dropped behind the last. No position is added to them. x [B, N, D] → [B, P + N, D].
 */
import { z } from 'zod';
import { blockShapes } from '../model/backbone.ts';
import { dropoutOption, dropout as dropping } from './dropout.ts';
import { defineMethod } from './method.ts';
import { insertPrompts, promptsInit, promptsInitOption, removePrompts } from './prompts.ts';
import { vitOnly } from './vit-only.ts';

const NAME = 'prompts';

export const vptShallow = defineMethod({
  name: 'vpt-shallow',
  summary: 'Trainable prompts in front of the tokens, once (Jia et al. 2022)',
  options: z.strictObject({
    prompts: z.int().min(1).default(10).describe('P, prompts'),
    dropout: dropoutOption(0, 'Dropout of the prompts (VPT: 0)'),
    init: promptsInitOption('patch'),
  }),
  attach(backbone, { prompts: P, dropout, init }) {
    const vit = vitOnly(backbone, 'vpt-shallow');
    const D = vit.width;
    const { groups } = blockShapes(vit)[0] ?? { groups: 1 };
    const dropped = dropping(`${NAME}.dropout`, [P, D], dropout);
    return {
      parameters: [{ name: NAME, shape: [1, P, D], init: promptsInit(init, P, vit) }],
      noise: dropped.noise,
      taps: (i, parameter, forward) => ({
        ...(i === 0 && {
          enter: (x) => insertPrompts(x, parameter(NAME), groups, (prompts) => dropped.apply(prompts, forward)),
        }),
        ...(i === vit.depth - 1 && { exit: (x) => removePrompts(x, P, groups) }),
      }),
    };
  },
});
