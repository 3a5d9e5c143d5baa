/**
 * Something-Something V2 (Goyal et al., "The 'something something' video database", ICCV 2017; version 2 of 2018).
 * 174 classes, 220,847 WebM videos of 2-6 s, height 240, 12 frames per second, `<id>.webm`.
 *
 * labels.json             {"Approaching something with your camera": "0", …}: class name → label, as a text
 * train.json, validation.json   [{"id": "78687", "label": caption, "template": "Holding [something] next to [something]", …}]
 * test.json               [{"id": "1420"}]: no labels, unless test-answers.csv (`id;class name`) is there too
 *
 * The class of a video is its template without the brackets; what stands inside them stays, for it is not always
 * "something". The first release put `something-something-v2-` before every file name.
 */
import { findByName, type JsonAnnotation, readJsonAnnotation, readLines } from '../src/data/annotation.ts';
import type { ListedSplit, Listing } from '../src/data/listing.ts';
import type { Listed, SplitName } from '../src/data/manifest.ts';
import { isVideoFile, type SourceFiles, stemOf } from '../src/data/source-files.ts';
import { dataError } from '../src/errors/index.ts';
import { annotationMissing, type DatasetDefinition, type ListOptions, mediaMissing, scanSource } from './dataset.ts';

const SPLITS: readonly SplitName[] = ['train', 'validation', 'test'];

export const ssv2: DatasetDefinition = {
  name: 'ssv2',
  title: 'Something-Something V2',
  homepage: 'https://www.qualcomm.com/developer/software/something-something-v-2-dataset',
  download: 'the 20 video parts and the labels (labels.json, train.json, validation.json, test.json)',
  archives: {
    names: 'the 20 parts 20bn-something-something-v2-00 … -19, or zips of them, and the zip of the labels',
    // One gzip stream cut into 20 parts: no part can be unpacked alone, and their order matters.
    parts: { name: /^20bn-something-something-v2-(\d\d)$/, count: 20, zips: /^20bn-something-something.*\.zip$/i },
    videos: [/^20bn-something-something-v2\.(tar|tgz|tar\.gz)$/i],
    annotations: [/^20bn-something-something-download-package-labels.*\.zip$/i],
  },
  classes: 174,
  official: [
    { split: 'train', entries: 168_913 },
    { split: 'validation', entries: 24_777 },
    { split: 'test', entries: 27_157 },
  ],
  // Pushing something from left to right; pulling, turning the camera: three pairs of classes are mirror images.
  flip: false,
  sampling: { kind: 'segments', frames: 16, views: [2, 3] },
  options: ['annotations'],
  list,
};

async function list(source: string, options: ListOptions): Promise<Listing> {
  const { videos, searched } = await scanSource(source, options);
  const labels = await readLabels(searched);
  const fileOf = new Map<string, string>();
  for (const file of videos.files) {
    // A WebM wins over a converted copy of it.
    if (isVideoFile(file) && (!fileOf.has(stemOf(file)) || /\.webm$/i.test(file))) fileOf.set(stemOf(file), file);
  }
  if (fileOf.size === 0) throw mediaMissing(ssv2, videos);

  const splits: ListedSplit[] = [];
  const notes: string[] = [];
  for (const name of SPLITS) {
    const [file] = annotationFiles(searched, `${name}\\.json`);
    if (file === undefined) {
      notes.push(`${name}.json was not found: no ${name} split`);
      continue;
    }
    const answers = name === 'test' ? await readAnswers(searched, labels) : undefined;
    const annotation = await readJsonAnnotation(file);
    const entries = readItems(annotation, file).map((item): Listed => {
      const id = item.id;
      if (typeof id !== 'string') throw dataError('an item has no "id"', { at: file });
      const label =
        name === 'test' ? (answers?.get(id) ?? -1) : labelOf(item.template, labels, () => annotation.at(id));
      return { id, file: fileOf.get(id) ?? `${id}.webm`, label };
    });
    if (name === 'test' && answers === undefined) notes.push('test-answers.csv was not found: test labels are hidden');
    splits.push({ name, entries });
  }
  if (splits.length === 0)
    throw annotationMissing(ssv2, fileNames('train.json, validation.json or test.json'), searched);
  return { classes: [...labels.keys()], root: videos.root, splits, notes };
}

const fileNames = (names: string) => `${names}, with or without something-something-v2- before the name`;

/** Both generations of names; those that lie beside labels.json first. */
function annotationFiles(searched: SourceFiles, name: string): string[] {
  return findByName(searched, new RegExp(`^(something-something-v2-)?${name}$`));
}

/** Class name → label, in label order. */
async function readLabels(searched: SourceFiles): Promise<Map<string, number>> {
  const [file] = annotationFiles(searched, 'labels\\.json');
  if (file === undefined) throw annotationMissing(ssv2, fileNames('labels.json'), searched);
  const { value, at } = await readJsonAnnotation(file);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw dataError('this is no object of class names and labels', { at: file });
  }
  const pairs = Object.entries(value).map(([name, label]): [string, number] => [name, Number(label)]);
  const names = new Map<number, string>();
  for (const [name, label] of pairs) {
    if (!Number.isInteger(label) || label < 0 || label >= pairs.length || names.has(label)) {
      throw dataError(`the class "${name}" has the label ${JSON.stringify(value[name as keyof typeof value])}`, {
        at: at(name),
        remedy: `the ${pairs.length} classes must have the labels 0 to ${pairs.length - 1}, each once`,
      });
    }
    names.set(label, name);
  }
  return new Map(pairs.sort((a, b) => a[1] - b[1]));
}

interface Item {
  readonly id?: unknown;
  readonly template?: unknown;
}

function readItems({ value }: JsonAnnotation, file: string): Item[] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'object' && item !== null)) {
    throw dataError('this is no list of objects', { at: file });
  }
  return value;
}

function labelOf(template: unknown, labels: ReadonlyMap<string, number>, where: () => string): number {
  if (typeof template !== 'string') throw dataError('an item has no "template"', { at: where() });
  const label = labels.get(template.replace(/[[\]]/g, ''));
  if (label === undefined) {
    throw dataError(`the template "${template}" names no class of labels.json`, {
      at: where(),
      remedy: 'take labels.json and the split files from the same download',
    });
  }
  return label;
}

async function readAnswers(
  searched: SourceFiles,
  labels: ReadonlyMap<string, number>,
): Promise<Map<string, number> | undefined> {
  const [file] = annotationFiles(searched, 'test-answers\\.csv');
  if (file === undefined) return undefined;
  const answers = new Map<string, number>();
  for (const { text, at } of await readLines(file)) {
    const separator = text.indexOf(';');
    if (separator === -1) throw dataError('this line is not `id;class name`', { at });
    answers.set(
      text.slice(0, separator).trim(),
      labelOf(text.slice(separator + 1).trim(), labels, () => at),
    );
  }
  return answers;
}
