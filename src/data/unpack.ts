/**
 * Unpacking a data set's archives: videos into one folder, lists into another, each file written under another name and
 * renamed when it is whole. A run that was killed goes on where it was: archives that were read to their end are not
 * opened again, and files that are there are not written again; but a stream (tar, gzip) is read again from its start.
 * Downloads are only read.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import pLimit from 'p-limit';
import { dataError, environmentError, isDataError, PetlVideoError } from '../errors/index.ts';
import { type Archive, directory, members } from '../formats/archive/archive.ts';
import { leadsOutside, type Member, safePath } from '../formats/archive/member.ts';
import { onDisk } from '../formats/write-file.ts';
import type { ArchiveRules, FoundArchive } from './archives.ts';
import { bytesText, nearestFolder, spaceOf } from './disk-space.ts';
import { isImageFile, isVideoFile, type SourceFiles, scanFolder, stemOf } from './source-files.ts';
import { type ArchiveState, openUnpackJournal, type UnpackJournal } from './unpack-journal.ts';

/** File status calls at once. */
const STATUS_CALLS = 32;
const LIST = /\.(txt|csv|json|mat)$/i;

export interface UnpackOptions {
  readonly archives: readonly FoundArchive[];
  readonly rules: Pick<ArchiveRules, 'nested' | 'media'>;
  /** What lies unpacked in the source already is not unpacked once more. */
  readonly source: SourceFiles;
  readonly videos: string;
  readonly annotations: string;
  readonly journal: string;
  /** Name of the folder for what is not whole yet; no two processes may share one. */
  readonly unfinished: string;
  /** The share of videos that this process unpacks, by file name; all where it is absent. */
  readonly takes?: ((file: string) => boolean) | undefined;
  /** The share of the videos that `takes` lets through, about. */
  readonly share?: number;
  readonly signal: AbortSignal;
  /** Bytes of the archives that are behind the reader. */
  readonly onProgress?: ((done: number, total: number, archive: string) => void) | undefined;
  /** A video that is whole; unpacking waits for the promise. */
  readonly onVideo?: ((file: string) => Promise<void>) | undefined;
  /** Bytes that may be written to the disk of a folder. */
  readonly freeSpace?: (folder: string) => Promise<number>;
}

export interface Unpacked {
  /** Archives that had to be opened. */
  readonly opened: number;
  readonly written: number;
  readonly bytes: number;
  readonly notes: readonly string[];
}

interface Work extends UnpackOptions {
  readonly known: UnpackJournal;
  /** Absolute paths of all files there. */
  readonly present: ReadonlySet<string>;
  /** Of the source, by name without folders: relative paths. */
  readonly loose: ReadonlyMap<string, readonly string[]>;
  readonly failures: PetlVideoError[];
  readonly counts: { opened: number; written: number; bytes: number };
  readonly notes: string[];
}

/** One archive to be read: from the source, or out of another. */
interface Task {
  readonly archive: Archive;
  readonly state: ArchiveState;
  readonly holds: FoundArchive['holds'];
  /** Relative folder of its members. */
  readonly folder: string;
  /** A nested archive's name, the folder of members that have none. */
  readonly stem?: string;
}

/**
 * @throws data error for a damaged archive, after all others were read; environment error when the disk is too small or
 *   refuses; the signal's reason on abort.
 */
export async function unpack(options: UnpackOptions): Promise<Unpacked> {
  const { archives, source, signal } = options;
  const known = await openUnpackJournal(options.journal);
  const work: Work = {
    ...options,
    known,
    present: await presentFiles(options),
    loose: byBaseName(source),
    failures: [],
    counts: { opened: 0, written: 0, bytes: 0 },
    notes: [],
  };
  try {
    const tasks: Task[] = [];
    for (const task of archives.map(taskOf)) if (!(await isFinished(work, task.state))) tasks.push(task);
    if (tasks.length > 0) {
      await requireRoom(work, tasks);
      for (const folder of [options.videos, options.annotations, path.dirname(options.journal)]) {
        await onDisk(folder, () => mkdir(folder, { recursive: true }));
        await rm(path.join(folder, options.unfinished), { recursive: true, force: true });
      }
      const total = tasks.reduce((sum, { state }) => sum + state.size, 0);
      let before = 0;
      for (const task of tasks) {
        const name = path.basename(task.state.archive);
        await guarded(work, () =>
          readArchive(work, task, (bytes) => options.onProgress?.(before + bytes, total, name)),
        );
        before += task.state.size;
        options.onProgress?.(before, total, name);
      }
    }
  } finally {
    for (const folder of [options.videos, options.annotations]) {
      await rm(path.join(folder, options.unfinished), { recursive: true, force: true });
    }
    await known.close();
  }
  signal.throwIfAborted();
  const [failure, ...others] = work.failures;
  if (failure !== undefined) {
    const more = others.length === 0 ? '' : ` (and ${others.length} more: ${others.map(({ at }) => at).join('; ')})`;
    throw dataError(`${failure.what}${more}`, {
      ...(failure.at === undefined ? {} : { at: failure.at }),
      remedy: `${failure.remedy ?? 'download it again'}; or go on without what is lost: --no-unpack`,
      cause: failure,
    });
  }
  return { ...work.counts, notes: work.notes };
}

