/**
 * Reading a prepared data set back: `dataset.json`, then one manifest. Everything is checked here, with file and line,
 * so that no later stage meets a label out of range or a clip without frames.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, configError, dataError, messageOf } from '../errors/index.ts';
import { readJsonLines } from '../formats/jsonl.ts';
import { isDisposable } from '../video/disposable.ts';
import { isSeeks } from '../video/seeks.ts';
import {
  type Dataset,
  type DatasetCopies,
  type Entry,
  isUsable,
  SPLIT_NAMES,
  type Split,
  type SplitName,
  type Verdict,
} from './manifest.ts';

export const DATASET_FILE = 'dataset.json';

const VERDICTS: readonly Verdict[] = ['ok', 'damaged', 'unreadable', 'missing'];

/**
 * The data set prepared in the folder `dir`.
 *
 * @throws data error when nothing is prepared there or `dataset.json` is not what `prepare` writes.
 */
export async function readDataset(dir: string): Promise<Dataset> {
  const file = path.join(dir, DATASET_FILE);
  const value = await readJson(file, dir);
  const fault = (what: string) =>
    dataError(`${what} in the prepared data set`, { at: file, remedy: prepareAgain(dir) });
  if (!isRecord(value)) throw fault('no object');
  const { name, classes, root, flip, origin, splits, copies } = value;
  if (typeof name !== 'string' || name === '') throw fault('no "name"');
  if (!Array.isArray(classes) || classes.length === 0 || !classes.every((c) => typeof c === 'string')) {
    throw fault('no "classes", a list of names,');
  }
  if (typeof root !== 'string' || root === '') throw fault('no "root", the folder of the files,');
  if (typeof flip !== 'boolean') throw fault('no "flip", true or false,');
  if (!Array.isArray(splits) || splits.length === 0) throw fault('no "splits"');
  const words = origin ?? {};
  if (!isRecord(words) || !Object.values(words).every((word) => typeof word === 'string')) {
    throw fault('an "origin" that is no object of texts');
  }
  const checked = {
    ...{ name, classes, root, flip },
    ...(origin === undefined ? {} : { origin: words as Record<string, string> }),
    splits: splits.map((split) => checkSplit(split, fault)),
  };
  return copies === undefined ? checked : { ...checked, copies: checkCopies(copies, fault) };
}

function checkCopies(value: unknown, fault: (what: string) => Error): DatasetCopies {
  if (!isRecord(value)) throw fault('"copies" that are no object');
  const numbers = value.kind === 'jpeg' ? ['quality'] : value.kind === 'gop' ? ['gop', 'crf'] : undefined;
  if (numbers === undefined) throw fault(`"copies" of the kind ${JSON.stringify(value.kind)}`);
  for (const key of [...numbers, 'shortSide', 'videos', 'bytes', 'originalBytes']) {
    if (!isCount(value[key])) throw fault(`"copies" with a ${key} of ${JSON.stringify(value[key])}`);
  }
  if (typeof value.originals !== 'string') throw fault('"copies" without the folder of the originals');
  return value as unknown as DatasetCopies;
}

function checkSplit(value: unknown, fault: (what: string) => Error): Split {
  if (!isRecord(value)) throw fault('a split that is no object');
  const { name, fold, manifest, listed, usable } = value;
  if (!isOneOf(name, SPLIT_NAMES)) throw fault(`a split named ${JSON.stringify(name)}`);
  if (fold !== undefined && !isCount(fold)) throw fault(`a fold ${JSON.stringify(fold)}`);
  if (typeof manifest !== 'string' || manifest !== path.basename(manifest)) throw fault('a split without a manifest');
  if (!isCount(listed) || !isCount(usable)) throw fault(`split ${name} without its counts`);
  return { name, ...(fold === undefined ? {} : { fold }), manifest, listed, usable };
}

/**
 * The split called `name`; in a data set with folds, the one of `fold`.
 *
 * @throws config error when there is no such split or fold, or when the data set has several folds and none was chosen.
 */
export function findSplit(dataset: Dataset, name: SplitName, fold?: number): Split {
  const named = dataset.splits.filter((split) => split.name === name);
  if (named.length === 0) {
    const names = [...new Set(dataset.splits.map((split) => split.name))].join(', ');
    throw configError(`${dataset.name} has no ${name} split`, {
      remedy: `its splits are: ${names}; choose by data.trainSplit and data.validationSplit, or --split`,
    });
  }
  const folds = named.flatMap((split) => split.fold ?? []);
  const allFolds = dataset.splits.flatMap((split) => split.fold ?? []);
  if (fold === undefined && named.length > 1) {
    throw configError(`${dataset.name} has ${folds.length} folds and none was chosen`, {
      remedy: `choose one of the folds ${folds.join(', ')}`,
    });
  }
  // A data set without folds is its own and only fold; a split without folds serves every fold that another has.
  const serves = folds.length === 0 && (fold === 1 || allFolds.includes(fold as number));
  const found = fold === undefined || serves ? named[0] : named.find((split) => split.fold === fold);
  if (found === undefined) {
    const remedy =
      allFolds.length === 0
        ? 'leave the fold out: this data set has none'
        : `its folds are: ${[...new Set(allFolds)].join(', ')}`;
    throw configError(`${dataset.name} has no fold ${fold} of the ${name} split`, { remedy });
  }
  return found;
}

