/** What keeps a sweep honest: that it trains, chooses and reports on three splits with nothing in common. */
import type { Recipe } from '../src/config/index.ts';
import type { Dataset, SplitName } from '../src/data/manifest.ts';
import { readDataset, readSplit } from '../src/data/read-dataset.ts';
import { configError } from '../src/errors/index.ts';

const APART = 'choose on a split of its own: data.trainSplit=train data.validationSplit=validation';

/**
 * @param searches whether a setting is chosen; seeds alone choose nothing
 * @param finalSplit what the chosen setting is trained on anew; it may hold the validation split, but not the test split
 */
export async function requireSplits(
  recipe: Recipe,
  searches: boolean,
  finalSplit: SplitName | undefined,
): Promise<void> {
  const { data } = recipe;
  if (!searches && finalSplit === undefined) return;
  const dataset = await readDataset(data.path);
  if (searches) requireChoice(recipe, dataset);
  requireThere(recipe, dataset, 'test', 'to report');
  const final: Role[] = finalSplit === undefined ? [] : [['trained on in the end', finalSplit]];
  const reported: Role = ['reported on', 'test'];
  await requireApart(recipe, dataset, [...final, reported]);
  if (!searches) return;
  await requireApart(recipe, dataset, [['trained on', data.trainSplit], ['chosen on', data.validationSplit], reported]);
}

type Role = readonly [use: string, split: SplitName];

function requireChoice(recipe: Recipe, dataset: Dataset): void {
  const { path, trainSplit, validationSplit } = recipe.data;
  const fault = (what: string, remedy: string): Error => configError(what, { at: path, remedy });
  if (validationSplit === 'test') {
    throw fault('the sweep would choose on the test split', `${APART}; the test split is for the chosen setting alone`);
  }
  if (validationSplit === trainSplit) {
    throw fault(`the sweep would choose on the ${trainSplit} split, which it trains on`, APART);
  }
  // Its images may be copies with names of their own, which no comparison of names would find.
  if (String(trainSplit) === 'trainval' && validationSplit === 'validation') {
    throw fault('the sweep would choose on the validation split, which trainval holds', APART);
  }
  requireThere(recipe, dataset, validationSplit, 'to choose on');
}

function requireThere({ data }: Recipe, dataset: Dataset, split: SplitName, use: string): void {
  if (dataset.splits.some(({ name }) => name === split)) return;
  const names = [...new Set(dataset.splits.map(({ name }) => name))].join(', ');
  throw configError(`${dataset.name} has no ${split} split ${use}; its splits are ${names}`, {
    at: data.path,
    remedy:
      split === 'test'
        ? 'train the settings one by one and compare them on the validation split, which is no test then'
        : 'prepare one, held out of the training split; without --sweep, --seeds trains the recipe as it is',
  });
}

/** Also that the last of them has labels. */
async function requireApart({ data }: Recipe, dataset: Dataset, roles: readonly Role[]): Promise<void> {
  const files = new Map<string, Role>();
  for (const role of roles) {
    const [, split] = role;
    for (const { file, verdict, label } of await readSplit(data.path, dataset, split, data.fold)) {
      if (split === 'test' && verdict !== 'missing' && label < 0) {
        throw configError(`the test split of ${dataset.name} has no labels to report`, {
          at: data.path,
          remedy: 'compare the settings on the validation split, and let the official server measure the chosen one',
        });
      }
      const other = files.get(file);
      if (other !== undefined && other !== role) {
        const pair = [other, role].map(([use, name]) => `${name} (${use})`).join(' and ');
        throw configError(`the splits ${pair} share ${file}`, { at: data.path, remedy: APART });
      }
      files.set(file, role);
    }
  }
}
