import type { BlockShape } from '../model/backbone.ts';
import type { Forward, NoiseSpec } from '../model/forward.ts';
import type { BlockTaps } from '../model/taps.ts';
import type { Lookup, ParameterSpec } from '../tensor/parameters.ts';
import type { Attached } from './method.ts';

/** What a method puts into one block, or into one place of it. */
export interface BlockPart {
  readonly parameters: readonly ParameterSpec[];
  readonly noise: readonly NoiseSpec[];
  taps(parameter: Lookup, forward: Forward): BlockTaps;
}

/** A method that consists of a part in each chosen block, or of several that use different taps. */
export function perBlock(
  chosen: ReadonlyMap<number, BlockShape>,
  partOf: (i: number, shape: BlockShape) => BlockPart | readonly BlockPart[],
): Pick<Attached, 'parameters' | 'noise' | 'taps'> {
  const parts = new Map([...chosen].map(([i, shape]) => [i, [partOf(i, shape)].flat()]));
  const all = [...parts.values()].flat();
  return {
    parameters: all.flatMap(({ parameters }) => parameters),
    noise: all.flatMap(({ noise }) => noise),
    taps: (i, parameter, forward) =>
      Object.assign({}, ...(parts.get(i) ?? []).map(({ taps }) => taps(parameter, forward))),
  };
}
