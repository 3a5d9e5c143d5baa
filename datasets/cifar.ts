/**
 * CIFAR-10 and CIFAR-100 (Krizhevsky, "Learning multiple layers of features from tiny images", 2009): 50,000 training and
 * 10,000 test images of 32 x 32, in two forms of the same content.
 *
 * cifar-100-binary.tar.gz   train.bin, test.bin: records of a coarse label, a fine label and 3 planes of 1024 bytes
 * cifar-100-python.tar.gz   train, test: Python 2 pickles {data: uint8 [N, 3072], fine_labels: [N], …}
 * cifar-10-binary.tar.gz    data_batch_1-5.bin, test_batch.bin: records of a label and 3 planes
 * cifar-10-python.tar.gz    data_batch_1-5, test_batch: {data, labels}
 *
 * Either as the archive or as the folder that it unpacks to. Labels are ranks of the names in alphabetical order. There is no
 * validation split: papers (AdaptFormer among them) measure on test, and mirror in training.
 */
import { createReadStream } from 'node:fs';
import path from 'node:path';
import type { OfficialCount } from '../src/data/listing.ts';
import type { ArrayPicture, PictureArray } from '../src/data/picture-arrays.ts';
import type { SourceFiles } from '../src/data/source-files.ts';
import { dataError } from '../src/errors/index.ts';
import { members } from '../src/formats/archive/archive.ts';
import { byteArrayOf, unpickleDictionary } from '../src/formats/numpy-world.ts';
import { pixelsOfRows } from '../src/formats/planes.ts';
import { listWritten } from './array-images.ts';
import { annotationMissing, type DatasetDefinition, type ListOptions, scanOutside } from './dataset.ts';
import { HELD_OUT_OPTIONS } from './held-out.ts';

const SIDE = 32;
const PIXELS = 3 * SIDE * SIDE;
/** Of a pickle, which is read whole: that of CIFAR-100 has 155 MB. */
const LARGEST_PICKLE = 1 << 29;

export const CIFAR10_CLASSES = 'airplane automobile bird cat deer dog frog horse ship truck'.split(' ');

export const CIFAR100_CLASSES = `
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle caterpillar
cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl
hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom
oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road
rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank
telephone television tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm`
  .trim()
  .split(/\s+/);

/** One of the two forms that the data set is given out in. */
interface Form {
  readonly kind: 'binary' | 'python';
  readonly archive: RegExp;
  readonly folder: string;
  readonly md5: string;
  readonly splits: Readonly<Record<'train' | 'test', readonly string[]>>;
  /** Of the files in the folder, where they are known. */
  readonly fileMd5: Readonly<Record<string, string>>;
}

interface Version {
  readonly classes: readonly string[];
  /** Bytes before the pixels of a record; the last is the label. */
  readonly labelBytes: number;
  /** Key of the labels in a pickle. */
  readonly labels: string;
  readonly forms: readonly Form[];
}

const BATCHES = [1, 2, 3, 4, 5];

