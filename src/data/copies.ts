/**
 * Prepared copies in place of the originals: below `copies` in the prepared folder, one for each usable video, made once.
 * Images stay where they are.
 */
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import pLimit from 'p-limit';
import { configError, environmentError, Interrupted, isDataError } from '../errors/index.ts';
import { onDisk } from '../formats/write-file.ts';
import type { Copied, CopyKind, CopyTask } from '../video/copies/copy.ts';
import { PACKED_EXTENSION } from '../video/packed/layout.ts';
import { type CopyJournal, type CopyResult, openCopyJournal } from './copy-journal.ts';
import { spaceOf } from './disk-space.ts';
import { type Dataset, type Entry, isUsable } from './manifest.ts';
import type { FileState } from './probe-journal.ts';
import { isImageFile } from './source-files.ts';

/** Videos that are copied first, to say what all of them will take. */
const TRIAL = 8;
/** What an estimate is raised by before the disk is asked, and what must stay free besides. */
const MARGIN = 1.1;
const STAY_FREE = 64 * 2 ** 20;

export interface CopiesWanted {
  readonly kind: CopyKind;
  readonly copy: (task: CopyTask, signal: AbortSignal) => Promise<Copied>;
  /** What makes the copies, with its version. */
  readonly maker: string;
  readonly jobs: number;
  /** `done` of the `total` copies that had to be made. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Once, when the first few are made. */
  readonly onEstimate?: (estimate: CopiesEstimate) => void;
}

export interface CopiesEstimate {
  /** Videos that the estimate is made from, and all that have to be copied. */
  readonly trial: number;
  readonly videos: number;
  /** Bytes that all of them will take, these few included. */
  readonly bytes: number;
  readonly originalBytes: number;
  readonly freeBytes: number;
}

interface Work {
  readonly entry: Entry;
  readonly state: FileState;
  readonly task: CopyTask;
}

type Prepared = { readonly dataset: Dataset; readonly entries: ReadonlyMap<string, readonly Entry[]> };

/**
 * The data set with its copies made and named in place of the originals. A video that cannot be copied keeps its place as
 * unreadable, with the reason.
 *
 * @param stateOf of each usable entry's original
 * @throws config error where there is no video; environment error when the disk is full or will be; `Interrupted` on the
 *   signal, what was copied being saved.
 */
export async function useCopies(
  { dataset, entries }: Prepared,
  out: string,
  stateOf: (file: string) => FileState,
  wanted: CopiesWanted,
  signal: AbortSignal,
): Promise<Prepared> {
  const { kind } = wanted;
  const root = path.join(path.resolve(out), 'copies');
  const videos = new Map<string, Work>();
  for (const entry of [...entries.values()].flat()) {
    if (!isUsable(entry) || isImageFile(entry.file)) continue;
    const task = { file: path.resolve(dataset.root, entry.file), copy: path.join(root, copyName(entry.file, kind)) };
    videos.set(entry.file, { entry, state: stateOf(entry.file), task: { ...task, kind, facts: entry } });
  }
  if (videos.size === 0) {
    throw configError('there is no video to be copied', { at: dataset.root, remedy: 'leave --jpeg and --gop out' });
  }
  const journal = await openCopyJournal(path.join(out, 'copies.jsonl'), wanted.maker);
  const results = new Map<string, CopyResult>();
  try {
    const pending: Work[] = [];
    for (const [file, work] of videos) {
      const known = journal.find(file, work.state, kind);
      if (known !== undefined && (await isThere(known, work.task.copy))) results.set(file, known);
      else pending.push(work);
    }
    await copyAll(pending, results, journal, out, wanted, signal);
  } finally {
    await journal.close();
  }

  const replaced = new Map([...entries].map(([name, own]) => [name, own.map(replace)]));
  function replace(entry: Entry): Entry {
    const result = results.get(entry.file);
    if (result === undefined)
      return isImageFile(entry.file) ? { ...entry, file: path.join(dataset.root, entry.file) } : entry;
    if ('failure' in result) {
      const none = { frames: 0, width: 0, height: 0, fps: 0, verdict: 'unreadable' as const };
      const { id, file, label } = entry;
      return { id, file, label, ...none, reason: `no copy: ${result.failure}` };
    }
    // What is known of the original's packets says nothing of the copy's; the verdict and its reason stay.
    const { id, label, verdict, reason } = entry;
    const { frames, width, height, fps, seeks, disposable } = result.copied.facts;
    return {
      ...{ id, file: copyName(entry.file, kind), label, frames, width, height, fps, verdict },
      ...(reason !== undefined && { reason }),
      bytes: result.copied.bytes,
      ...(seeks !== undefined && { seeks }),
      ...(disposable !== undefined && { disposable }),
    };
  }
  const made = [...results.values()].flatMap((result) => ('copied' in result ? [result.copied] : []));
  const splits = dataset.splits.map((split) => ({
    ...split,
    usable: (replaced.get(split.manifest) ?? []).filter(isUsable).length,
  }));
  const copies = {
    ...kind,
    videos: made.length,
    bytes: made.reduce((sum, { bytes }) => sum + bytes, 0),
    originalBytes: [...videos.values()].reduce((sum, { state }) => sum + state.size, 0),
    leastLikeness: Math.min(...made.map(({ likeness }) => Number(likeness.toFixed(1)))),
    originals: dataset.root,
  };
  return { dataset: { ...dataset, root, splits, copies }, entries: replaced };
}

