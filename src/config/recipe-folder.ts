/** The recipes of a folder: every `.yaml` in it and below it whose name does not begin with `_`. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { configError, PetlVideoError } from '../errors/index.ts';
import { loadRecipe } from './load-recipe.ts';
import type { ParseOptions } from './parse-recipe.ts';
import type { Recipe } from './schema.ts';

export interface RecipeFile {
  readonly file: string;
  readonly recipe: Recipe;
}

export async function isFolder(place: string): Promise<boolean> {
  const found = await stat(place).catch(() => undefined);
  return found?.isDirectory() ?? false;
}

/** Files before folders, each in the order of their names. */
async function recipeFiles(folder: string): Promise<string[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).toSorted((a, b) =>
    a.name.localeCompare(b.name, 'en', { numeric: true }),
  );
  const shown = entries.filter(({ name }) => !name.startsWith('_') && !name.startsWith('.'));
  const files = shown.filter((entry) => entry.isFile() && entry.name.endsWith('.yaml'));
  const folders = shown.filter((entry) => entry.isDirectory());
  const below = await Promise.all(folders.map(({ name }) => recipeFiles(path.join(folder, name))));
  return [...files.map(({ name }) => path.join(folder, name)), ...below.flat()];
}

/**
 * All recipes of the folder, each with the same overrides.
 * @throws config error with the problems of all of them; where there is none; and where two have one name, and so one run
 */
export async function loadRecipes(
  folder: string,
  overrides: readonly string[] = [],
  options: Pick<ParseOptions, 'methods'> = {},
): Promise<RecipeFile[]> {
  const loaded: RecipeFile[] = [];
  const faults: PetlVideoError[] = [];
  for (const file of await recipeFiles(folder)) {
    try {
      loaded.push({ file, recipe: await loadRecipe(file, overrides, options) });
    } catch (thrown) {
      if (!(thrown instanceof PetlVideoError) || thrown.kind !== 'config') throw thrown;
      faults.push(thrown);
    }
  }
  const [first] = faults;
  if (first !== undefined && faults.length === 1) throw first;
  if (faults.length > 1) {
    throw configError(`${faults.length} recipes with problems\n\n${faults.map(({ message }) => message).join('\n\n')}`);
  }
  if (loaded.length === 0) {
    throw configError('no recipe in the folder', { at: folder, remedy: 'recipes are .yaml files; see configs/' });
  }
  const names = new Map<string, string>();
  for (const { file, recipe } of loaded) {
    const other = names.get(recipe.name);
    if (other !== undefined) {
      throw configError(`two recipes are named ${recipe.name}: their runs would share a folder`, {
        at: `${other} and ${file}`,
        remedy: 'give one of them another name (name: …)',
      });
    }
    names.set(recipe.name, file);
  }
  return loaded;
}
