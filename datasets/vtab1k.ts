/**
 * VTAB-1k in the extracted form that NOAH's script writes, and that SSF, Convpass, FacT, RepAdapter and ARC use: for each of
 * 19 tasks a folder with
 *
 *   train800.txt, val200.txt, train800val200.txt, test.txt     `images/<split>/<%06d>.jpg <label>`, below the folder
 *   images/train800/000000.jpg, …                              numbered anew in each split
 *
 * Two protocols: choose on 800/200 (data.trainSplit train, validationSplit validation), then train on all 1000 and measure on
 * test (trainval, test). The split is not stratified: some classes of val200 have no training image.
 *
 * Most copies are JPEG images of PIL's default quality, of the lossless tasks too; lossless PNG copies go about as well. They
 * give other numbers, so that the data set's name says which one it is.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { readLabelledList } from '../src/data/labelled-list.ts';
import type { ListedSplit, Listing } from '../src/data/listing.ts';
import type { Listed, SplitName } from '../src/data/manifest.ts';
import { isImageFile, scanFolder } from '../src/data/source-files.ts';
import { dataError } from '../src/errors/index.ts';
import { annotationMissing, type DatasetDefinition, type ListOptions, mediaMissing, type Task } from './dataset.ts';
import { subfolders } from './subfolders.ts';
import { taskNamed, VTAB_TASKS, type VtabTask } from './vtab-tasks.ts';

const LISTS: readonly (readonly [SplitName, string])[] = [
  ['train', 'train800.txt'],
  ['validation', 'val200.txt'],
  ['trainval', 'train800val200.txt'],
  ['test', 'test.txt'],
];

const SHARED = {
  homepage: 'https://github.com/ZhangYuanhan-AI/NOAH',
  download: 'the extracted vtab-1k: a folder for each task, with train800.txt, …, and images',
  media: 'images',
  sampling: { kind: 'dense', frames: 1, stride: 1, views: [1, 1] },
  options: [],
} as const;

export const vtab1k: DatasetDefinition = {
  ...SHARED,
  name: 'vtab1k',
  title: 'VTAB-1k',
  official: [],
  flip: true,
  tasks: findTasks,
  list: () => {
    throw new TypeError('a family has no list of its own');
  },
};

/** Its tasks below `source` in the order of the tables. @throws data error where there is none */
async function findTasks(source: string): Promise<Task[]> {
  const folders = await subfolders(source, 2);
  const found = new Map<VtabTask, string>();
  for (const folder of folders) {
    const task = taskNamed(path.basename(folder));
    if (task === undefined || found.has(task)) continue;
    const names = await readdir(folder).catch((): string[] => []);
    if (LISTS.some(([, name]) => names.includes(name))) found.set(task, folder);
  }
  if (found.size === 0) {
    throw dataError('no task of VTAB-1k was found: no folder of its name with train800.txt, …', {
      at: source,
      remedy: `give the folder that holds them as --source; the tasks are ${VTAB_TASKS.map(({ name }) => name).join(', ')}`,
    });
  }
  return VTAB_TASKS.flatMap((task): Task[] => {
    const folder = found.get(task);
    return folder === undefined ? [] : [{ name: task.name, source: folder, definition: definitionOf(task) }];
  });
}

function definitionOf(task: VtabTask): DatasetDefinition {
  const definition: DatasetDefinition = {
    ...SHARED,
    name: `vtab-${task.name}`,
    title: `VTAB-1k, ${task.name}`,
    classes: task.classes,
    official: [
      { split: 'train', entries: 800 },
      { split: 'validation', entries: 200 },
      { split: 'trainval', entries: 1000 },
      { split: 'test', entries: task.test },
    ],
    flip: task.flip,
    list: (source, options) => list(definition, task, source, options),
  };
  return definition;
}

async function list(
  definition: DatasetDefinition,
  task: VtabTask,
  source: string,
  { signal }: ListOptions,
): Promise<Listing> {
  const found = await scanFolder(source, signal);
  if (!found.files.some(isImageFile)) throw mediaMissing(definition, found);
  const there = new Set(found.files);
  const splits: ListedSplit[] = [];
  const notes: string[] = [];
  for (const [name, file] of LISTS) {
    if (!there.has(file)) {
      notes.push(`${file} was not found: no ${name} split`);
      continue;
    }
    const entries = (await readLabelledList(path.join(source, file), task.classes)).map(
      ({ path: listed, label }): Listed => {
        return { id: listed, file: fileOf(listed, there), label };
      },
    );
    splits.push({ name, entries });
  }
  if (splits.length === 0) throw annotationMissing(definition, LISTS.map(([, file]) => file).join(', '), found);
  const form = formOf(splits, there);
  if (form !== 'lossless' && task.losslessSide !== undefined) {
    const side = task.losslessSide;
    notes.push(
      `${form} of images that are lossless, of ${side} x ${side}: compare results with those on the same copies alone`,
    );
  }
  const classes = task.names ?? Array.from({ length: task.classes }, (_, label) => `class ${label}`);
  const origin = { lists: 'VTAB-1k, extracted', images: form };
  return { name: `${definition.name} (${form})`, classes, root: found.root, splits, origin, notes };
}

/** Lossless copies came later, and some kept the lists that say .jpg. */
function fileOf(listed: string, there: ReadonlySet<string>): string {
  const png = listed.replace(/\.jpe?g$/i, '.png');
  return !there.has(listed) && there.has(png) ? png : listed;
}

function formOf(splits: readonly ListedSplit[], there: ReadonlySet<string>): string {
  const files = splits.flatMap(({ entries }) => entries).filter(({ file }) => there.has(file));
  const jpegs = files.filter(({ file }) => /\.jpe?g$/i.test(file)).length;
  return jpegs === 0 ? 'lossless' : jpegs === files.length ? 'JPEG copies' : 'JPEG copies in part';
}
