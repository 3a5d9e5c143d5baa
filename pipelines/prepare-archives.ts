/** The part of `petl-video prepare` that unpacks what was downloaded. */
import path from 'node:path';
import {
  type DatasetDefinition,
  type ListOptions,
  mediaOf,
  rootOf,
  scanOutside,
  type UnpackedFolders,
} from '../datasets/dataset.ts';
import { type FoundArchive, findArchives } from '../src/data/archives.ts';
import { bytesText } from '../src/data/disk-space.ts';
import { type PrepareOptions, survey } from '../src/data/prepare.ts';
import type { Shard } from '../src/data/shards.ts';
import type { SourceFiles } from '../src/data/source-files.ts';
import { readUnpacked } from '../src/data/unpack-journal.ts';
import { ownedBy, type SourceArchives, unpackSource } from '../src/data/unpack-source.ts';
import { isDataError } from '../src/errors/index.ts';
import type { Context, Progress } from './command.ts';

export interface Packed {
  readonly archives: readonly FoundArchive[];
  readonly source: SourceFiles;
}

const MB = 1e6;

/**
 * The archives below the source that have to be unpacked: none where all that is listed lies unpacked in the source.
 *
 * @throws data error where one of several parts is missing
 */
export async function findPacked(
  definition: DatasetDefinition,
  sourceFolder: string,
  chosen: ListOptions,
  unpacked: UnpackedFolders | undefined,
  signal: AbortSignal,
): Promise<Packed> {
  const source = await scanOutside(sourceFolder, unpacked, signal);
  const { archives: rules } = definition;
  if (rules === undefined || (await isComplete(definition, sourceFolder, chosen, source, signal))) {
    return { archives: [], source };
  }
  const archives = await findArchives(source, rules);
  if (chosen.annotations === undefined) return { archives, source };
  // Beside the lists, where they do not lie below the source, there may be archives of lists.
  const lists = await scanOutside(chosen.annotations, unpacked, signal);
  const known = new Set(archives.map(pathOf));
  const { annotations } = rules;
  const more = await findArchives(lists, { names: rules.names, videos: [], annotations });
  return { archives: [...archives, ...more.filter((one) => !known.has(pathOf(one)))], source };
}

const pathOf = ({ archive }: FoundArchive): string | undefined => archive.parts[0]?.file;

async function isComplete(
  definition: DatasetDefinition,
  folder: string,
  chosen: ListOptions,
  source: SourceFiles,
  signal: AbortSignal,
): Promise<boolean> {
  if (!source.files.some(mediaOf(definition))) return false;
  try {
    const splits = await survey(await definition.list(folder, { ...chosen, signal }), signal);
    return splits.every(({ listed, found }) => listed === found);
  } catch (error) {
    // Lists or videos that are still packed; what is really wrong comes up when they are unpacked.
    if (isDataError(error)) return false;
    throw error;
  }
}

export interface UnpackFirst extends Packed {
  readonly definition: DatasetDefinition;
  readonly folders: UnpackedFolders;
  readonly out: string;
  readonly shard: Shard | undefined;
  /** Reads videos as they come; absent where only some of them are wanted. */
  readonly reading: Pick<PrepareOptions, 'probe' | 'reader' | 'jobs'> | undefined;
}

/** Unpacks, with notes and progress. @returns which files are the shard's to read, and how many were read meanwhile */
export async function unpackFirst(
  options: UnpackFirst,
  context: Context,
): Promise<{ owns: (file: string) => boolean; read: number }> {
  const { reporter, signal } = context;
  const { archives, definition, source, folders, out, shard, reading } = options;
  let bar: Progress | undefined;
  const start = performance.now();
  const work: SourceArchives = {
    ...{ archives, rules: definition.archives ?? {}, source, out, shard, signal },
    ...folders,
    ...(reading === undefined ? {} : { reading: { ...reading, root: rootOf(source, folders, mediaOf(definition)) } }),
    onProgress: (done, total, archive) => {
      bar ??= reporter.progress('unpacking MB', Math.ceil(total / MB));
      const rate = done / (performance.now() - start) / 1000;
      bar.update(Math.ceil(done / MB), `${rate.toFixed(1)} MB/s, ${archive}`);
    },
  };
  try {
    const { opened, written, bytes, notes, read } = await unpackSource(work);
    bar?.end();
    for (const note of notes) reporter.warn(note);
    if (opened > 0) {
      reporter.note(
        `unpacked ${written} files, ${bytesText(bytes)}, into ${folders.videos}; the downloads stay as they are`,
      );
    }
    return { owns: shard === undefined ? () => true : await ownedBy({ ...work, shard }), read };
  } finally {
    bar?.end();
  }
}

/** For a dry run: name, what it holds, size, and whether it was unpacked into `out` before. */
export async function packedRows({ archives }: Packed, out: string | undefined): Promise<string[][]> {
  const known = out === undefined ? undefined : await readUnpacked(path.join(out, 'unpack.jsonl'));
  return archives.map(({ name, archive, holds, size, mtimeMs }) => {
    const before = known?.get(archive.parts[0]?.file ?? '');
    const same = before?.size === size && before.mtimeMs === mtimeMs;
    const parts = archive.parts.length > 1 ? `${name} and ${archive.parts.length - 1} more parts` : name;
    const state = !same ? 'packed' : before.done === undefined ? 'begun' : 'unpacked';
    return [parts, holds, bytesText(size), state];
  });
}
