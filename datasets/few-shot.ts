/**
 * The five few-shot sets of NOAH (Zhang, Zhou and Liu, "Neural prompt search", 2022), on which Convpass, RepAdapter and FacT
 * report: fine-grained recognition from 1, 2, 4, 8 or 16 images of each class, drawn three times.
 *
 * <set>/annotations/train_meta.list.num_shot_{1,2,4,8,16}.seed_{0,1,2}   `path label`; the path may hold blanks
 * <set>/annotations/val_meta.list, test_meta.list                        the same; one for all
 * <set>/images/<path>, or <set>/<path> for the cars
 *
 * Each training list is a fold of number 10 × shots + seed: `data.fold: 161` is 16 shots, seed 1. A result is the mean over the
 * three seeds. Class names are not part of the lists.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileFinder } from '../src/data/find-files.ts';
import { readLabelledList } from '../src/data/labelled-list.ts';
import type { ListedSplit, Listing, OfficialCount } from '../src/data/listing.ts';
import type { Listed } from '../src/data/manifest.ts';
import { isImageFile, scanFolder } from '../src/data/source-files.ts';
import { dataError } from '../src/errors/index.ts';
import { annotationMissing, type DatasetDefinition, type ListOptions, mediaMissing, type Task } from './dataset.ts';
import { subfolders } from './subfolders.ts';

const SHOTS = [1, 2, 4, 8, 16] as const;
const SEEDS = [0, 1, 2] as const;

export const foldOf = (shots: number, seed: number): number => 10 * shots + seed;

interface FewShotSet {
  readonly name: string;
  /** Other names of its folder; the lists are given out with the misspelt one. */
  readonly aliases: readonly string[];
  readonly title: string;
  readonly classes: number;
  readonly validation: number;
  readonly test: number;
}

const SETS: readonly FewShotSet[] = [
  { name: 'fgvc-aircraft', aliases: ['aircraft'], title: 'FGVC Aircraft', classes: 100, validation: 3333, test: 3333 },
  { name: 'food101', aliases: ['food-101'], title: 'Food-101', classes: 101, validation: 20_200, test: 30_300 },
  {
    name: 'oxford-flowers102',
    aliases: ['oxford-flowers', 'flowers102'],
    title: 'Oxford Flowers',
    classes: 102,
    validation: 1633,
    test: 2463,
  },
  { name: 'oxford-pets', aliases: ['pets'], title: 'Oxford Pets', classes: 37, validation: 736, test: 3669 },
  {
    name: 'stanford-cars',
    aliases: ['standford-cars', 'cars'],
    title: 'Stanford Cars',
    classes: 196,
    validation: 1635,
    test: 8041,
  },
];

const LISTS = {
  homepage: 'https://github.com/ZhangYuanhan-AI/NOAH',
  download:
    'the folders fgvc-aircraft, food101, oxford-flowers102, oxford-pets, stanford-cars with images and annotations',
} as const;

const SHARED = {
  ...LISTS,
  media: 'images',
  flip: true,
  sampling: { kind: 'dense', frames: 1, stride: 1, views: [1, 1] },
  options: [],
} as const;

export const fewShot: DatasetDefinition = {
  ...SHARED,
  name: 'fewshot',
  title: 'Few-shot sets of NOAH',
  official: [],
  tasks: findSets,
  list: () => {
    throw new TypeError('a family has no list of its own');
  },
};

async function findSets(source: string, _options: ListOptions): Promise<Task[]> {
  const folders = await subfolders(source, 2);
  const tasks: Task[] = [];
  for (const set of SETS) {
    const names = new Set([set.name, ...set.aliases]);
    for (const folder of folders) {
      if (!names.has(path.basename(folder).toLowerCase().replaceAll('_', '-'))) continue;
      if ((await listsIn(folder)) === undefined) continue;
      tasks.push({ name: set.name, source: folder, definition: definitionOf(set) });
      break;
    }
  }
  if (tasks.length > 0) return tasks;
  throw dataError('no few-shot set was found: no folder of its name with annotations/train_meta.list.num_shot_…', {
    at: source,
    remedy: `get ${LISTS.download} from ${LISTS.homepage}, and give the folder that holds them as --source`,
  });
}

