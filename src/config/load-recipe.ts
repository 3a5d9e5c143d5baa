/** Recipe files: `configs/<dataset>/<method>-<backbone>.yaml`, each over at most one `_base*.yaml` of its folder. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, configError, messageOf, type PetlVideoError } from '../errors/index.ts';
import { nearest } from '../errors/nearest.ts';
import { type ParseOptions, resolveRecipe } from './parse-recipe.ts';
import type { Source } from './places.ts';
import { recipeError } from './problems.ts';
import type { Recipe } from './schema.ts';
import { readYaml } from './yaml-source.ts';

/** The form that `extends` has. */
export const BASIS = /^_base[A-Za-z0-9._-]*\.yaml$/;

/** The recipes in a folder and the folders in it, as paths; none where it cannot be read. */
async function recipesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const within = await Promise.all(
    entries.map(async (entry) => {
      const found = path.join(folder, entry.name);
      if (!entry.isDirectory()) return [found];
      return (await readdir(found).catch(() => [])).map((name) => path.join(found, name));
    }),
  );
  return within.flat().filter((file) => file.endsWith('.yaml') && !path.basename(file).startsWith('_'));
}

async function unreadable(file: string, cause: unknown): Promise<PetlVideoError> {
  const code = codeOf(cause);
  if (code !== 'ENOENT' && code !== 'EISDIR' && code !== 'ENOTDIR') {
    return configError(`cannot read the recipe: ${messageOf(cause)}`, { at: file, cause });
  }
  const folder = code === 'EISDIR' ? file : path.dirname(file);
  const beside = await recipesIn(folder);
  const candidates = beside.length > 0 ? beside : await recipesIn(path.dirname(folder));
  const near = nearest(file, candidates);
  const listed = candidates.slice(0, 8).join(', ');
  return configError(code === 'EISDIR' ? 'a recipe is a file, not a folder' : 'no such recipe', {
    at: file,
    ...(near !== undefined ? { remedy: `did you mean ${near}?` } : {}),
    ...(near === undefined && listed !== '' ? { remedy: `recipes near there: ${listed}` } : {}),
    cause,
  });
}

async function readSource(file: string): Promise<Source> {
  const text = await readFile(file, 'utf8').catch(async (cause) => {
    throw await unreadable(file, cause);
  });
  return readYaml(text, file);
}

/** What the recipe extends, or undefined. */
async function readBasis(recipe: Source, file: string): Promise<Source | undefined> {
  if (!('extends' in recipe.value)) return undefined;
  const basis = recipe.value.extends;
  const at = recipe.places.get('extends');
  if (typeof basis !== 'string' || !BASIS.test(basis)) {
    throw recipeError([{ what: 'extends must name a file of the same folder that begins with _base', at }]);
  }
  const basisFile = path.join(path.dirname(file), basis);
  const text = await readFile(basisFile, 'utf8').catch((cause) => {
    const what =
      codeOf(cause) === 'ENOENT' ? `extends ${basis}, which is not there` : `cannot read ${basis}: ${messageOf(cause)}`;
    throw recipeError([{ what, at }]);
  });
  const source = readYaml(text, basisFile);
  for (const [key, what] of [
    ['extends', 'a recipe extends one file, and that extends no other'],
    ['name', 'a name belongs to a recipe, not to what several extend'],
  ] as const) {
    if (key in source.value) throw recipeError([{ what, at: source.places.get(key) }]);
  }
  return source;
}

/**
 * The recipe of a file, with `path=value` overrides.
 * @throws config error with every problem, each with file, line and column; usage error for what is no override
 */
export async function loadRecipe(
  file: string,
  overrides: readonly string[] = [],
  options: Pick<ParseOptions, 'methods'> = {},
): Promise<Recipe> {
  const recipe = await readSource(file);
  const basis = await readBasis(recipe, file);
  return resolveRecipe(recipe, basis, { ...options, file, overrides });
}
