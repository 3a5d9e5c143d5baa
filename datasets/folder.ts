/**
 * A person's own videos or images, in one of three forms:
 *
 *   <class>/<file>                 class folders; the last part of each class becomes the validation split
 *   train/<class>/<file>, validation|val|test/<class>/<file>
 *   --csv FILE                     lines `path label` or `path label split`, separated by commas, tabs or blanks
 *
 * The validation split takes the last files of each class in natural order, a fifth unless told otherwise. Not a random
 * choice: numbered clips are mostly cut one after the other from the same recordings, and neighbours on both sides of a
 * split would make the result look better than it is.
 */
import path from 'node:path';
import { readFileList } from '../src/data/file-list.ts';
import { type ListedSplit, type Listing, splitNamed } from '../src/data/listing.ts';
import type { Listed, SplitName } from '../src/data/manifest.ts';
import { byNaturalOrder } from '../src/data/natural-order.ts';
import { isImageFile, isVideoFile, type SourceFiles, scanFolder } from '../src/data/source-files.ts';
import { configError, dataError } from '../src/errors/index.ts';
import type { DatasetDefinition, ListOptions } from './dataset.ts';

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
  const held = heldOut(options);
  const tree = options.csv === undefined ? await scanFolder(source, options.signal) : undefined;
  const { classes, splits } =
    tree === undefined ? await readFileList(options.csv as string, path.resolve(source)) : listFolders(tree, notes);

  const train = splits.get('train');
  if (train === undefined) notes.push('there is no train split: this data set can be evaluated only');
  else if (splits.size === 1 || (held.asked && !splits.has('validation'))) {
    const [kept, validation] = splitByClass(train, classes, held);
    splits.set('train', kept).set('validation', validation);
    notes.push(`validation: ${held.words} of each class in file order`);
  } else if (held.asked) {
    throw configError('the data set brings its own validation split', {
      at: source,
      remedy: 'leave out --validation-per-class and --validation-fraction',
    });
  }
  for (const [name, entries] of splits) {
    if (name !== 'train' && train !== undefined) checkTrained(name, entries, train, classes, source);
  }
  const directed = classes.filter((name) => DIRECTION.some((direction) => direction.test(name)));
  if (directed.length > 0) notes.push(`no mirroring: a direction is in the class name ${directed.join(', ')}`);
  const ordered = (['train', 'validation', 'test'] as const).flatMap((name): ListedSplit[] => {
    const entries = splits.get(name);
    return entries === undefined ? [] : [{ name, entries }];
  });
  const name = options.name ?? path.basename(path.resolve(source));
  return { name, classes, root: path.resolve(source), flip: directed.length === 0, splits: ordered, notes };
}

interface HeldOut {
  /** Whether the person chose it, or it is our default. */
  readonly asked: boolean;
  readonly words: string;
  /** How many of a class's `n` files go to validation. */
  of(n: number): number;
}

function heldOut({ validationPerClass: count, validationFraction: fraction }: ListOptions): HeldOut {
  if (count !== undefined && fraction !== undefined) {
    throw configError('--validation-per-class and --validation-fraction exclude each other', { remedy: 'give one' });
  }
  if (count !== undefined) return { asked: true, words: `the last ${count} files`, of: () => count };
  const share = fraction ?? DEFAULT_FRACTION;
  if (!(share > 0 && share < 1)) {
    throw configError(`--validation-fraction is ${share}`, { remedy: 'give a number between 0 and 1, as 0.2' });
  }
  const words = `the last ${Number((100 * share).toFixed(2))} % of the files`;
  return { asked: fraction !== undefined, words, of: (n) => Math.max(1, Math.round(share * n)) };
}

/** Training and validation entries: of each class the last ones in natural order of their paths. */
function splitByClass(entries: readonly Listed[], classes: readonly string[], held: HeldOut): [Listed[], Listed[]] {
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