/** The folder of the lists of a set; undefined where there are none. */
async function listsIn(folder: string): Promise<string | undefined> {
  for (const place of [path.join(folder, 'annotations'), folder]) {
    const names = await readdir(place).catch((): string[] => []);
    if (names.some((name) => /^(train|val|test)_meta\.list/.test(name))) return place;
  }
  return undefined;
}

/** The list of one pet of each breed names every one of them twice. */
function linesOf({ name, classes }: FewShotSet, shots: number): number {
  return name === 'oxford-pets' && shots === 1 ? 2 * classes : shots * classes;
}

function definitionOf(set: FewShotSet): DatasetDefinition {
  const official: OfficialCount[] = SHOTS.flatMap((shots) =>
    SEEDS.map((seed) => ({
      split: 'train' as const,
      fold: foldOf(shots, seed),
      entries: linesOf(set, shots),
    })),
  );
  official.push({ split: 'validation', entries: set.validation }, { split: 'test', entries: set.test });
  const definition: DatasetDefinition = {
    ...SHARED,
    name: `fewshot-${set.name}`,
    title: `${set.title}, few-shot lists of NOAH`,
    classes: set.classes,
    official,
    list: (source, options) => list(definition, set, source, options),
  };
  return definition;
}

async function list(
  definition: DatasetDefinition,
  set: FewShotSet,
  source: string,
  { signal }: ListOptions,
): Promise<Listing> {
  const found = await scanFolder(source, signal);
  const folder = await listsIn(source);
  if (folder === undefined) throw annotationMissing(definition, 'annotations/train_meta.list.num_shot_…', found);
  if (!found.files.some(isImageFile)) throw mediaMissing(definition, found);
  const there = new Set(found.files);
  const find = fileFinder(found.files.filter(isImageFile));
  const fileOf = (listed: string): string =>
    [`images/${listed}`, listed].find((file) => there.has(file)) ?? find(listed) ?? `images/${listed}`;
  const names = new Set(await readdir(folder));
  const notes: string[] = [];
  const absent: string[] = [];
  const read = async (name: string): Promise<Listed[] | undefined> => {
    if (!names.has(name)) {
      absent.push(name.replace('train_meta.list.', ''));
      return undefined;
    }
    const seen = new Map<string, number>();
    const entries = (await readLabelledList(path.join(folder, name), set.classes)).map(
      ({ path: listed, label }): Listed => {
        const times = (seen.get(listed) ?? 0) + 1;
        seen.set(listed, times);
        return { id: times === 1 ? listed : `${listed}#${times}`, file: fileOf(listed), label };
      },
    );
    const repeated = entries.length - seen.size;
    if (repeated > 0) notes.push(`${name}: ${repeated} lines repeat another one; each counts, as in the papers`);
    return entries;
  };
  const splits: ListedSplit[] = [];
  for (const shots of SHOTS) {
    for (const seed of SEEDS) {
      const entries = await read(`train_meta.list.num_shot_${shots}.seed_${seed}`);
      if (entries !== undefined) splits.push({ name: 'train', fold: foldOf(shots, seed), entries });
    }
  }
  const validation = await read('val_meta.list');
  const test = await read('test_meta.list');
  if (validation !== undefined) splits.push({ name: 'validation', entries: validation });
  if (test !== undefined) splits.push({ name: 'test', entries: test });
  if (splits.length === 0) throw annotationMissing(definition, 'annotations/train_meta.list.num_shot_…', found);
  if (absent.length > 0) notes.push(`lists that were not found: ${absent.join(', ')}`);
  notes.push('a fold is a training list, 10 × shots + seed: data.fold=161 is 16 shots, seed 1');
  const classes = Array.from({ length: set.classes }, (_, label) => `class ${label}`);
  return { classes, root: found.root, splits, origin: { lists: 'NOAH, 1 to 16 shots, seeds 0 to 2' }, notes };
}
