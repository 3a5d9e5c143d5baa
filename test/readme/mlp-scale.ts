import { z } from 'zod';
import { blockShapes } from '../../src/model/backbone.ts';
import { blocksOption, chosenBlocks } from '../../src/petl/chosen-blocks.ts';
import { defineMethod } from '../../src/petl/method.ts';
import { perBlock } from '../../src/petl/per-block.ts';
import { ones } from '../../src/tensor/parameters.ts';
import { tf } from '../../src/tensor/tf.ts';

export const mlpScale = defineMethod({
  name: 'mlp-scale',
  summary: 'A trained scale of each channel of the MLP',
  options: z.strictObject({ blocks: blocksOption }),
  attach(backbone, { blocks }) {
    return perBlock(chosenBlocks(blocks, blockShapes(backbone)), (i, { width }) => {
      const name = `blocks.${i}.mlpscale`;
      return {
        parameters: [{ name, shape: [width], init: ones }],
        noise: [],
        taps: (parameter) => ({ mlpOut: (m) => tf.mul(m, parameter(name)) }),
      };
    });
  },
});
