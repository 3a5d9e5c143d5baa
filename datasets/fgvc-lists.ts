/**
 * The lists of the five fine-grained sets: VPT's JSON files, which say where training ends and validation begins, and the official
 * lists of each set.
 *
 *   train.json, val.json, test.json      {"<image path>": <class id>, …}; ids need not be contiguous (NABirds)
 */
import path from 'node:path';
import { findByName, readJsonAnnotation, readLines } from '../src/data/annotation.ts';
import type { SplitName } from '../src/data/manifest.ts';
import type { SourceFiles } from '../src/data/source-files.ts';
import { dataError } from '../src/errors/index.ts';
import { type MatlabValue, readMatlab } from '../src/formats/matlab.ts';

export interface ListedImage {
  /** As the list has it. */
  readonly path: string;
  /** -1 where it is hidden. */
  readonly label: number;
}

export interface ImageLists {
  readonly classes: readonly string[];
  readonly splits: ReadonlyMap<SplitName, readonly ListedImage[]>;
  readonly notes?: readonly string[];
}

/** The path of a class's first training image, its id and its rank; → its name. */
export type NameOf = (id: number, rank: number, path: string) => string;

/** The folder with VPT's three files, the one whose path speaks of the set before any other; undefined where there is none. */
export function findVptSplits(searched: SourceFiles, set: RegExp): string | undefined {
  const folders = (name: string) =>
    findByName(searched, new RegExp(`^${name}\\.json$`)).map((file) => path.dirname(file));
  const [val, test] = [new Set(folders('val')), new Set(folders('test'))];
  const whole = folders('train').filter((folder) => val.has(folder) && test.has(folder));
  return (
    whole.find((folder) => set.test(path.basename(folder))) ?? whole.find((folder) => set.test(folder)) ?? whole[0]
  );
}

/** @throws data error with file and line for what is no object of paths and class ids, and for an id that train has not */
export async function readVptSplits(folder: string, nameOf: NameOf): Promise<ImageLists> {
  const train = await readIds(path.join(folder, 'train.json'));
  const firstOf = new Map<number, string>();
  for (const [file, id] of train.ids) if (!firstOf.has(id)) firstOf.set(id, file);
  const ids = [...firstOf.keys()].sort((a, b) => a - b);
  const rankOf = new Map(ids.map((id, rank) => [id, rank]));
  const labelled = async (name: string): Promise<ListedImage[]> => {
    const read = name === 'train' ? train : await readIds(path.join(folder, `${name}.json`));
    return [...read.ids].map(([file, id]) => {
      const label = rankOf.get(id);
      if (label !== undefined) return { path: file, label };
      throw dataError(`the class id ${id} is not in train.json`, {
        at: read.at(file),
        remedy: 'take the three files from the same download',
      });
    });
  };
  const [own, validation, test] = [await labelled('train'), await labelled('val'), await labelled('test')];
  return {
    classes: ids.map((id, rank) => nameOf(id, rank, firstOf.get(id) as string)),
    splits: new Map([
      ['train', own],
      ['validation', validation],
      ['trainval', [...own, ...validation]],
      ['test', test],
    ] as const),
  };
}

async function readIds(file: string): Promise<{ ids: Map<string, number>; at: (text: string) => string }> {
  const { value, at } = await readJsonAnnotation(file);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw dataError('this is no object of image paths and class ids', { at: file });
  }
  const ids = new Map<string, number>();
  for (const [name, id] of Object.entries(value)) {
    const number = typeof id === 'string' && /^\d+$/.test(id) ? Number(id) : id;
    if (!Number.isInteger(number)) {
      throw dataError(`the class id of ${name} is ${JSON.stringify(id)}, not a whole number`, { at: at(name) });
    }
    ids.set(name, number as number);
  }
  if (ids.size === 0) throw dataError('the list is empty', { at: file, remedy: 'download it again' });
  return { ids, at };
}

/** `id value` in each line. */
async function readPairs(file: string): Promise<Map<string, { value: string; at: string }>> {
  const pairs = new Map<string, { value: string; at: string }>();
  for (const { text, at } of await readLines(file)) {
    const [, id, value] = /^(\S+)\s+(.+)$/.exec(text) ?? [];
    if (id === undefined || value === undefined) throw dataError(`this line is not an id and a value: ${text}`, { at });
    if (pairs.has(id)) throw dataError(`the id ${id} stands on an earlier line already`, { at });
    pairs.set(id, { value, at });
  }
  return pairs;
}

