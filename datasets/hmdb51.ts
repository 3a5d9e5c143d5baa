/**
 * HMDB51 (Kuehne et al., "HMDB: a large video database for human motion recognition", ICCV 2011).
 * 51 classes, 6,766 AVI clips in one folder per class, three folds of 70 training and 30 test clips for each class.
 *
 * `<class>_test_split<1-3>.txt`, 153 files with lines `<clip>.avi <flag> `: 1 train, 2 test, 0 not in this fold.
 *
 * Clip names hold ( ) [ ] ! # & ; + ~ @, and class names start one another (kick, kick_ball), so nothing here globs.
 * Labels are the ranks of the class names in alphabetical order.
 */
import path from 'node:path';
import { findByName, readLines } from '../src/data/annotation.ts';
import type { ListedSplit, Listing } from '../src/data/listing.ts';
import type { Listed } from '../src/data/manifest.ts';
import { isVideoFile, type SourceFiles, stemOf } from '../src/data/source-files.ts';
import { dataError } from '../src/errors/index.ts';
import { annotationMissing, type DatasetDefinition, type ListOptions, mediaMissing, scanSource } from './dataset.ts';

const SPLIT_FILE = /^(.+)_test_split([123])\.txt$/;
const FOLDS = [1, 2, 3];

export const hmdb51: DatasetDefinition = {
  name: 'hmdb51',
  title: 'HMDB51',
  homepage: 'https://serre-lab.clps.brown.edu/resource/hmdb-a-large-human-motion-database/',
  download: 'hmdb51_org.rar (the clips) and test_train_splits.rar (the 153 split files)',
  archives: {
    names: 'hmdb51_org.rar and test_train_splits.rar',
    videos: [/^hmdb51_org\.rar$/i],
    annotations: [/^test_train_splits\.rar$/i],
    // One archive for each class.
    nested: /\.rar$/i,
  },
  classes: 51,
  official: FOLDS.flatMap((fold) => [
    { split: 'train' as const, fold, entries: 3570 },
    { split: 'test' as const, fold, entries: 1530 },
  ]),
  flip: true,
  sampling: { kind: 'dense', frames: 16, stride: 4, views: [5, 3] },
  options: ['annotations'],
  list,
};

async function list(source: string, options: ListOptions): Promise<Listing> {
  const { videos, searched } = await scanSource(source, options);
  const splitFiles = findSplitFiles(searched);
  const classes = [...splitFiles.keys()].sort();
  const fileOf = indexByClassFolder(videos);
  if (fileOf.size === 0) throw mediaMissing(hmdb51, videos);

  const splits: ListedSplit[] = [];
  const notes: string[] = [];
  for (const fold of FOLDS) {
    const without = classes.filter((name) => splitFiles.get(name)?.[fold] === undefined);
    if (without.length === classes.length) {
      notes.push(`no split files of fold ${fold} were found`);
      continue;
    }
    if (without.length > 0) throw annotationMissing(hmdb51, `${without[0]}_test_split${fold}.txt`, searched);
    const train: Listed[] = [];
    const test: Listed[] = [];
    for (const [label, name] of classes.entries()) {
      for (const { text, at } of await readLines(splitFiles.get(name)?.[fold] as string)) {
        const [clip, flag, ...rest] = text.split(/\s+/);
        if (clip === undefined || !/^[012]$/.test(flag ?? '') || rest.length > 0) {
          throw dataError(`this line is not a clip and 0, 1 or 2: ${text}`, { at });
        }
        const id = stemOf(clip);
        const listed = { id, file: fileOf.get(`${name}/${id}`) ?? `${name}/${clip}`, label };
        if (flag === '1') train.push(listed);
        if (flag === '2') test.push(listed);
      }
    }
    splits.push({ name: 'train', fold, entries: train }, { name: 'test', fold, entries: test });
  }
  return { classes, root: videos.root, splits, notes };
}

/** Class → fold → split file. All from one folder, the one with most of them: copies of the lists lie about. */
function findSplitFiles(searched: SourceFiles): Map<string, Record<number, string>> {
  const folders = new Map<string, string[]>();
  for (const file of findByName(searched, SPLIT_FILE)) {
    folders.set(path.dirname(file), [...(folders.get(path.dirname(file)) ?? []), file]);
  }
  const [files] = [...folders.values()].sort((a, b) => b.length - a.length);
  if (files === undefined) throw annotationMissing(hmdb51, 'split files <class>_test_split<1-3>.txt', searched);
  const classes = new Map<string, Record<number, string>>();
  for (const file of files) {
    const [, name, fold] = SPLIT_FILE.exec(path.basename(file)) as RegExpExecArray;
    classes.set(name as string, { ...classes.get(name as string), [Number(fold)]: file });
  }
  return classes;
}

/** `<class folder>/<clip without extension>` → file. An AVI wins over a converted copy of it. */
function indexByClassFolder(videos: SourceFiles): Map<string, string> {
  const fileOf = new Map<string, string>();
  for (const file of videos.files) {
    if (!isVideoFile(file)) continue;
    const key = `${path.posix.basename(path.posix.dirname(file))}/${stemOf(file)}`;
    if (!fileOf.has(key) || /\.avi$/i.test(file)) fileOf.set(key, file);
  }
  return fileOf;
}
