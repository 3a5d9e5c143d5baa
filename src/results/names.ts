/** Short words for runs, in tables and figures: what tells them apart and what they are. */
import path from 'node:path';
import type { Recipe } from '../config/index.ts';
import type { RunResults } from './read-run.ts';

/** The folders below what all of them have in common: `linear/seed=0`. One folder alone has its own name. */
export function runNames(folders: readonly string[]): string[] {
  const parts = folders.map((folder) => path.resolve(folder).split(path.sep));
  const shortest = Math.min(...parts.map((own) => own.length));
  let common = 0;
  while (common < shortest - 1 && parts.every((own) => own[common] === parts[0]?.[common])) common++;
  return parts.map((own) => own.slice(common).join('/'));
}

/** What several names begin with: `adaptformer-seed0` and `adaptformer-seed1` are `adaptformer`; else all of them. */
export function commonName(names: readonly string[]): string {
  const [first = '', ...others] = names;
  if (others.length === 0) return first;
  let length = 0;
  while (length < first.length && others.every((name) => name[length] === first[length])) length++;
  const begin = first.slice(0, length).replace(/[-_. =/(]*(seed)?[-_. =/(]*$/i, '');
  return begin === '' ? names.join(', ') : begin;
}

const LETTERS = { tiny: 'Ti', small: 'S', base: 'B', large: 'L', huge: 'H' } as const;

/** `ViT-B/16`, `Swin-L`, or what is spelled out: `ViT 96 × 4/16` for 4 blocks of width 96. */
export function backboneName({ backbone }: Pick<Recipe, 'backbone'>): string {
  if (backbone.model === 'swin') {
    const { size } = backbone;
    return typeof size === 'string' ? `Swin-${LETTERS[size]}` : `Swin ${size.width} × ${size.depths.join('+')}`;
  }
  const { size, patch } = backbone;
  return typeof size === 'string' ? `ViT-${LETTERS[size]}/${patch}` : `ViT ${size.width} × ${size.depth}/${patch}`;
}

/** The weights file without its folder, or `random`. */
export function weightsName({ backbone }: Pick<Recipe, 'backbone'>): string {
  return path.basename(backbone.weights.replaceAll('\\', '/'), '.safetensors');
}

/** The method of each run, with those of its options that differ among the runs of that method: `adaptformer, bottleneck 8`. */
export function methodNames(runs: readonly Pick<RunResults, 'recipe'>[]): string[] {
  const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
  return runs.map(({ recipe: { method } }) => {
    const alike = runs.map(({ recipe }) => recipe.method).filter(({ name }) => name === method.name);
    const telling = Object.entries(method).filter(([key, value]) =>
      alike.some((other) => text(other[key]) !== text(value)),
    );
    return [method.name, ...telling.map(([key, value]) => `${key} ${text(value)}`)].join(', ');
  });
}

/** The same, each once: with the seed where several runs are of one method, or else the names of the runs. */
export function distinctMethodNames(
  runs: readonly Pick<RunResults, 'recipe'>[],
  names: readonly string[],
): readonly string[] {
  const methods = methodNames(runs);
  const seeded = runs.map(({ recipe }, i) => `${methods[i]}, seed ${recipe.train.seed}`);
  return [methods, seeded].find((titles) => new Set(titles).size === titles.length) ?? names;
}
