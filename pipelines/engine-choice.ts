/** `--engine`, `--device` and `--precision` of commands, laid over what a recipe says. */
import type { Recipe } from '../src/config/index.ts';
import { PRECISIONS } from '../src/engine/options.ts';
import { DEVICE_NAMES, ENGINE_NAMES, engineChoice } from '../src/inference/engine-choice.ts';
import { engineOptions } from '../src/inference/from-recipe.ts';
import type { Option, Options } from './command.ts';

/** @param from what holds where an option is not given: `engine of the recipe` */
export function engineFlags(from: string): Option[] {
  return [
    { flags: '--engine <name>', description: `${ENGINE_NAMES.join(', ')} (default: ${from})` },
    { flags: '--device <name>', description: `${DEVICE_NAMES.join(', ')} (default: ${from})` },
    { flags: '--precision <name>', description: `${PRECISIONS.join(', ')} (default: ${from})` },
  ];
}

/** The recipe with the engine that the options name. @throws as {@link engineChoice} does */
export function withEngine(recipe: Recipe, given: Options): Recipe {
  const { recompute, ...engine } = engineChoice(engineOptions(recipe), given);
  return { ...recipe, engine, train: { ...recipe.train, recompute } };
}