export const taskOf = ({ archive, holds, folder, size, mtimeMs }: FoundArchive): Task => ({
  archive,
  holds,
  folder,
  state: { archive: (archive.parts[0] as { file: string }).file, size, mtimeMs },
});

/** A damaged archive does not keep the others from being read. */
async function guarded(work: Work, read: () => Promise<void>): Promise<boolean> {
  try {
    await read();
    return true;
  } catch (error) {
    if (!isDataError(error) || work.signal.aborted) throw error;
    work.failures.push(error);
    return false;
  }
}

/** Read to its end, and all it held is there still, as large as it was: after a power failure it may not be. */
async function isFinished({ known, present }: Pick<Work, 'known' | 'present'>, state: ArchiveState): Promise<boolean> {
  const files = known.finished(state);
  if (files === undefined || ![...files.keys()].every((file) => present.has(file))) return false;
  const limit = pLimit(STATUS_CALLS);
  const same = await limit.map([...files], async ([file, bytes]) => (await bytesOf(file)) === bytes);
  return same.every((one) => one);
}

async function bytesOf(file: string): Promise<number | undefined> {
  return (await stat(file).catch(() => undefined))?.size;
}

async function presentFiles({ source, videos, annotations }: UnpackOptions): Promise<Set<string>> {
  const present = new Set(source.files.map((file) => path.join(source.root, file)));
  for (const folder of new Set([videos, annotations])) {
    const there = await stat(folder).catch(() => undefined);
    if (!there?.isDirectory()) continue;
    for (const file of (await scanFolder(folder)).files) present.add(path.join(path.resolve(folder), file));
  }
  return present;
}

function byBaseName({ files }: SourceFiles): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const file of files) {
    const name = path.posix.basename(file);
    found.set(name, [...(found.get(name) ?? []), file]);
  }
  return found;
}

async function readArchive(work: Work, task: Task, onPosition?: (bytes: number) => void): Promise<void> {
  const { signal, rules } = work;
  work.counts.opened++;
  const seen = new Set<string>();
  let whole = true;
  for await (const member of members(task.archive, { signal, fault: dataError, onPosition })) {
    const place = placeOf(work, task, member);
    if (place === undefined) continue;
    if (rules.nested?.test(place)) whole = (await readNested(work, task, member, place)) && whole;
    else {
      const target = targetOf(work, task, place);
      if (target === undefined || seen.has(target)) continue;
      seen.add(target);
      await takeMember(work, task, member, place, target);
    }
  }
  if (whole) await work.known.done(task.state);
}

/** Path below the folder of videos or lists; undefined for what is no file or must not be unpacked. */
function placeOf(
  work: Pick<Work, 'notes'>,
  task: Task,
  { name, kind }: Pick<Member, 'name' | 'kind'>,
): string | undefined {
  if (kind === 'folder') return undefined;
  const where = `${path.basename(task.state.archive)}, ${name}`;
  if (leadsOutside(name)) {
    work.notes.push(`not unpacked, for it leads out of the folder: ${where}`);
    return undefined;
  }
  if (kind !== 'file') {
    work.notes.push(`not unpacked, for it is a link or a device: ${where}`);
    return undefined;
  }
  const safe = safePath(name);
  return safe === undefined || safe.includes('/') || task.stem === undefined ? safe : `${task.stem}/${safe}`;
}

/** The absolute path to unpack to; undefined for what is no video and no list, and for the share of another process. */
function targetOf(
  { videos, annotations, takes, rules }: Pick<UnpackOptions, 'videos' | 'annotations' | 'takes' | 'rules'>,
  task: Task,
  place: string,
): string | undefined {
  if (isMedia(rules, place)) {
    if (task.holds !== 'videos' || takes?.(place) === false) return undefined;
    return path.join(path.resolve(videos), task.folder, place);
  }
  return LIST.test(place) ? path.join(path.resolve(annotations), task.folder, place) : undefined;
}

const isMedia = ({ media }: Pick<ArchiveRules, 'media'>, file: string): boolean =>
  media === 'images' ? isImageFile(file) : isVideoFile(file);

async function takeMember(work: Work, task: Task, member: Member, place: string, target: string): Promise<void> {
  const { known, signal } = work;
  const there = await whereItIs(work, task, place, target, member.size);
  if (there === undefined) {
    const folder = target.startsWith(path.resolve(work.videos) + path.sep) ? work.videos : work.annotations;
    await writeWhole(target, path.join(folder, work.unfinished), member, signal);
    work.counts.written++;
    work.counts.bytes += member.size;
  }
  await known.member(task.state, there ?? target, member.size);
  if (isMedia(work.rules, place)) await work.onVideo?.(there ?? target);
}

