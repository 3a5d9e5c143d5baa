/**
 * A validation split out of the training split, where the data set has none of its own: the last entries of each class in natural
 * order of their paths. Not a random choice: numbered files are mostly cut one after the other from the same recordings, and
 * neighbours on both sides of a split would make the result look better than it is.
 */
import path from 'node:path';
import type { ListedSplit } from '../src/data/listing.ts';
import type { Listed } from '../src/data/manifest.ts';
import { byNaturalOrder } from '../src/data/natural-order.ts';
import { configError, dataError } from '../src/errors/index.ts';
import type { ListOption, ListOptions } from './dataset.ts';

/** What a data set heeds that calls `withValidation`. */
export const HELD_OUT_OPTIONS: readonly ListOption[] = ['validationPerClass', 'validationFraction'];

export interface HeldOut {
  /** Whether the person chose it, or it is our default. */
  readonly asked: boolean;
  readonly words: string;
  /** How many of a class's `n` files go to validation. */
  of(n: number): number;
}

/** @param fraction of each class where the person chose nothing */
export function heldOut(
  { validationPerClass: count, validationFraction: chosen }: ListOptions,
  fraction: number,
): HeldOut {
  if (count !== undefined && chosen !== undefined) {
    throw configError('--validation-per-class and --validation-fraction exclude each other', { remedy: 'give one' });
  }
  if (count !== undefined) return { asked: true, words: `the last ${count} files`, of: () => count };
  const share = chosen ?? fraction;
  if (!(share > 0 && share < 1)) {
    throw configError(`--validation-fraction is ${share}`, { remedy: 'give a number between 0 and 1, as 0.2' });
  }
  const words = `the last ${Number((100 * share).toFixed(2))} % of the files`;
  return { asked: chosen !== undefined, words, of: (n) => Math.max(1, Math.round(share * n)) };
}

/** Training and validation entries. @throws data error where a class would be left without training entries */
export function splitByClass(
  entries: readonly Listed[],
  classes: readonly string[],
  held: HeldOut,
): [train: Listed[], validation: Listed[]] {
  const byLabel = classes.map((): Listed[] => []);
  for (const entry of entries) byLabel[entry.label]?.push(entry);
  const train: Listed[] = [];
  const validation: Listed[] = [];
  for (const [label, own] of byLabel.entries()) {
    if (own.length === 0) continue; // A number that a list of integer labels leaves out.
    own.sort((a, b) => byNaturalOrder(a.file, b.file));
    const count = held.of(own.length);
    if (count >= own.length) {
      throw dataError(`the class ${classes[label]} has ${own.length} files, and ${held.words} would go to validation`, {
        at: path.dirname(own[0]?.file ?? ''),
        remedy: 'add files to the class, or keep fewer for validation',
      });
    }
    train.push(...own.slice(0, -count));
    validation.push(...own.slice(-count));
  }
  return [train, validation];
}

/**
 * The splits of a data set, most of which come without a validation split. Where the person asks for one, the last of each class of `train` become it,
 * and `trainval` is the official training split.
 */
export function withValidation(
  splits: readonly ListedSplit[],
  classes: readonly string[],
  options: ListOptions,
  notes: string[],
): ListedSplit[] {
  const held = heldOut(options, 0.1);
  if (!held.asked) return [...splits];
  if (splits.some(({ name }) => name === 'validation')) {
    throw configError('the data set brings its own validation split', {
      remedy: 'leave out --validation-per-class and --validation-fraction',
    });
  }
  notes.push(`validation: ${held.words} of each class; trainval is the official training split`);
  return splits.flatMap((split): ListedSplit[] => {
    if (split.name !== 'train') return [split];
    const [train, validation] = splitByClass(split.entries, classes, held);
    return [
      { name: 'train', entries: train },
      { name: 'validation', entries: validation },
      { name: 'trainval', entries: split.entries },
    ];
  });
}

/** Official counts as they apply after `withValidation`. */
export function officialWith<T extends { readonly split: string }>(
  splits: readonly ListedSplit[],
  official: readonly T[],
) {
  return splits.some(({ name }) => name === 'trainval')
    ? official.map((one) => (one.split === 'train' ? { ...one, split: 'trainval' as const } : one))
    : official;
}
