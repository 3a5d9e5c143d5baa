import { z } from 'zod';
import { configError } from '../errors/index.ts';

/** The `blocks` option of methods that can be restricted to some blocks. */
export const blocksOption = z
  .union([z.literal('all'), z.array(z.int().min(0)).min(1)])
  .default('all')
  .describe('Blocks that get the method: "all", or their indices from 0, for example [6, 7, 8, 9, 10, 11]');

/** The indices that a `blocks` option means for a backbone of `depth` blocks, ascending. */
export function chosenBlocks(blocks: z.output<typeof blocksOption>, depth: number): number[] {
  if (blocks === 'all') return Array.from({ length: depth }, (_, i) => i);
  const beyond = blocks.find((i) => i >= depth);
  if (beyond !== undefined) {
    throw configError(`method.blocks names block ${beyond}, but the backbone has blocks 0 to ${depth - 1}`, {
      remedy: `choose from 0 to ${depth - 1}, or "all"`,
    });
  }
  return [...new Set(blocks)].sort((a, b) => a - b);
}