/** Class id → name, out of the classes.txt of CUB and NABirds; none where there is no such file. */
export async function readBirdNames(searched: SourceFiles, set: RegExp): Promise<Map<string, string>> {
  const files = findByName(searched, /^classes\.txt$/);
  const file = files.find((one) => set.test(one)) ?? files[0];
  if (file === undefined) return new Map();
  return new Map([...(await readPairs(file))].map(([id, { value }]) => [id, value]));
}

/**
 * images.txt, image_class_labels.txt, train_test_split.txt, classes.txt of CUB and NABirds: `id value` each, class ids as they
 * are given to the images, made contiguous in their order. Undefined where they are not there.
 */
export async function readBirdLists(searched: SourceFiles, set: RegExp): Promise<ImageLists | undefined> {
  const found = findByName(searched, /^image_class_labels\.txt$/);
  const labelFile = found.find((file) => set.test(file)) ?? found[0];
  if (labelFile === undefined) return undefined;
  const own = (name: string) => path.join(path.dirname(labelFile), name);
  const [images, labels, split] = [
    await readPairs(own('images.txt')),
    await readPairs(labelFile),
    await readPairs(own('train_test_split.txt')),
  ];
  const ids = [...new Set([...labels.values()].map(({ value }) => value))].sort((a, b) => Number(a) - Number(b));
  const rankOf = new Map(ids.map((id, rank) => [id, rank]));
  const splits = { train: [] as ListedImage[], test: [] as ListedImage[] };
  for (const [id, { value: training, at }] of split) {
    const [image, label] = [images.get(id), labels.get(id)];
    if (image === undefined || label === undefined) {
      throw dataError(`the image ${id} is not in ${image === undefined ? 'images.txt' : 'image_class_labels.txt'}`, {
        at,
      });
    }
    if (training !== '0' && training !== '1')
      throw dataError(`"${training}" is neither 1, training, nor 0, test`, { at });
    splits[training === '1' ? 'train' : 'test'].push({ path: image.value, label: rankOf.get(label.value) as number });
  }
  const names = await readBirdNames(searched, set);
  return { classes: ids.map((id) => names.get(id) ?? `class ${id}`), splits: new Map(Object.entries(splits) as never) };
}

/** One of the files, wherever below the root. */
async function readVariables(
  searched: SourceFiles,
  name: string,
): Promise<{ file: string; get(variable: string): MatlabValue } | undefined> {
  const [file] = findByName(searched, new RegExp(`^${name}$`, 'i'));
  if (file === undefined) return undefined;
  const values = await readMatlab(file, dataError);
  return {
    file,
    get(variable) {
      const value = values.get(variable);
      if (value !== undefined) return value;
      throw dataError(`there is no variable ${variable}, only ${[...values.keys()].join(', ') || 'none'}`, {
        at: file,
        remedy: 'download it again from the homepage',
      });
    },
  };
}

function numbersOf(value: MatlabValue, at: string): ArrayLike<number> {
  if (value.kind === 'numbers') return value.data;
  throw dataError(`this holds ${value.kind}, not numbers`, { at });
}

function textsOf(values: readonly MatlabValue[], at: string): string[] {
  return values.map((value, i) => {
    if (value.kind === 'text') return value.text;
    throw dataError('this is no text', { at: `${at}[${i}]` });
  });
}

/** A label that counts from 1. */
function labelFrom1(number: number | undefined, classes: number, at: string): number {
  if (number !== undefined && Number.isInteger(number) && number >= 1 && number <= classes) return number - 1;
  throw dataError(`the label ${number} is out of range`, {
    at,
    remedy: `labels run from 1 to ${classes}; download the file again`,
  });
}

/** imagelabels.mat and setid.mat of Oxford Flowers-102. */
export async function readFlowerLists(searched: SourceFiles): Promise<ImageLists | undefined> {
  const classes = 102;
  const labelFile = await readVariables(searched, 'imagelabels\\.mat');
  const sets = await readVariables(searched, 'setid\\.mat');
  if (labelFile === undefined || sets === undefined) return undefined;
  const labels = numbersOf(labelFile.get('labels'), `${labelFile.file}, labels`);
  const images = (variable: string): ListedImage[] =>
    Array.from(numbersOf(sets.get(variable), `${sets.file}, ${variable}`), (id, i) => {
      if (!(Number.isInteger(id) && id >= 1 && id <= labels.length)) {
        throw dataError(`the image ${id} is out of range`, {
          at: `${sets.file}, ${variable}[${i}]`,
          remedy: `imagelabels.mat has the labels of images 1 to ${labels.length}; take both files from the same download`,
        });
      }
      const label = labelFrom1(labels[id - 1], classes, `${labelFile.file}, labels[${id - 1}]`);
      return { path: `jpg/image_${String(id).padStart(5, '0')}.jpg`, label };
    });
  const [train, validation, test] = [images('trnid'), images('valid'), images('tstid')];
  return {
    classes: Array.from({ length: classes }, (_, label) => `class ${label + 1}`),
    splits: new Map([
      ['train', train],
      ['validation', validation],
      ['trainval', [...train, ...validation]],
      ['test', test],
    ] as const),
  };
}

