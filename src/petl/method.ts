/** What a parameter-efficient method is. A new one is one file beside this and one line in `index.ts`. */
import type { z } from 'zod';
import type { BackboneOptions } from '../model/backbone.ts';
import type { Forward, NoiseSpec } from '../model/forward.ts';
import type { BlockTaps, WholeTaps } from '../model/taps.ts';
import type { HostTensors } from '../tensor/host.ts';
import type { Lookup, ParameterSpec } from '../tensor/parameters.ts';

/** A method put on a backbone. */
export interface Attached {
  /** The parameters that the method adds; all are trained. */
  readonly parameters: readonly ParameterSpec[];
  /** The random masks that it needs in training. */
  readonly noise: readonly NoiseSpec[];
  /** How it touches block i. */
  taps(block: number, parameter: Lookup, forward: Forward): BlockTaps;
  /** How it touches what is outside the blocks. */
  whole(parameter: Lookup, forward: Forward): WholeTaps;
  /** Whether it trains this parameter of the backbone. */
  trains(name: string): boolean;
  /**
   * Whether by its construction no gradient reaches this parameter: adapters of patches behind the last attention, where
   * only the class token goes on.
   */
  readonly isUnreached?: (name: string) => boolean;
  /**
   * For methods that are linear: folds what was trained into the backbone, exactly.
   * @param tensors all of the classifier's, by name; they stay as they are
   * @returns the tensors of the backbone (and of the norm at the pooling) that change; with them a plain backbone computes
   *   the same features
   */
  readonly merge?: (tensors: HostTensors) => HostTensors;
}

export interface Method {
  /** As in recipes: `adaptformer`. */
  readonly name: string;
  /** One line with the paper. */
  readonly summary: string;
  /** Strict, with a default and a description for every key. */
  readonly options: z.ZodObject;
  /** @throws PetlVideoError (config) when the options do not fit the backbone. */
  attach(backbone: BackboneOptions, options: unknown): Attached;
}

/** A method from its typed parts; options given to `attach` are parsed, so missing ones take their defaults. */
export function defineMethod<Schema extends z.ZodObject>(method: {
  readonly name: string;
  readonly summary: string;
  readonly options: Schema;
  attach(backbone: BackboneOptions, options: z.output<Schema>): Partial<Attached>;
}): Method {
  return {
    name: method.name,
    summary: method.summary,
    options: method.options,
    attach: (backbone, options) => ({
      parameters: [],
      noise: [],
      taps: () => ({}),
      whole: () => ({}),
      trains: () => false,
      ...method.attach(backbone, method.options.parse(options)),
    }),
  };
}