/**
 * All entries of a split of the data set prepared in `dir`, in the official order, the missing and unreadable ones
 * too (`isUsable` tells them apart): an evaluation has to count what it could not see.
 *
 * @throws config error as `findSplit`; data error, with file and line, for a manifest that is absent or malformed, for a
 *   label outside the classes, and for a split in which nothing is usable.
 */
export async function readSplit(dir: string, dataset: Dataset, name: SplitName, fold?: number): Promise<Entry[]> {
  const split = findSplit(dataset, name, fold);
  const file = path.join(dir, split.manifest);
  const ids = new Set<string>();
  const entries = await readJsonLines(file, (value) => {
    const entry = checkEntry(value, dataset.classes.length, name);
    if (ids.has(entry.id)) throw dataError(`the id ${entry.id} stands on an earlier line already`);
    ids.add(entry.id);
    return entry;
  });
  if (entries.length !== split.listed) {
    throw dataError(`the manifest has ${entries.length} entries where dataset.json says ${split.listed}`, {
      at: file,
      remedy: prepareAgain(dir),
    });
  }
  if (!entries.some(isUsable)) {
    throw dataError(`no video or image of the ${name} split is usable: ${countVerdicts(entries)}`, {
      at: file,
      remedy: `look into report.json beside it for the reasons, then ${prepareAgain(dir)}`,
    });
  }
  return entries;
}

function checkEntry(value: unknown, classes: number, split: SplitName): Entry {
  if (!isRecord(value)) throw dataError('this line is no JSON object');
  const { id, file, label, frames, width, height, fps, verdict, reason, bytes, changesSize, seeks, disposable } = value;
  if (typeof id !== 'string' || id === '') throw dataError('an entry needs an "id", a text');
  if (typeof file !== 'string' || file === '') throw dataError(`${id}: an entry needs a "file", a path`);
  if (!Number.isInteger(label)) throw dataError(`${id}: the label ${JSON.stringify(label)} is no whole number`);
  const hidden = split === 'test' && label === -1;
  if (!hidden && ((label as number) < 0 || (label as number) >= classes)) {
    const alsoHidden = split === 'test' ? ', and -1 where the test label is hidden' : '';
    throw dataError(
      `${id}: the label ${label} is out of range; ${classes} classes have the labels 0 to ${classes - 1}${alsoHidden}`,
    );
  }
  if (!isOneOf(verdict, VERDICTS)) throw dataError(`${id}: the verdict is none of ${VERDICTS.join(', ')}`);
  for (const [key, number] of Object.entries({ frames, width, height })) {
    if (!isCount(number)) throw dataError(`${id}: "${key}" is ${JSON.stringify(number)}, not a count`);
  }
  if (typeof fps !== 'number' || !(fps >= 0)) throw dataError(`${id}: "fps" is ${JSON.stringify(fps)}, not a rate`);
  const usable = verdict === 'ok' || verdict === 'damaged';
  if (usable && (frames === 0 || width === 0 || height === 0)) {
    throw dataError(`${id}: the verdict is ${verdict}, but it has no frames or no size`);
  }
  if (disposable !== undefined && !isDisposable(disposable)) {
    throw dataError(`${id}: "disposable" is no text of one letter or - for each frame`);
  }
  if (reason !== undefined && typeof reason !== 'string') throw dataError(`${id}: the reason is no text`);
  if (bytes !== undefined && !isCount(bytes))
    throw dataError(`${id}: "bytes" is ${JSON.stringify(bytes)}, not a count`);
  if (changesSize !== undefined && changesSize !== true) throw dataError(`${id}: "changesSize" is true or absent`);
  if (seeks !== undefined && !isSeeks(seeks)) {
    throw dataError(`${id}: "seeks" are not pairs of a frame and its seconds in ascending order`);
  }
  return value as unknown as Entry;
}

function countVerdicts(entries: readonly Entry[]): string {
  if (entries.length === 0) return 'it has no entries';
  const count = (verdict: Verdict) => entries.filter((entry) => entry.verdict === verdict).length;
  return `${count('missing')} missing, ${count('unreadable')} unreadable`;
}

async function readJson(file: string, dir: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') {
      throw dataError(`cannot be read: ${messageOf(error)}`, {
        at: file,
        remedy: 'check what it is, its owner and mode',
        cause: error,
      });
    }
    throw dataError(`no prepared data set here: ${path.basename(file)} is missing`, {
      at: dir,
      remedy: prepareAgain(dir),
      cause: error,
    });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw dataError(`malformed JSON: ${messageOf(error)}`, { at: file, remedy: prepareAgain(dir), cause: error });
  }
}

const prepareAgain = (dir: string) =>
  `run: petl-video prepare <dataset> --source <folder of the downloaded files> --out ${dir}`;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}

function isOneOf<T extends string>(value: unknown, names: readonly T[]): value is T {
  return names.includes(value as T);
}