/** train_list.mat and test_list.mat of Stanford Dogs: file_list, cells, and labels. */
export async function readDogLists(searched: SourceFiles, classes: number): Promise<ImageLists | undefined> {
  const names = new Map<number, string>();
  const read = async (name: string): Promise<ListedImage[] | undefined> => {
    const list = await readVariables(searched, `${name}_list\\.mat`);
    if (list === undefined) return undefined;
    const files = list.get('file_list');
    if (files.kind !== 'cells') throw dataError(`file_list holds ${files.kind}, not cells`, { at: list.file });
    const labels = numbersOf(list.get('labels'), `${list.file}, labels`);
    if (labels.length !== files.cells.length) {
      throw dataError(`file_list has ${files.cells.length} images, labels ${labels.length}`, { at: list.file });
    }
    return textsOf(files.cells, `${list.file}, file_list`).map((file, i) => {
      const label = labelFrom1(labels[i], classes, `${list.file}, labels[${i}]`);
      if (!names.has(label)) names.set(label, breedOf(file));
      return { path: file, label };
    });
  };
  const [train, test] = [await read('train'), await read('test')];
  if (train === undefined || test === undefined) return undefined;
  return {
    classes: Array.from({ length: classes }, (_, label) => names.get(label) ?? `class ${label + 1}`),
    splits: new Map([
      ['train', train],
      ['test', test],
    ] as const),
  };
}

/** `n02085620-Chihuahua/n02085620_5927.jpg` → `Chihuahua`. */
export const breedOf = (file: string): string => path.posix.basename(path.posix.dirname(file)).replace(/^n\d+-/, '');

/** Class names in label order, out of cars_meta.mat; none where it is not there. */
export async function readCarNames(searched: SourceFiles): Promise<string[]> {
  const meta = await readVariables(searched, 'cars_meta\\.mat');
  const names = meta?.get('class_names');
  return meta !== undefined && names?.kind === 'cells' ? textsOf(names.cells, `${meta.file}, class_names`) : [];
}

/** cars_train_annos.mat and cars_test_annos_withlabels.mat of Stanford Cars; without the latter test labels are hidden. */
export async function readCarLists(searched: SourceFiles, classes: number): Promise<ImageLists | undefined> {
  const names = await readCarNames(searched);
  const notes: string[] = [];
  const read = async (name: string, folder: string): Promise<ListedImage[] | undefined> => {
    const list = await readVariables(searched, name);
    if (list === undefined) return undefined;
    const annotations = list.get('annotations');
    if (annotations.kind !== 'structs')
      throw dataError(`annotations hold ${annotations.kind}, not structures`, { at: list.file });
    const files = annotations.fields.get('fname');
    const labels = annotations.fields.get('class');
    if (files === undefined) throw dataError('annotations have no field fname', { at: list.file });
    if (labels === undefined) notes.push(`${path.basename(list.file)} has no classes: these labels are hidden`);
    return textsOf(files, `${list.file}, annotations.fname`).map((file, i) => {
      const at = `${list.file}, annotations(${i + 1}).class`;
      const label = labels === undefined ? -1 : labelFrom1(numbersOf(labels[i] as MatlabValue, at)[0], classes, at);
      // The same names are in both folders.
      return { path: `${folder}/${path.posix.basename(file)}`, label };
    });
  };
  const train = await read('cars_train_annos\\.mat', 'cars_train');
  const test =
    (await read('cars_test_annos_withlabels\\.mat', 'cars_test')) ?? (await read('cars_test_annos\\.mat', 'cars_test'));
  if (train === undefined || test === undefined) return undefined;
  return {
    classes: Array.from({ length: classes }, (_, label) => names[label] ?? `class ${label + 1}`),
    splits: new Map([
      ['train', train],
      ['test', test],
    ] as const),
    notes,
  };
}
