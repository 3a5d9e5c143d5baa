/** Recipe text to recipe and back. */
import path from 'node:path';
import { stringify } from 'yaml';
import { methods as allMethods } from '../petl/index.ts';
import { merge } from './merge.ts';
import { override } from './overrides.ts';
import type { Source } from './places.ts';
import { recipeError } from './problems.ts';
import { type MethodOptions, type Recipe, recipeSchema } from './schema.ts';
import { validate } from './validate.ts';
import { readYaml } from './yaml-source.ts';

export interface ParseOptions {
  /** How errors name the text; also gives a recipe without a name its name. */
  readonly file: string;
  /** `path=value`, the later over the earlier, all over the text. */
  readonly overrides?: readonly string[];
  /** What `method.name` may choose from. */
  readonly methods?: readonly MethodOptions[];
}

/** `configs/ssv2/linear-vit-b.yaml` → `ssv2-linear-vit-b`. */
export function nameOf(file: string): string {
  const { dir, name } = path.parse(path.resolve(file));
  const words = `${path.basename(dir)}-${name}`.split(/[^A-Za-z0-9._]+/);
  return words
    .filter((word) => word !== '')
    .join('-')
    .replace(/^[._]+/, '');
}

/** A recipe from its sources, the basis of what it extends below it. */
export function resolveRecipe(recipe: Source, basis: Source | undefined, options: ParseOptions): Recipe {
  const { file, overrides = [], methods = allMethods } = options;
  const { extends: _, ...own } = recipe.value;
  const whole = merge({ value: { name: nameOf(file) }, places: new Map() }, { ...recipe, value: own });
  const based = basis === undefined ? whole : merge(basis, whole);
  return validate(recipeSchema(methods), override(based, overrides));
}

/**
 * A recipe that stands alone, such as the `config.yaml` of a run.
 * @throws config error with every problem; also where the text extends another file, which only `loadRecipe` can read
 */
export function parseRecipe(text: string, options: ParseOptions): Recipe {
  const recipe = readYaml(text, options.file);
  if ('extends' in recipe.value) {
    throw recipeError([{ what: 'extends is for recipes that are files', at: recipe.places.get('extends') }]);
  }
  return resolveRecipe(recipe, undefined, options);
}

/** A resolved recipe as YAML; `parseRecipe` reads the same recipe back. */
export function toYaml(recipe: Recipe): string {
  return stringify(recipe, { lineWidth: 0 });
}
