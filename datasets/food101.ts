/**
 * Food-101 (Bossard, Guillaumin and Van Gool, ECCV 2014): 101 dishes, 750 training and 250 test images each, the longer side at
 * most 512 pixels; the training images are not cleaned.
 *
 * food-101/meta/classes.txt             class names in alphabetical order: the label is the rank
 * food-101/meta/train.txt, test.txt     `<class>/<id>`, without .jpg
 * food-101/images/<class>/<id>.jpg
 *
 * There is no validation split: papers measure on test.
 */
import path from 'node:path';
import { findByName, readLines } from '../src/data/annotation.ts';
import type { ListedSplit, Listing, OfficialCount } from '../src/data/listing.ts';
import type { Listed } from '../src/data/manifest.ts';
import { isImageFile, stemOf } from '../src/data/source-files.ts';
import { dataError } from '../src/errors/index.ts';
import { annotationMissing, type DatasetDefinition, type ListOptions, mediaMissing, scanSource } from './dataset.ts';
import { HELD_OUT_OPTIONS, officialWith, withValidation } from './held-out.ts';

const OFFICIAL: readonly OfficialCount[] = [
  { split: 'train', entries: 75_750 },
  { split: 'test', entries: 25_250 },
];

export const food101: DatasetDefinition = {
  name: 'food101',
  title: 'Food-101',
  homepage: 'https://data.vision.ee.ethz.ch/cvl/datasets_extra/food-101/',
  download: 'food-101.tar.gz',
  media: 'images',
  archives: {
    names: 'food-101.tar.gz',
    media: 'images',
    videos: [/^food-101\.(tar\.gz|tgz|tar|zip)$/i],
    annotations: [],
  },
  classes: 101,
  official: OFFICIAL,
  flip: true,
  sampling: { kind: 'dense', frames: 1, stride: 1, views: [1, 1] },
  options: ['annotations', ...HELD_OUT_OPTIONS],
  list,
};

async function list(source: string, options: ListOptions): Promise<Listing> {
  const { videos: images, searched } = await scanSource(source, options, isImageFile);
  const [classFile] = findByName(searched, /^classes\.txt$/i);
  if (classFile === undefined) throw annotationMissing(food101, 'meta/classes.txt', searched);
  const classes = (await readLines(classFile)).map(({ text }) => text);
  const sorted = [...new Set(classes)].sort();
  if (sorted.length !== classes.length) throw dataError('a class is named twice', { at: classFile });
  const labelOf = new Map(sorted.map((name, label) => [name, label]));
  const fileOf = new Map(
    images.files
      .filter(isImageFile)
      .map((file) => [`${path.posix.basename(path.posix.dirname(file))}/${stemOf(file)}`, file]),
  );
  if (fileOf.size === 0) throw mediaMissing(food101, images);
  const official: ListedSplit[] = [];
  const notes: string[] = [];
  for (const name of ['train', 'test'] as const) {
    const file = findByName(searched, new RegExp(`^${name}\\.txt$`, 'i')).find(
      (one) => path.dirname(one) === path.dirname(classFile),
    );
    if (file === undefined) {
      notes.push(`meta/${name}.txt was not found: no ${name} split`);
      continue;
    }
    const entries = (await readLines(file)).map(({ text, at }): Listed => {
      const id = text.replace(/\.jpe?g$/i, '');
      const label = labelOf.get(id.slice(0, id.lastIndexOf('/')));
      if (label === undefined) {
        throw dataError(`this line is not a class of classes.txt, a slash and a number: ${text}`, {
          at,
          remedy: 'take all files of meta from the same download',
        });
      }
      return { id, file: fileOf.get(id) ?? `images/${id}.jpg`, label };
    });
    official.push({ name, entries });
  }
  if (official.length === 0) throw annotationMissing(food101, 'meta/train.txt and meta/test.txt', searched);
  const splits = withValidation(official, sorted, options, notes);
  return { classes: sorted, root: images.root, splits, official: officialWith(splits, OFFICIAL), notes };
}
