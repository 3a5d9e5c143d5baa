/**
 * Full fine-tuning: every parameter of the backbone is trained; or all those of some blocks, the rest staying as it is.
 * VideoMAE's fixed positions are no parameter.
 */
import { z } from 'zod';
import { blockShapes } from '../model/backbone.ts';
import { blocksOption, trainsInBlocks } from './chosen-blocks.ts';
import { defineMethod } from './method.ts';

export const full = defineMethod({
  name: 'full',
  summary: 'Full fine-tuning: every parameter is trained',
  options: z.strictObject({ blocks: blocksOption }),
  attach: (backbone, { blocks }) => ({ trains: trainsInBlocks(blocks, blockShapes(backbone)), merge: () => ({}) }),
});
