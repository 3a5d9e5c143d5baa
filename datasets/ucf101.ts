/**
 * UCF101 (Soomro, Zamir and Shah, "UCF101: a dataset of 101 human actions classes from videos in the wild", 2012).
 * 101 classes, 13,320 AVI clips of 320 x 240 in one folder per class, cut from 25 groups of videos; three folds.
 *
 * classInd.txt             `<label, from 1> <class>`
 * trainlist01-03.txt       `<class>/<clip>.avi <label, from 1>`
 * testlist01-03.txt        `<class>/<clip>.avi`; edited copies have the label here too
 *
 * Copies disagree on the case of class 37: HandstandPushups as a folder, v_HandStandPushups_… as files. So paths are
 * compared without case.
 */
import path from 'node:path';
import { findByName, readLines } from '../src/data/annotation.ts';
import type { ListedSplit, Listing } from '../src/data/listing.ts';
import type { Listed } from '../src/data/manifest.ts';
import { isVideoFile, type SourceFiles, stemOf } from '../src/data/source-files.ts';
import { dataError } from '../src/errors/index.ts';
import { annotationMissing, type DatasetDefinition, type ListOptions, mediaMissing, scanSource } from './dataset.ts';

export const ucf101: DatasetDefinition = {
  name: 'ucf101',
  title: 'UCF101',
  homepage: 'https://www.crcv.ucf.edu/data/UCF101.php',
  download: 'UCF101.rar (the clips) and UCF101TrainTestSplits-RecognitionTask.zip (the lists)',
  archives: {
    names: 'UCF101.rar and UCF101TrainTestSplits-RecognitionTask.zip',
    videos: [/^UCF-?101\.(rar|zip)$/i],
    annotations: [/^UCF101TrainTestSplits-RecognitionTask\.zip$/i],
  },
  classes: 101,
  official: [
    { split: 'train', fold: 1, entries: 9537 },
    { split: 'test', fold: 1, entries: 3783 },
    { split: 'train', fold: 2, entries: 9586 },
    { split: 'test', fold: 2, entries: 3734 },
    { split: 'train', fold: 3, entries: 9624 },
    { split: 'test', fold: 3, entries: 3696 },
  ],
  flip: true,
  sampling: { kind: 'dense', frames: 16, stride: 4, views: [5, 3] },
  options: ['annotations'],
  list,
};

async function list(source: string, options: ListOptions): Promise<Listing> {
  const { videos, searched } = await scanSource(source, options);
  const classes = await readClasses(searched);
  const labelOf = new Map(classes.map((name, label) => [name.toLowerCase(), label]));
  const fileOf = new Map<string, string>();
  for (const file of videos.files) {
    // An AVI wins over a converted copy of it.
    if (isVideoFile(file) && (!fileOf.has(keyOf(file)) || /\.avi$/i.test(file))) fileOf.set(keyOf(file), file);
  }
  if (fileOf.size === 0) throw mediaMissing(ucf101, videos);

  const splits: ListedSplit[] = [];
  const notes: string[] = [];
  for (const fold of [1, 2, 3]) {
    for (const name of ['train', 'test'] as const) {
      const [file] = findByName(searched, new RegExp(`^${name}list0${fold}\\.txt$`, 'i'));
      if (file === undefined) {
        notes.push(`${name}list0${fold}.txt was not found: no fold ${fold} ${name} split`);
        continue;
      }
      const entries = (await readLines(file)).map(({ text, at }): Listed => {
        const [clip, number] = text.split(/\s+/) as [string, string | undefined];
        const folder = path.posix.basename(path.posix.dirname(clip));
        const label = labelOf.get(folder.toLowerCase());
        if (label === undefined) throw dataError(`the folder ${folder} is no class of classInd.txt`, { at });
        if (name === 'train') checkNumber(number, label, classes, at);
        return { id: stemOf(clip), file: fileOf.get(keyOf(clip)) ?? clip, label };
      });
      splits.push({ name, fold, entries });
    }
  }
  if (splits.length === 0) throw annotationMissing(ucf101, 'trainlist01.txt, testlist01.txt, …', searched);
  return { classes, root: videos.root, splits, notes };
}

const keyOf = (file: string) => `${path.posix.basename(path.posix.dirname(file))}/${stemOf(file)}`.toLowerCase();

/** The label of a training list counts from 1 and must agree with the folder. */
function checkNumber(number: string | undefined, label: number, classes: readonly string[], at: string): void {
  if (number === undefined || Number(number) === label + 1) return;
  if (!/^\d+$/.test(number) || Number(number) < 1 || Number(number) > classes.length) {
    throw dataError(`the label ${number} is out of range`, {
      at,
      remedy: `the labels of this list run from 1 to ${classes.length}`,
    });
  }
  throw dataError(`the label ${number} is ${classes[Number(number) - 1]}, but the folder is ${classes[label]}`, {
    at,
    remedy: 'take classInd.txt and the lists from the same download',
  });
}

async function readClasses(searched: SourceFiles): Promise<string[]> {
  const [file] = findByName(searched, /^classInd\.txt$/i);
  if (file === undefined) throw annotationMissing(ucf101, 'classInd.txt', searched);
  const lines = await readLines(file);
  const classes: string[] = [];
  for (const { text, at } of lines) {
    const [, number, name] = /^(\d+)\s+(\S+)$/.exec(text) ?? [];
    const label = Number(number) - 1;
    if (name === undefined || label < 0 || label >= lines.length || classes[label] !== undefined) {
      throw dataError(`this line is not a number from 1 to ${lines.length}, each once, and a class: ${text}`, { at });
    }
    classes[label] = name;
  }
  return classes;
}
