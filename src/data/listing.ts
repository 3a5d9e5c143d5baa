/** What the official annotation of a data set says, before any file was read; the checks every data set shares. */
import { dataError } from '../errors/index.ts';
import type { Listed, SplitName } from './manifest.ts';

export interface ListedSplit {
  readonly name: SplitName;
  /** 1-3 for HMDB51 and UCF101, 10 × shots + seed for few-shot lists. */
  readonly fold?: number;
  readonly entries: readonly Listed[];
}

/** Entries of a split as its makers count them. */
export interface OfficialCount {
  readonly split: SplitName;
  readonly fold?: number;
  readonly entries: number;
}

export interface Listing {
  /** Where the data set's own name does not do: a person's folder of videos. */
  readonly name?: string;
  /** Label → class name. */
  readonly classes: readonly string[];
  /** Absolute folder that the entries' files are relative to. */
  readonly root: string;
  /** Where the classes decide about mirroring rather than the data set. */
  readonly flip?: boolean;
  /** What lists and pixels came from, where the data set goes about in several forms. */
  readonly origin?: Readonly<Record<string, string>>;
  /** Pixels of the pictures, where `prepare` wrote them all itself: they need not be read. */
  readonly written?: { readonly width: number; readonly height: number };
  readonly splits: readonly ListedSplit[];
  /** Where the lists that were found decide about the official counts rather than the data set. */
  readonly official?: readonly OfficialCount[];
  /** What a person should know: choices made, annotation files not found. */
  readonly notes: readonly string[];
}

const SPLIT_WORDS: Readonly<Record<string, SplitName>> = {
  train: 'train',
  training: 'train',
  val: 'validation',
  valid: 'validation',
  validate: 'validation',
  validation: 'validation',
  trainval: 'trainval',
  test: 'test',
  testing: 'test',
};

/** The split that a folder or a column of a list means by `word`, or undefined. */
export function splitNamed(word: string): SplitName | undefined {
  return Object.hasOwn(SPLIT_WORDS, word.toLowerCase()) ? SPLIT_WORDS[word.toLowerCase()] : undefined;
}

/** `train`, or `fold 2 test`. */
export function splitTitle(split: { readonly name: SplitName; readonly fold?: number }): string {
  return split.fold === undefined ? split.name : `fold ${split.fold} ${split.name}`;
}

/**
 * Refuses a listing that would train or evaluate on something else than it says: an empty split, a label outside the
 * classes, an id twice in one split, or an id both in training and in evaluation of one fold.
 */
export function checkListing(listing: Listing): void {
  if (listing.splits.length === 0) throw dataError('the annotation lists no split', { at: listing.root });
  for (const split of listing.splits) {
    const at = `${listing.root}, ${splitTitle(split)}`;
    if (split.entries.length === 0) throw dataError(`the ${splitTitle(split)} split is empty`, { at: listing.root });
    const ids = new Set<string>();
    for (const { id, label } of split.entries) {
      const hidden = split.name === 'test' && label === -1;
      if (!hidden && !(Number.isInteger(label) && label >= 0 && label < listing.classes.length)) {
        throw dataError(`${id}: the label ${label} is out of range`, {
          at,
          remedy: `${listing.classes.length} classes have the labels 0 to ${listing.classes.length - 1}`,
        });
      }
      if (ids.has(id)) throw dataError(`the id ${id} is listed twice`, { at, remedy: 'remove one of the two lines' });
      ids.add(id);
    }
    for (const other of listing.splits) {
      if (!MEASURED[other.name]?.includes(split.name) || !sameFold(split, other)) continue;
      const leaked = other.entries.find((entry) => ids.has(entry.id));
      if (leaked === undefined) continue;
      throw dataError(`the id ${leaked.id} is in ${splitTitle(other)} and in ${splitTitle(split)}`, {
        at: listing.root,
        remedy: 'remove it from one of the two lists: a model must not be tested on what it trained on',
      });
    }
  }
}

/** What a model that was trained on a split is measured on. */
const MEASURED: Readonly<Partial<Record<SplitName, readonly SplitName[]>>> = {
  train: ['validation', 'test'],
  trainval: ['test'],
};

const sameFold = (one: ListedSplit, other: ListedSplit): boolean =>
  one.fold === undefined || other.fold === undefined || one.fold === other.fold;

/** At most `limit` entries of each split, spread evenly over it: official lists are often sorted by class. */
export function limitListing(listing: Listing, limit: number): Listing {
  return {
    ...listing,
    splits: listing.splits.map((split) => {
      const step = split.entries.length / limit;
      if (step <= 1) return split;
      return {
        ...split,
        entries: Array.from({ length: limit }, (_, i) => split.entries[Math.floor(i * step)] as Listed),
      };
    }),
  };
}
