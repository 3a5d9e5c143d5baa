/** The runs that a person names: folders of runs, folders that hold some, and names with wildcards. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { byNaturalOrder } from '../data/natural-order.ts';
import { dataError } from '../errors/index.ts';
import { CONFIG_FILE } from '../train/run-folder.ts';

/**
 * Folders of runs, each once, in the order asked for; those below a folder in natural order. A run is a folder with a
 * config.yaml; nothing is looked for inside one. `*` and `?` stand for any characters of a name, for shells that leave
 * them as they are.
 *
 * @throws PetlVideoError (data) for a place that holds no run
 */
export async function findRuns(places: readonly string[]): Promise<string[]> {
  const found = new Map<string, string>();
  for (const place of places) {
    const folders = (await Promise.all((await placesOf(place)).map(runsIn))).flat();
    if (folders.length === 0) {
      const what = (await isDirectory(place)) ? 'there is no run in the folder' : 'no run of that name';
      throw dataError(what, {
        at: place,
        remedy: `give folders that petl-video train made: each has a ${CONFIG_FILE}`,
      });
    }
    for (const folder of folders) if (!found.has(path.resolve(folder))) found.set(path.resolve(folder), folder);
  }
  return [...found.values()];
}

/** The folder itself where it is a run, else those below it. */
async function runsIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  if (entries.some(({ name }) => name === CONFIG_FILE)) return [folder];
  const names = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
  const below = await Promise.all(names.sort(byNaturalOrder).map((name) => runsIn(path.join(folder, name))));
  return below.flat();
}

/** The places that a name with wildcards stands for; any other is itself, and so is one that is there as it is written. */
async function placesOf(place: string): Promise<string[]> {
  if (!/[*?]/.test(place) || (await isDirectory(place))) return [place];
  const { root } = path.parse(place);
  let places = [root];
  for (const part of place.slice(root.length).split(/[/\\]/)) {
    if (part === '') continue;
    const next = places.map(async (at) => {
      if (!/[*?]/.test(part)) return [path.join(at, part)];
      const entries = await readdir(at === '' ? '.' : at, { withFileTypes: true }).catch(() => []);
      const names = entries.filter((entry) => entry.isDirectory() && matches(entry.name, part)).map(({ name }) => name);
      return names.sort(byNaturalOrder).map((name) => path.join(at, name));
    });
    places = (await Promise.all(next)).flat();
  }
  return places;
}

function matches(name: string, pattern: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false;
  const expression = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 'su').test(name);
}

async function isDirectory(place: string): Promise<boolean> {
  return (await stat(place).catch(() => undefined))?.isDirectory() ?? false;
}
