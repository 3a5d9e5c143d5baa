/**
 * A person's own videos or images, in one of three forms:
 *
 *   <class>/<file>                 class folders; the last part of each class becomes the validation split
 *   train/<class>/<file>, validation|val|test/<class>/<file>, as CIFAR-10 is often given out
 *   --csv FILE                     lines `path label` or `path label split`, separated by commas, tabs or blanks
 *
 * Where there is no validation split, the last files of each class in natural order become one: a fifth where there is
 * no test split either, else when it is asked for. Then `trainval` is the whole of what is to be trained on.
 */
import path from 'node:path';
import { readFileList } from '../src/data/file-list.ts';
import { type ListedSplit, type Listing, splitNamed } from '../src/data/listing.ts';
import { type Listed, SPLIT_NAMES, type SplitName } from '../src/data/manifest.ts';
import { byNaturalOrder } from '../src/data/natural-order.ts';
import { isImageFile, isVideoFile, type SourceFiles, scanFolder } from '../src/data/source-files.ts';
import { configError, dataError } from '../src/errors/index.ts';
import type { DatasetDefinition, ListOptions } from './dataset.ts';
import { heldOut, splitByClass } from './held-out.ts';

const DEFAULT_FRACTION = 0.2;

/** `push_left`, `TurnRight`, `counter-clockwise`: a mirrored clip would be of another class. */
const DIRECTION = [
  /(?<![a-z])(left|right|((anti|counter)-?)?clockwise)(?![a-z])/i,
  /[a-z](Left|Right|Clockwise)(?![a-z])/,
];

export const folder: DatasetDefinition = {
  name: 'folder',
  title: 'A folder of videos or images',
  homepage: 'your own files',
  download: 'one folder per class',
  official: [],
  flip: true,
  sampling: { kind: 'dense', frames: 16, stride: 4, views: [5, 3] },
  options: ['csv', 'validationPerClass', 'validationFraction', 'name'],
  list,
};

async function list(source: string, options: ListOptions): Promise<Listing> {
  const notes: string[] = [];
  const held = heldOut(options, DEFAULT_FRACTION);
  const tree = options.csv === undefined ? await scanFolder(source, options.signal) : undefined;
  const { classes, splits } =
    tree === undefined ? await readFileList(options.csv as string, path.resolve(source)) : listFolders(tree, notes);

  const train = splits.get('train');
  if (train === undefined) notes.push('there is no train split: this data set can be evaluated only');
  else if (splits.size === 1 || (held.asked && !splits.has('validation'))) {
    const [kept, validation] = splitByClass(train, classes, held);
    splits.set('train', kept).set('validation', validation);
    // Where there is a test split, what was chosen on validation may then be trained on both.
    if (splits.has('test')) splits.set('trainval', train);
    notes.push(`validation: ${held.words} of each class in file order`);
  } else if (held.asked) {
    throw configError('the data set brings its own validation split', {
      at: source,
      remedy: 'leave out --validation-per-class and --validation-fraction',
    });
  } else if (!splits.has('validation')) {
    notes.push(
      'there is no validation split: to choose by one, give --validation-fraction 0.1; or measure on the test split: data.validationSplit=test',
    );
  }
  for (const [name, entries] of splits) {
    if (name !== 'train' && train !== undefined) checkTrained(name, entries, train, classes, source);
  }
  const directed = classes.filter((name) => DIRECTION.some((direction) => direction.test(name)));
  if (directed.length > 0) notes.push(`no mirroring: a direction is in the class name ${directed.join(', ')}`);
  const ordered = SPLIT_NAMES.flatMap((name): ListedSplit[] => {
    const entries = splits.get(name);
    return entries === undefined ? [] : [{ name, entries }];
  });
  const name = options.name ?? path.basename(path.resolve(source));
  return { name, classes, root: path.resolve(source), flip: directed.length === 0, splits: ordered, notes };
}

function checkTrained(
  name: SplitName,
  entries: readonly Listed[],
  train: readonly Listed[],
  classes: readonly string[],
  source: string,
): void {
  const trained = new Set(train.map((entry) => entry.label));
  const strange = entries.find((entry) => entry.label >= 0 && !trained.has(entry.label));
  if (strange === undefined) return;
  throw dataError(`the class ${classes[strange.label]} is in the ${name} split, but not in train`, {
    at: path.join(source, strange.file),
    remedy: 'add it to train, or take it away here',
  });
}

type Folders = { classes: string[]; splits: Map<SplitName, Listed[]> };

function listFolders(tree: SourceFiles, notes: string[]): Folders {
  const inSplits = hasSplitFolders(tree);
  const found: { split: SplitName; className: string; file: string }[] = [];
  const folders = new Map<string, number>();
  const ignored = new Set<string>();
  for (const file of tree.files) {
    const parts = file.split('/');
    const split = inSplits ? splitNamed(parts[0] as string) : 'train';
    const depth = inSplits ? 2 : 1;
    const className = parts[depth - 1] as string;
    if (split === undefined || parts.length <= depth) {
      ignored.add(parts.length === 1 ? file : (parts[0] as string));
      continue;
    }
    const classFolder = parts.slice(0, depth).join('/');
    const media = isVideoFile(file) || isImageFile(file);
    folders.set(classFolder, (folders.get(classFolder) ?? 0) + (media ? 1 : 0));
    if (media) found.push({ split, className, file });
  }
  for (const name of tree.folders) {
    const [top, ...below] = name.split('/') as [string, ...string[]];
    const isClass = inSplits ? below.length === 1 && splitNamed(top) !== undefined : below.length === 0;
    if (isClass && !folders.has(name)) folders.set(name, 0);
  }
  if (ignored.size > 0) notes.push(`not in a class folder, ignored: ${[...ignored].slice(0, 5).join(', ')}`);
  if (found.length === 0) {
    throw dataError('no class folder with videos or images was found', {
      at: tree.root,
      remedy: 'put the files of each class into a folder of its name, or give a list as --csv',
    });
  }
  for (const [name, count] of folders) {
    if (count > 0) continue;
    throw dataError(`the class folder ${name} holds no video and no image`, {
      at: path.join(tree.root, name),
      remedy: 'remove the folder, or put its files there',
    });
  }
  const classes = [...new Set(found.map((one) => one.className))].sort(byNaturalOrder);
  const labelOf = new Map(classes.map((name, label) => [name, label]));
  const splits = new Map<SplitName, Listed[]>();
  for (const { split, className, file } of found) {
    const entries = splits.get(split) ?? [];
    splits.set(split, entries);
    entries.push({ id: file, file, label: labelOf.get(className) as number });
  }
  return { classes, splits };
}

/** `train/` and its like are splits when they hold folders; a class may be called so, but then it holds files. */
function hasSplitFolders({ files }: SourceFiles): boolean {
  return files.some((file) => {
    const [top, ...below] = file.split('/');
    return below.length >= 2 && splitNamed(top as string) !== undefined;
  });
}
