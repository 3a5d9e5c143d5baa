import type { BlockShape } from '../model/backbone.ts';
import type { Forward, NoiseSpec } from '../model/forward.ts';
import type { BlockTaps } from '../model/taps.ts';
import type { Lookup, ParameterSpec } from '../tensor/parameters.ts';
import type { Attached } from './method.ts';

/** What a method puts into one block. */
export interface BlockPart {
  readonly parameters: readonly ParameterSpec[];
  readonly noise: readonly NoiseSpec[];
  taps(parameter: Lookup, forward: Forward): BlockTaps;
}

/** A method that consists of a part in each chosen block. */
export function perBlock(
  chosen: ReadonlyMap<number, BlockShape>,
  partOf: (i: number, shape: BlockShape) => BlockPart,
): Pick<Attached, 'parameters' | 'noise' | 'taps'> {
  const parts = new Map([...chosen].map(([i, shape]) => [i, partOf(i, shape)]));
  return {
    parameters: [...parts.values()].flatMap(({ parameters }) => parameters),
    noise: [...parts.values()].flatMap(({ noise }) => noise),
    taps: (i, parameter, forward) => parts.get(i)?.taps(parameter, forward) ?? {},
  };
}
