/**
 * BitFit (Ben Zaken et al., ACL 2022, arXiv:2106.10199): the biases of the backbone are trained, and nothing else of it: those
 * of the linear layers, of the LayerNorms and of the patch embedding.
 */
import { z } from 'zod';
import { blockShapes } from '../model/backbone.ts';
import { blocksOption, trainsInBlocks } from './chosen-blocks.ts';
import { defineMethod } from './method.ts';

const BIAS = /(^|[._])bias$/;

export const bitfit = defineMethod({
  name: 'bitfit',
  summary: 'Only the biases are trained (Ben Zaken et al. 2022)',
  options: z.strictObject({ blocks: blocksOption }),
  attach(backbone, { blocks }) {
    const chosen = trainsInBlocks(blocks, blockShapes(backbone));
    return { trains: (name) => BIAS.test(name) && chosen(name), merge: () => ({}) };
  },
});