const VERSIONS: Readonly<Record<10 | 100, Version>> = {
  10: {
    classes: CIFAR10_CLASSES,
    labelBytes: 1,
    labels: 'labels',
    forms: [
      {
        kind: 'binary',
        archive: /^cifar-10-binary\.(tar\.gz|tgz|tar)$/i,
        folder: 'cifar-10-batches-bin',
        md5: 'c32a1d4ab5d03f1284b67883e8d87530',
        splits: { train: BATCHES.map((i) => `data_batch_${i}.bin`), test: ['test_batch.bin'] },
        fileMd5: {},
      },
      {
        kind: 'python',
        archive: /^cifar-10-python\.(tar\.gz|tgz|tar)$/i,
        folder: 'cifar-10-batches-py',
        md5: 'c58f30108f718f92721af3b95e74349a',
        splits: { train: BATCHES.map((i) => `data_batch_${i}`), test: ['test_batch'] },
        fileMd5: {
          data_batch_1: 'c99cafc152244af753f735de768cd75f',
          data_batch_2: 'd4bba439e000b95fd0a9bffe97cbabec',
          data_batch_3: '54ebc095f3ab1f0389bbae665268c751',
          data_batch_4: '634d18415352ddfa80567beed471001a',
          data_batch_5: '482c414d41f54cd18b22e5b47cb7c3cb',
          test_batch: '40351d587109b95175f43aff81a1287e',
        },
      },
    ],
  },
  100: {
    classes: CIFAR100_CLASSES,
    labelBytes: 2,
    labels: 'fine_labels',
    forms: [
      {
        kind: 'binary',
        archive: /^cifar-100-binary\.(tar\.gz|tgz|tar)$/i,
        folder: 'cifar-100-binary',
        md5: '03b5dce01913d631647c71ecec9e9cb8',
        splits: { train: ['train.bin'], test: ['test.bin'] },
        fileMd5: {},
      },
      {
        kind: 'python',
        archive: /^cifar-100-python\.(tar\.gz|tgz|tar)$/i,
        folder: 'cifar-100-python',
        md5: 'eb9058c3a382ffc7106e4002c42a8d85',
        splits: { train: ['train'], test: ['test'] },
        fileMd5: { train: '16019d7e3df5f24257cddd939b257f8d', test: 'f0ef6b0ae62326f3e7ffdfab6717acfc' },
      },
    ],
  },
};

const COUNTS = { train: 50_000, test: 10_000 } as const;
const OFFICIAL: readonly OfficialCount[] = [
  { split: 'train', entries: COUNTS.train },
  { split: 'test', entries: COUNTS.test },
];

export const cifar10 = cifar(10);
export const cifar100 = cifar(100);

function cifar(number: 10 | 100): DatasetDefinition {
  const { classes } = VERSIONS[number];
  const definition: DatasetDefinition = {
    name: `cifar${number}`,
    title: `CIFAR-${number}`,
    homepage: 'https://www.cs.toronto.edu/~kriz/cifar.html',
    download: `cifar-${number}-binary.tar.gz or cifar-${number}-python.tar.gz`,
    media: 'images',
    classes: classes.length,
    official: OFFICIAL,
    flip: true,
    sampling: { kind: 'dense', frames: 1, stride: 1, views: [1, 1] },
    options: HELD_OUT_OPTIONS,
    arrays: (source, options) => findArrays(definition, VERSIONS[number], source, options),
    list: (source, options) => listWritten(source, classes, OFFICIAL, options),
  };
  return definition;
}

/** The archive before a folder, whose files have no known checksums in the binary form. */
async function findArrays(
  definition: DatasetDefinition,
  version: Version,
  source: string,
  { unpacked, signal }: ListOptions,
): Promise<PictureArray[]> {
  const found = await scanOutside(source, unpacked, signal);
  for (const form of version.forms) {
    const archive = found.files.find((file) => form.archive.test(path.posix.basename(file)));
    if (archive !== undefined) return arraysOf(version, form, inArchive(path.join(found.root, archive), form));
  }
  for (const form of version.forms) {
    const folder = folderOf(form, found);
    if (folder !== undefined) return arraysOf(version, form, inFolder(folder, form));
  }
  throw annotationMissing(
    definition,
    `${definition.download}, nor the folder ${version.forms.map(({ folder }) => folder).join(' or ')}`,
    found,
  );
}

/** The folder with all files of the form, under its own name, or being the source itself. */
function folderOf({ folder, splits }: Form, { root, files }: SourceFiles): string | undefined {
  const wanted = [...splits.train, ...splits.test];
  const there = new Set(files);
  const places = files
    .filter((file) => path.posix.basename(file) === wanted[0])
    .map((file) => path.posix.dirname(file));
  const place = places.find(
    (one) =>
      (path.posix.basename(one) === folder || one === '.') &&
      wanted.every((file) => there.has(one === '.' ? file : `${one}/${file}`)),
  );
  return place === undefined ? undefined : path.join(root, place);
}

