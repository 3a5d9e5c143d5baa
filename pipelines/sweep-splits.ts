import type { Recipe } from '../src/config/index.ts';
import type { SplitName } from '../src/data/manifest.ts';
import { findSplit, readDataset, readSplit } from '../src/data/read-dataset.ts';
import { configError } from '../src/errors/index.ts';

/** That what is chosen on and what is reported are two splits, with nothing in common with each other or the training. */
export async function requireSplits(
  recipe: Recipe,
  searches: boolean,
  finalSplit: SplitName | undefined,
): Promise<void> {
  const { data } = recipe;
  if (!searches && finalSplit === undefined) return;
  const dataset = await readDataset(data.path);
  const apart = 'choose on a split of its own: data.trainSplit=train data.validationSplit=validation';
  const fault = (what: string, remedy: string): Error => configError(what, { at: data.path, remedy });
  if (searches && data.validationSplit === 'test') {
    throw fault('the sweep would choose on the test split', `${apart}; the test split is for the chosen setting alone`);
  }
  if (searches && data.validationSplit === data.trainSplit) {
    throw fault(`the sweep would choose on the ${data.trainSplit} split, which it trains on`, apart);
  }
  for (const [split, use] of [
    ...(searches ? [[data.validationSplit, 'to choose on'] as const] : []),
    ['test', 'to report'] as const,
  ]) {
    if (dataset.splits.some(({ name }) => name === split)) continue;
    const names = [...new Set(dataset.splits.map(({ name }) => name))].join(', ');
    throw fault(
      `${dataset.name} has no ${split} split ${use}; its splits are ${names}`,
      split === 'test'
        ? 'train the settings one by one and compare them on the validation split, which is no test then'
        : 'prepare one, held out of the training split; without --sweep, --seeds trains the recipe as it is',
    );
  }
  const roles: (readonly [string, SplitName])[] = [
    ...(searches ? [['trained on', data.trainSplit] as const, ['chosen on', data.validationSplit] as const] : []),
    ...(finalSplit === undefined ? [] : [['trained on in the end', finalSplit] as const]),
    ['reported on', 'test'],
  ];
  const files = await Promise.all(
    roles.map(async ([, split]) => {
      findSplit(dataset, split, data.fold);
      const entries = await readSplit(data.path, dataset, split, data.fold);
      if (split === 'test' && entries.some(({ verdict, label }) => verdict !== 'missing' && label < 0)) {
        throw fault(`the test split of ${dataset.name} has no labels to report`, 'its official server measures it');
      }
      return new Set(entries.map(({ file }) => file));
    }),
  );
  for (const [i, own] of files.entries()) {
    for (const [j, others] of files.entries()) {
      const shared = j > i ? [...own].find((file) => others.has(file)) : undefined;
      const pair = [roles[i], roles[j]].map((role) => `${role?.[1]} (${role?.[0]})`).join(' and ');
      const final = roles[j]?.[0] === 'trained on in the end';
      if (shared === undefined || final) continue;
      throw fault(`the splits ${pair} share ${shared}`, apart);
    }
  }
}
