/** What a parameter-efficient method is. A new one is one file beside this and one line in `index.ts`. */
import type { z } from 'zod';
import type { Forward, NoiseSpec } from '../model/block.ts';
import type { VitOptions } from '../model/options.ts';
import type { BlockTaps } from '../model/taps.ts';
import type { Lookup, ParameterSpec } from '../tensor/parameters.ts';

/** A method put on a backbone. */
export interface Attached {
  /** The parameters that the method adds; all are trained. */
  readonly parameters: readonly ParameterSpec[];
  /** The random masks that it needs in training. */
  readonly noise: readonly NoiseSpec[];
  /** How it touches block i. */
  taps(block: number, parameter: Lookup, forward: Forward): BlockTaps;
  /** Whether it trains this parameter of the backbone. */
  trains(name: string): boolean;
}

export interface Method {
  /** As in recipes: `adaptformer`. */
  readonly name: string;
  /** One line with the paper. */
  readonly summary: string;
  /** Strict, with a default and a description for every key. */
  readonly options: z.ZodObject;
  /** @throws PetlVideoError (config) when the options do not fit the backbone. */
  attach(vit: VitOptions, options: unknown): Attached;
}

/** A method from its typed parts; options given to `attach` are parsed, so missing ones take their defaults. */
export function defineMethod<Schema extends z.ZodObject>(method: {
  readonly name: string;
  readonly summary: string;
  readonly options: Schema;
  attach(vit: VitOptions, options: z.output<Schema>): Partial<Attached>;
}): Method {
  return {
    name: method.name,
    summary: method.summary,
    options: method.options,
    attach: (vit, options) => ({
      parameters: [],
      noise: [],
      taps: () => ({}),
      trains: () => false,
      ...method.attach(vit, method.options.parse(options)),
    }),
  };
}
