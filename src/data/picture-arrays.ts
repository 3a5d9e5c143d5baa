/**
 * Images that a data set gives out as arrays (CIFAR, SVHN), written once, each as a PNG file: lossless, and from then on like
 * any image. Below a folder:
 *
 *   train/000/000123.png     shards of a thousand, each put there whole
 *   train.json               what the split was read from; once all shards are there, their size and the labels
 *
 * A run that was killed goes on after the last whole shard; one that finds all there reads no array.
 */
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pLimit from 'p-limit';
import { codeOf, dataError, Interrupted } from '../errors/index.ts';
import { hashFile } from '../formats/hash-file.ts';
import { encodePng } from '../formats/png.ts';
import { onDisk, writeFileAtomic } from '../formats/write-file.ts';
import type { ListedSplit } from './listing.ts';
import type { Listed, SplitName } from './manifest.ts';

/** Pictures in a folder: a file system is slow with tens of thousands in one. */
const SHARD = 1000;
/** PNGs under way at once: compression and writing both wait for threads. */
const UNDER_WAY = 16;
const UNFINISHED = '.unfinished-pictures';

export interface ArrayPicture {
  readonly label: number;
  /** uint8 [height, width, 3]; the reader's to keep. */
  readonly data: Uint8Array;
}

/** A file that arrays are read from. */
export interface ArrayFile {
  /** Absolute. */
  readonly file: string;
  /** Of the official file, where it is known. */
  readonly md5?: string;
}

export interface PictureArray {
  readonly split: SplitName;
  readonly files: readonly ArrayFile[];
  readonly width: number;
  readonly height: number;
  /** How many pictures there should be; for progress. */
  readonly expected: number;
  /** All pictures in the official order. @throws data error for a damaged file; what came before is good */
  pictures(signal: AbortSignal): AsyncIterable<ArrayPicture>;
}

interface FileFacts {
  readonly name: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly md5: string;
  /** Absent where no official checksum is known. */
  readonly official?: boolean;
}

/** `train.json`; without labels while shards are still missing. */
interface Written {
  readonly files: readonly FileFacts[];
  readonly width: number;
  readonly height: number;
  /** Pictures in a shard. */
  readonly shard: number;
  readonly labels?: readonly number[];
}