/** Below the folder of copies, the extension of the original kept: `a.avi` and `a.mp4` can lie side by side. */
function copyName(file: string, kind: CopyKind): string {
  const inside = path.posix
    .normalize(file)
    .split('/')
    .filter((part) => part !== '..' && part !== '')
    .join('/');
  return `${inside}${kind.kind === 'jpeg' ? PACKED_EXTENSION : '.mp4'}`;
}

async function isThere(known: CopyResult, copy: string): Promise<boolean> {
  if ('failure' in known) return true;
  const found = await stat(copy).catch(() => undefined);
  return found?.size === known.copied.bytes;
}

async function copyAll(
  pending: readonly Work[],
  results: Map<string, CopyResult>,
  journal: CopyJournal,
  out: string,
  wanted: CopiesWanted,
  signal: AbortSignal,
): Promise<void> {
  const limit = pLimit(wanted.jobs);
  let done = 0;
  // The first failure ends the run, but only after what is being copied was stopped or written down.
  let failure: { readonly thrown: unknown } | undefined;
  const copyOne = async (work: Work): Promise<void> => {
    if (failure !== undefined || signal.aborted) return;
    try {
      const result = await copyOrReason(work, wanted, signal);
      await journal.append(work.entry.file, work.state, wanted.kind, result);
      results.set(work.entry.file, result);
      wanted.onProgress?.(++done, pending.length);
    } catch (thrown) {
      failure ??= { thrown };
    }
  };
  const finish = (): void => {
    if (signal.aborted && done < pending.length) {
      const left = pending.length - done;
      throw new Interrupted(
        `stopped with ${left} videos still to be copied; ${results.size} copies are there: the same command goes on from there`,
      );
    }
    if (failure !== undefined) throw failure.thrown;
  };
  // Spread evenly: official lists are often sorted by class.
  const few = Math.min(TRIAL, pending.length);
  const trial = new Set(Array.from({ length: few }, (_, i) => pending[Math.floor((i * pending.length) / few)] as Work));
  await limit.map(trial, copyOne);
  finish();
  if (trial.size > 0) await checkRoom([...trial], pending, results, out, wanted);
  await limit.map(
    pending.filter((work) => !trial.has(work)),
    copyOne,
  );
  finish();
}

async function copyOrReason({ task }: Work, { copy }: CopiesWanted, signal: AbortSignal): Promise<CopyResult> {
  try {
    await onDisk(task.copy, () => mkdir(path.dirname(task.copy), { recursive: true }));
    return { copied: await copy(task, signal) };
  } catch (thrown) {
    if (isDataError(thrown)) return { failure: thrown.what };
    throw thrown;
  }
}

/** @throws environment error where the copies will not fit */
async function checkRoom(
  trial: readonly Work[],
  pending: readonly Work[],
  results: ReadonlyMap<string, CopyResult>,
  out: string,
  { onEstimate }: CopiesWanted,
): Promise<void> {
  const sizeOf = (work: readonly Work[]): number => work.reduce((sum, { state }) => sum + state.size, 0);
  const copied = trial.reduce((sum, { entry }) => {
    const result = results.get(entry.file);
    return result !== undefined && 'copied' in result ? sum + result.copied.bytes : sum;
  }, 0);
  const originalBytes = sizeOf(pending);
  const bytes = Math.round((copied / sizeOf(trial)) * originalBytes);
  const freeBytes = await spaceOf(out);
  onEstimate?.({ trial: trial.length, videos: pending.length, bytes, originalBytes, freeBytes });
  const missing = (bytes - copied) * MARGIN + STAY_FREE - freeBytes;
  if (missing <= 0 || bytes === copied) return;
  const gigabytes = (count: number): string => `${(count / 1e9).toFixed(1)} GB`;
  throw environmentError(`the copies will take about ${gigabytes(bytes)}, ${gigabytes(freeBytes)} are free`, {
    at: out,
    remedy: 'free some space, choose a folder on another disk, or smaller copies (--short-side, --quality, --crf)',
  });
}
