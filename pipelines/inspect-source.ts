/** What `petl-video inspect` is to look at: the split of a recipe, or of a prepared folder for which a recipe is made up. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { loadRecipe, parseRecipe, type Recipe } from '../src/config/index.ts';
import type { Views } from '../src/data/loader.ts';
import { type Dataset, type Entry, isImage, isUsable, SPLIT_NAMES, type SplitName } from '../src/data/manifest.ts';
import { DATASET_FILE, readDataset, readSplit } from '../src/data/read-dataset.ts';
import { dataError, usageError } from '../src/errors/index.ts';
import { CONFIG_FILE } from '../src/train/run-folder.ts';
import { runFolder } from './assemble.ts';
import type { Options } from './command.ts';

const SPLITS: readonly string[] = SPLIT_NAMES;

export interface Asked {
  readonly recipe: Recipe;
  readonly dataset: Dataset;
  readonly split: SplitName;
  /** The whole split. */
  readonly listed: readonly Entry[];
  /** Where the run of the recipe is, or would be; undefined for a prepared folder. */
  readonly runFolder?: string;
}

export type As = { readonly epoch: number } | { readonly views: Views };

export async function whatIsAsked(source: string, overrides: readonly string[], options: Options): Promise<Asked> {
  const named = splitOf(options);
  const folder = await preparedFolder(source);
  if (folder === undefined) {
    const recipe = await loadRecipe(source, overrides);
    const { data } = recipe;
    const dataset = await readDataset(data.path);
    const split = named ?? data.trainSplit;
    const listed = await readSplit(data.path, dataset, split, data.fold);
    const run = path.basename(source) === CONFIG_FILE ? path.dirname(source) : runFolder(recipe);
    return { recipe, dataset, split, listed, runFolder: run };
  }
  const dataset = await readDataset(folder);
  const manifest = folder === source ? undefined : manifestOf(dataset, source);
  if (manifest !== undefined && named !== undefined && named !== manifest.name) {
    throw usageError(`--split ${named} does not go with ${path.basename(source)}, which is ${manifest.name}`);
  }
  const split = manifest?.name ?? named ?? 'train';
  const fold = manifest?.fold === undefined ? [] : [`data.fold=${manifest.fold}`];
  const recipeWith = (frames: readonly string[]): Recipe =>
    parseRecipe(anyModel(folder), { file: source, overrides: [...fold, ...frames, ...overrides] });
  const listed = await readSplit(folder, dataset, split, recipeWith([]).data.fold);
  const images = listed.every((entry) => !isUsable(entry) || isImage(entry));
  return { recipe: recipeWith(images ? ['data.frames=1'] : []), dataset, split, listed };
}

function splitOf({ split }: Options): SplitName | undefined {
  if (split === undefined || SPLITS.includes(split as string)) return split as SplitName | undefined;
  throw usageError(`--split ${split}: choose one of ${SPLITS.join(', ')}`);
}

/** The folder that `source` is or lies in; undefined where it is a recipe. */
async function preparedFolder(source: string): Promise<string | undefined> {
  if (source.endsWith('.jsonl')) return path.dirname(source);
  if (/\.ya?ml$/.test(source)) return undefined;
  const found = await stat(source).catch(() => undefined);
  return found?.isFile() ? undefined : source;
}

function manifestOf({ splits }: Dataset, file: string): Dataset['splits'][number] {
  const found = splits.find(({ manifest }) => manifest === path.basename(file));
  if (found !== undefined) return found;
  throw dataError(`${DATASET_FILE} beside it names no such manifest`, {
    at: file,
    remedy: `its manifests are: ${splits.map(({ manifest }) => manifest).join(', ')}`,
  });
}

/** The defaults of a recipe's data, over a model that takes clips of any shape. */
function anyModel(folder: string): string {
  return JSON.stringify({
    name: 'inspect',
    data: { path: folder },
    backbone: { size: 'tiny', patch: 1, tubelet: 1, weights: 'random' },
    method: { name: 'linear' },
    optim: { name: 'adamw', lr: 0.001 },
    train: { epochs: 1, batch: 8 },
  });
}