/** The file, where it is there with the right size: unpacked before, or by hand in the source; else undefined. */
async function whereItIs(
  { known, loose, source, notes }: Work,
  task: Task,
  place: string,
  target: string,
  size: number,
): Promise<string | undefined> {
  for (const file of loose.get(path.posix.basename(place)) ?? []) {
    const absolute = path.join(source.root, file);
    if ((file === place || file.endsWith(`/${place}`)) && (await bytesOf(absolute)) === size) return absolute;
  }
  const there = await bytesOf(target);
  if (there === size) return target;
  const owner = known.ownerOf(target);
  const mine = owner === task.state.archive || task.state.archive.startsWith(`${owner}/`);
  if (there === undefined || owner === undefined || mine) return undefined;
  notes.push(
    `${place} is in ${path.basename(task.state.archive)} and, other, in ${path.basename(owner)}, which was kept`,
  );
  return target;
}

async function writeWhole(target: string, unfinished: string, member: Member, signal: AbortSignal): Promise<void> {
  await onDisk(target, () => mkdir(path.dirname(target), { recursive: true }));
  const temporary = await writeTemporary(unfinished, member, signal);
  await onDisk(target, () => rename(temporary, target));
}

/** Not fsynced: that a file is whole is seen by its size, also after the power went. */
async function writeTemporary(unfinished: string, member: Member, signal: AbortSignal): Promise<string> {
  await onDisk(unfinished, () => mkdir(unfinished, { recursive: true }));
  const temporary = path.join(unfinished, randomBytes(6).toString('hex'));
  const handle = await onDisk(temporary, () => open(temporary, 'wx'));
  try {
    for await (const chunk of member.chunks()) {
      signal.throwIfAborted();
      await onDisk(temporary, () => handle.writeFile(chunk));
    }
  } finally {
    await handle.close();
  }
  return temporary;
}

/** @returns whether all of it could be read */
async function readNested(work: Work, task: Task, member: Member, place: string): Promise<boolean> {
  const { archive, mtimeMs } = task.state;
  const state = { archive: `${archive}/${place}`, size: member.size, mtimeMs };
  const owns = async (files: ReadonlyMap<string, number>): Promise<void> => {
    for (const [file, bytes] of files) await work.known.member(task.state, file, bytes);
  };
  if (await isFinished(work, state)) {
    await owns(work.known.filesOf(state));
    return true;
  }
  const temporary = await writeTemporary(path.join(work.videos, work.unfinished), member, work.signal);
  try {
    const nested = { archive: { parts: [{ file: temporary }] }, state, holds: task.holds, folder: task.folder };
    const whole = await guarded(work, async () => {
      try {
        await readArchive(work, { ...nested, stem: stemOf(place) });
      } catch (error) {
        throw error instanceof PetlVideoError ? renamed(error, temporary, `${archive}, ${place}`) : error;
      }
    });
    await owns(work.known.filesOf(state));
    return whole;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** The name of the copy that was read says nothing to anybody. */
function renamed(error: PetlVideoError, temporary: string, name: string): PetlVideoError {
  return new PetlVideoError(error.kind, error.what, {
    at: (error.at ?? temporary).replace(temporary, name),
    ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
    cause: error,
  });
}

/** Before anything is written: what the directories of the archives promise; of streams, their own size. */
async function requireRoom(work: Work, tasks: readonly Task[]): Promise<void> {
  const { videos, share = 1, freeSpace = spaceOf } = work;
  let needed = 0;
  for (const task of tasks) {
    const promised = await sizeOf(work, task);
    needed += task.holds === 'videos' ? promised * share : promised;
  }
  const free = await freeSpace(await nearestFolder(path.resolve(videos)));
  if (needed <= free) return;
  throw environmentError(
    `the disk is too full to unpack the videos: ${bytesText(needed)} needed, ${bytesText(free)} free`,
    {
      at: videos,
      remedy: 'free some space, or give --videos with a folder on another disk',
    },
  );
}

/** Bytes that the archive will add to the disk, about. */
async function sizeOf(work: Work, task: Task): Promise<number> {
  const unpackedBefore = [...work.known.filesOf(task.state)];
  const listed = await directory(task.archive, { signal: work.signal, fault: dataError }).catch((error: unknown) => {
    // It will be told with what came before the damage.
    if (isDataError(error)) return undefined;
    throw error;
  });
  const there = (file: string) => work.present.has(file);
  if (listed === undefined) {
    return Math.max(
      0,
      task.state.size - unpackedBefore.reduce((sum, [file, bytes]) => sum + (there(file) ? bytes : 0), 0),
    );
  }
  let bytes = 0;
  let largestNested = 0;
  for (const member of listed) {
    const place = placeOf({ notes: [] }, task, member);
    if (place === undefined) continue;
    if (work.rules.nested?.test(place)) {
      const state = { archive: `${task.state.archive}/${place}`, size: member.size, mtimeMs: task.state.mtimeMs };
      if (await isFinished(work, state)) continue;
      bytes += member.size;
      largestNested = Math.max(largestNested, member.size);
    } else {
      const target = targetOf({ ...work, takes: undefined }, task, place);
      if (target !== undefined && !there(target)) bytes += member.size;
    }
  }
  return bytes + largestNested;
}
