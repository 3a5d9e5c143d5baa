/** `--engine`, `--device` and `--precision` of commands, laid over what a recipe says. */
import type { Recipe } from '../src/config/index.ts';
import { conflictOf, DEVICES, ENGINES, type EngineOptions, PRECISIONS } from '../src/engine/options.ts';
import { usageError } from '../src/errors/index.ts';
import { nearest } from '../src/errors/nearest.ts';
import { engineOptions } from './assemble.ts';
import type { Option, Options } from './command.ts';

const NAMES = ['auto', ...ENGINES] as const;
const PLACES = ['auto', ...DEVICES] as const;

/** @param from what holds where an option is not given: `engine of the recipe` */
export function engineFlags(from: string): Option[] {
  return [
    { flags: '--engine <name>', description: `${NAMES.join(', ')} (default: ${from})` },
    { flags: '--device <name>', description: `${PLACES.join(', ')} (default: ${from})` },
    { flags: '--precision <name>', description: `${PRECISIONS.join(', ')} (default: ${from})` },
  ];
}

/**
 * Another engine has devices and compilers of its own: `--engine` puts those back to `auto`.
 * @throws PetlVideoError (usage) for unknown names and for options that exclude each other
 */
export function engineChoice(base: EngineOptions, given: Options): EngineOptions {
  const name = oneOf('engine', NAMES, given.engine);
  const device = oneOf('device', PLACES, given.device);
  const precision = oneOf('precision', PRECISIONS, given.precision);
  const over: EngineOptions = name === undefined ? base : { ...base, name, device: 'auto', xla: 'auto' };
  const options = {
    ...over,
    ...(device === undefined ? {} : { device }),
    ...(precision === undefined ? {} : { precision }),
  };
  const conflict = conflictOf(options);
  if (conflict !== undefined) throw usageError(conflict.what, { remedy: conflict.remedy });
  return options;
}

/** The recipe with the engine that the options name. @throws as {@link engineChoice} does */
export function withEngine(recipe: Recipe, given: Options): Recipe {
  const { recompute, ...engine } = engineChoice(engineOptions(recipe), given);
  return { ...recipe, engine, train: { ...recipe.train, recompute } };
}

function oneOf<T extends string>(option: string, names: readonly T[], given: Options[string]): T | undefined {
  if (given === undefined) return undefined;
  const found = names.find((name) => name === given);
  if (found !== undefined) return found;
  const near = nearest(String(given), names);
  throw usageError(`--${option} ${given}: choose one of ${names.join(', ')}`, {
    ...(near === undefined ? {} : { remedy: `did you mean ${near}?` }),
  });
}
