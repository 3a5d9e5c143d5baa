import { z } from 'zod';
import { configError } from '../errors/index.ts';
import type { BlockShape } from '../model/backbone.ts';

/** The `blocks` option of methods that can be restricted to some blocks. */
export const blocksOption = z
  .union([z.literal('all'), z.array(z.int().min(0)).min(1)])
  .default('all')
  .describe('Blocks that get the method: "all", or their indices from 0, for example [6, 7, 8, 9, 10, 11]');

export type BlocksOption = z.output<typeof blocksOption>;

/** The blocks that a `blocks` option means, by index, ascending. */
export function chosenBlocks(blocks: BlocksOption, shapes: readonly BlockShape[]): ReadonlyMap<number, BlockShape> {
  const all = shapes.map((shape, i) => [i, shape] as const);
  if (blocks === 'all') return new Map(all);
  const depth = shapes.length;
  const beyond = blocks.find((i) => i >= depth);
  if (beyond !== undefined) {
    throw configError(`method.blocks names block ${beyond}, but the backbone has blocks 0 to ${depth - 1}`, {
      remedy: `choose from 0 to ${depth - 1}, or "all"`,
    });
  }
  return new Map(all.filter(([i]) => blocks.includes(i)));
}

/**
 * Which parameters of the backbone a method trains that trains some of its own: with `all` those outside the blocks too, else
 * those of the chosen blocks alone.
 */
export function trainsInBlocks(blocks: BlocksOption, shapes: readonly BlockShape[]): (name: string) => boolean {
  const chosen = chosenBlocks(blocks, shapes);
  if (blocks === 'all') return () => true;
  return (name) => chosen.has(Number(/^blocks\.(\d+)\./.exec(name)?.[1] ?? -1));
}