export interface WriteOptions {
  readonly arrays: readonly PictureArray[];
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Pictures in a shard. */
  readonly shard?: number;
  /** Pictures that are behind the writer, of about so many. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Writes what is not there yet. @returns how many pictures were written
 *
 * @throws data error for damaged arrays; environment error when the disk refuses; `Interrupted` on the signal, whole shards
 *   being kept
 */
export async function writePictures({
  arrays,
  folder,
  signal,
  shard = SHARD,
  onProgress,
}: WriteOptions): Promise<number> {
  const total = arrays.reduce((sum, { expected }) => sum + expected, 0);
  await onDisk(folder, () => mkdir(folder, { recursive: true }));
  await rm(path.join(folder, UNFINISHED), { recursive: true, force: true });
  const checksums = new Map<string, Promise<string>>();
  let written = 0;
  let before = 0;
  try {
    for (const array of arrays) {
      const report = (done: number) => onProgress?.(before + done, total);
      written += await writeArray(array, { folder, signal, shard }, checksums, report);
      before += array.expected;
      report(0);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Interrupted('stopped while writing images; what is whole is kept: the same command goes on from there');
  } finally {
    await rm(path.join(folder, UNFINISHED), { recursive: true, force: true });
  }
  return written;
}

async function writeArray(
  array: PictureArray,
  { folder, signal, shard: most }: { readonly folder: string; readonly signal: AbortSignal; readonly shard: number },
  checksums: Map<string, Promise<string>>,
  report: (done: number) => void,
): Promise<number> {
  const record = path.join(folder, `${array.split}.json`);
  const known = await readRecord(record);
  const same = known !== undefined && known.shard === most && (await isSame(known, array));
  if (same && known.labels !== undefined && (await isWhole(folder, array.split, known.labels.length, most))) return 0;
  const facts: Written = {
    files: same ? known.files : await Promise.all(array.files.map((file) => factsOf(file, checksums, signal))),
    ...{ width: array.width, height: array.height, shard: most },
  };
  if (!same) {
    await rm(path.join(folder, array.split), { recursive: true, force: true });
    await writeFileAtomic(record, JSON.stringify(facts));
  }
  const labels: number[] = [];
  let shard: ArrayPicture[] = [];
  let written = 0;
  const finish = async (): Promise<void> => {
    if (shard.length === 0) return;
    written += await writeShard(folder, array, labels.length - shard.length, most, shard, signal);
    shard = [];
    report(labels.length);
  };
  for await (const picture of array.pictures(signal)) {
    signal.throwIfAborted();
    labels.push(picture.label);
    shard.push(picture);
    if (shard.length === most) await finish();
  }
  await finish();
  if (labels.length === 0) throw dataError('there is no image in it', { at: (array.files[0] as ArrayFile).file });
  await writeFileAtomic(record, JSON.stringify({ ...facts, labels } satisfies Written));
  return written;
}

const shardFolder = (split: SplitName, shard: number): string => `${split}/${String(shard).padStart(3, '0')}`;
const pictureName = (index: number): string => `${String(index).padStart(6, '0')}.png`;

/** @returns how many were written: none where the shard is there with all its pictures */
async function writeShard(
  folder: string,
  { split, width, height }: PictureArray,
  first: number,
  most: number,
  pictures: readonly ArrayPicture[],
  signal: AbortSignal,
): Promise<number> {
  const place = path.join(folder, shardFolder(split, first / most));
  if ((await countIn(place)) === pictures.length) return 0;
  await rm(place, { recursive: true, force: true });
  const temporary = path.join(folder, UNFINISHED);
  await onDisk(temporary, () => mkdir(temporary, { recursive: true }));
  const limit = pLimit({ concurrency: UNDER_WAY, rejectOnClear: true });
  await limit.map(pictures, async ({ data }, i) => {
    signal.throwIfAborted();
    const file = path.join(temporary, pictureName(first + i));
    const png = await encodePng({ data, width, height });
    await onDisk(file, () => writeFile(file, png));
  });
  await onDisk(place, () => mkdir(path.dirname(place), { recursive: true }));
  await onDisk(place, () => rename(temporary, place));
  return pictures.length;
}

async function countIn(folder: string): Promise<number> {
  return (await readdir(folder).catch(() => [])).length;
}

async function isWhole(folder: string, split: SplitName, count: number, most: number): Promise<boolean> {
  for (let from = 0; from < count; from += most) {
    const wanted = Math.min(most, count - from);
    if ((await countIn(path.join(folder, shardFolder(split, from / most)))) !== wanted) return false;
  }
  return true;
}

async function isSame(known: Written, array: PictureArray): Promise<boolean> {
  if (known.files.length !== array.files.length || known.width !== array.width || known.height !== array.height)
    return false;
  for (const [i, { file }] of array.files.entries()) {
    const { size, mtimeMs } = await stat(file);
    const before = known.files[i] as FileFacts;
    if (before.name !== path.basename(file) || before.size !== size || before.mtimeMs !== mtimeMs) return false;
  }
  return true;
}

async function factsOf(
  { file, md5 }: ArrayFile,
  checksums: Map<string, Promise<string>>,
  signal: AbortSignal,
): Promise<FileFacts> {
  const { size, mtimeMs } = await stat(file);
  const sum = checksums.get(file) ?? hashFile(file, 'md5', signal);
  checksums.set(file, sum);
  const found = await sum;
  return {
    name: path.basename(file),
    size,
    mtimeMs,
    md5: found,
    ...(md5 === undefined ? {} : { official: found === md5 }),
  };
}

async function readRecord(file: string): Promise<Written | undefined> {
  try {
    const value = JSON.parse(await readFile(file, 'utf8')) as Written;
    return Array.isArray(value.files) && typeof value.width === 'number' && value.shard > 0 ? value : undefined;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** What was written below a folder. */
export interface WrittenPictures {
  readonly splits: readonly ListedSplit[];
  readonly size: { readonly width: number; readonly height: number };
  /** `cifar-100-python.tar.gz, official`: what it was read from, and whether that is what its makers give out. */
  readonly source: string;
  /** Files that are not the official ones. */
  readonly notes: readonly string[];
}

/** @throws data error where a split was not written to its end */
export async function readPictures(folder: string, splits: readonly SplitName[]): Promise<WrittenPictures> {
  const found = await Promise.all(
    splits.map(async (name) => {
      const record = path.join(folder, `${name}.json`);
      const written = await readRecord(record);
      if (written?.labels === undefined) {
        throw dataError('the images are still in their arrays', {
          at: record,
          remedy: 'run petl-video prepare without --dry-run: it writes each image to a file first',
        });
      }
      return { name, written: { ...written, labels: written.labels } };
    }),
  );
  const { width, height } = (found[0] as (typeof found)[number]).written;
  const files = new Map(found.flatMap(({ written }) => written.files.map((file) => [file.name, file])));
  const foreign = [...files.values()].filter(({ official }) => official === false);
  const state = ({ official, md5 }: FileFacts): string =>
    official === undefined ? `md5 ${md5}` : official ? 'official' : `not the official file, md5 ${md5}`;
  return {
    splits: found.map(({ name, written: { labels, shard } }): ListedSplit => {
      return { name, entries: labels.map((label, i) => entryOf(name, label, i, shard)) };
    }),
    size: { width, height },
    source: [...files.values()].map((file) => `${file.name} (${state(file)})`).join(', '),
    notes: foreign.map(({ name, md5 }) => `${name} is not the official file: its md5 is ${md5}`),
  };
}

function entryOf(split: SplitName, label: number, index: number, shard: number): Listed {
  const id = `${split}/${String(index).padStart(6, '0')}`;
  return { id, file: `${shardFolder(split, Math.floor(index / shard))}/${pictureName(index)}`, label };
}