/** Where the files of a form lie. */
interface Container {
  /** The files to be known by, of some of the form's files. */
  sources(names: readonly string[]): PictureArray['files'];
  /** For messages. */
  at(name: string): string;
  chunks(name: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

function inArchive(file: string, { md5 }: Form): Container {
  const at = (name: string) => `${file}, ${name}`;
  return {
    sources: () => [{ file, md5 }],
    at,
    async *chunks(name, signal) {
      for await (const member of members({ parts: [{ file }] }, { signal, fault: dataError })) {
        if (member.kind !== 'file' || path.posix.basename(member.name) !== name) continue;
        yield* member.chunks();
        return;
      }
      throw dataError(`the archive holds no ${name}`, { at: file, remedy: 'download it again from the homepage' });
    },
  };
}

function inFolder(folder: string, { fileMd5 }: Form): Container {
  return {
    sources: (names) =>
      names.map((name) => {
        const md5 = fileMd5[name];
        return { file: path.join(folder, name), ...(md5 === undefined ? {} : { md5 }) };
      }),
    at: (name) => path.join(folder, name),
    chunks: (name) => createReadStream(path.join(folder, name), { highWaterMark: 1 << 20 }),
  };
}

function arraysOf(version: Version, form: Form, container: Container): PictureArray[] {
  const read = form.kind === 'binary' ? readRecords : readPickle;
  return (['train', 'test'] as const).map((split) => ({
    split,
    files: container.sources(form.splits[split]),
    ...{ width: SIDE, height: SIDE, expected: COUNTS[split] },
    async *pictures(signal) {
      for (const name of form.splits[split]) yield* read(version, container.chunks(name, signal), container.at(name));
    },
  }));
}

async function* readRecords(
  { classes, labelBytes }: Version,
  chunks: AsyncIterable<Uint8Array>,
  at: string,
): AsyncGenerator<ArrayPicture> {
  const size = labelBytes + PIXELS;
  let rest: Uint8Array = new Uint8Array(0);
  let position = 0;
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (; from + size <= bytes.length; from += size) {
      const label = bytes[from + labelBytes - 1] as number;
      checkLabel(label, classes, `${at}, byte ${position + from + labelBytes - 1}`);
      const pixels = bytes.subarray(from + labelBytes, from + size);
      yield { label, data: pixelsOfRows(pixels, SIDE, SIDE) };
    }
    position += from;
    rest = bytes.subarray(from);
  }
  if (rest.length > 0) {
    throw dataError(`the file is cut off: ${rest.length} bytes where a record has ${size}`, {
      at: `${at}, byte ${position}`,
      remedy: 'download it again from the homepage',
    });
  }
}

async function* readPickle(
  version: Version,
  chunks: AsyncIterable<Uint8Array>,
  at: string,
): AsyncGenerator<ArrayPicture> {
  const { classes, labels: key } = version;
  const wrong = (what: string) =>
    dataError(`this is no file of CIFAR-${classes.length}: ${what}`, {
      at,
      remedy: 'take the official archive, whose md5 the homepage gives: home-made ones go about under its name',
    });
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > LARGEST_PICKLE) throw wrong(`it has more than ${LARGEST_PICKLE} bytes`);
    pieces.push(chunk);
  }
  const content = unpickleDictionary(Buffer.concat(pieces), dataError, at);
  const labels = content.get(key);
  if (!Array.isArray(labels)) throw wrong(`it has ${[...content.keys()].join(', ')}, but no ${key}`);
  const data = byteArrayOf(content.get('data'));
  if ('wrong' in data) throw wrong(`its data are ${data.wrong}`);
  if (data.shape.length !== 2 || data.shape[1] !== PIXELS || data.shape[0] !== labels.length) {
    throw wrong(`its data have the shape [${data.shape.join(', ')}], with ${labels.length} labels`);
  }
  for (const [i, label] of labels.entries()) {
    checkLabel(label, classes, `${at}, ${key}[${i}]`);
    yield { label, data: pixelsOfRows(data.data.subarray(i * PIXELS, (i + 1) * PIXELS), SIDE, SIDE) };
  }
}

function checkLabel(label: unknown, classes: readonly string[], at: string): asserts label is number {
  if (Number.isInteger(label) && (label as number) >= 0 && (label as number) < classes.length) return;
  throw dataError(`the label ${label} is out of range`, {
    at,
    remedy: `${classes.length} classes have the labels 0 to ${classes.length - 1}; download the file again`,
  });
}
