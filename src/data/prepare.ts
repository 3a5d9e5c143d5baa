/**
 * Preparing a data set: every listed file is read once, from end to end, and what it holds is written down, so that
 * training meets no surprise in its fifth epoch. Writes into the folder `out`:
 *
 *   probe.jsonl                 the journal of what was read (see probe-journal.ts)
 *   train.jsonl, …              the manifests: all entries, the missing and the unreadable ones with their reason
 *   problems.jsonl              the entries of all splits that are not `ok`, with verdict and reason
 *   report.json                 what was found, next to what there should be
 *   dataset.json                last of all: where it stands, everything else does
 */
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import pLimit from 'p-limit';
import { codeOf, configError, dataError, Interrupted, messageOf } from '../errors/index.ts';
import { onDisk, writeFileAtomic } from '../formats/write-file.ts';
import type { VideoFacts } from '../video/facts.ts';
import { type CopiesWanted, useCopies } from './copies.ts';
import { checkListing, type Listing, limitListing, type OfficialCount, splitTitle } from './listing.ts';
import { type Dataset, type Entry, isUsable, type Listed, type Split, type Verdict } from './manifest.ts';
import { type FileState, type Journal, openJournal } from './probe-journal.ts';
import { PROBLEMS_FILE, problemLines } from './problem-list.ts';
import { DATASET_FILE } from './read-dataset.ts';
import { makeReport, type Report } from './report.ts';

/** File status calls at once; they wait for the disk or the network, not for the processor. */
const STATUS_CALLS = 32;

export interface PrepareOptions {
  readonly listing: Listing;
  /** What the data set states about itself. */
  readonly definition: {
    readonly name: string;
    readonly flip: boolean;
    readonly classes?: number;
    readonly official: readonly OfficialCount[];
  };
  /** The folder to write to. */
  readonly out: string;
  /** Reads one file, given by its absolute path, from end to end. */
  readonly probe: (file: string, signal: AbortSignal) => Promise<VideoFacts>;
  /** What reads, with its version: files that could not be read are read again by another. */
  readonly reader: string;
  /** Files read at once. */
  readonly jobs: number;
  readonly signal: AbortSignal;
  /** `done` of the `total` files that had to be read. */
  readonly onProgress?: (done: number, total: number) => void;
  /** At most so many entries of each split, spread evenly: to try things out. */
  readonly limit?: number | undefined;
  /** Copies to be made of the videos and to be named in their place. */
  readonly copies?: CopiesWanted | undefined;
}

export interface Prepared {
  readonly dataset: Dataset;
  readonly report: Report;
  /** Files read in this run, and files known from the journal. */
  readonly read: number;
  readonly reused: number;
}

/** What the disk says of a listed file. */
export type Found = FileState | { readonly verdict: 'missing' | 'unreadable'; readonly reason: string };

/**
 * @throws data error for a listing that contradicts itself and when no listed file is there; config error when `out`
 *   holds another data set; environment error when the disk is full; `Interrupted` on the signal, what was read being saved.
 */
export async function prepare(options: PrepareOptions): Promise<Prepared> {
  const { definition, out, signal } = options;
  const listing = options.limit === undefined ? options.listing : limitListing(options.listing, options.limit);
  checkListing(listing);
  const name = listing.name ?? definition.name;
  await refuseOther(out, name);
  const files = await findFiles(listing, signal);
  await onDisk(out, () => mkdir(out, { recursive: true }));
  const journal = await openJournal(path.join(out, 'probe.jsonl'), options.reader);
  try {
    const { facts, read, reused } = await readFiles(files, journal, { ...options, ...listing });
    const originals = assemble(listing, name, definition.flip, files, facts);
    const { copies } = options;
    const stateOf = (file: string): FileState => files.get(file) as FileState;
    const { dataset, entries } = copies ? await useCopies(originals, out, stateOf, copies, signal) : originals;
    const { notes, official = definition.official } = listing;
    const report = makeReport(dataset, entries, { ...definition, official, notes, limit: options.limit });
    await publish(out, dataset, entries, report);
    return { dataset, report, read, reused };
  } finally {
    await journal.close();
  }
}

export interface Survey {
  readonly split: string;
  readonly listed: number;
  readonly found: number;
}

/** What a listing names and how much of it is on the disk, without reading a file: `--dry-run`. */
export async function survey(listing: Listing, signal: AbortSignal): Promise<Survey[]> {
  checkListing(listing);
  const files = await findFiles(listing, signal);
  return listing.splits.map((split) => ({
    split: splitTitle(split),
    listed: split.entries.length,
    found: split.entries.filter(({ file }) => !('verdict' in (files.get(file) as Found))).length,
  }));
}

export async function refuseOther(out: string, name: string): Promise<void> {
  const before = await readPublished(out);
  if (before.name === undefined || before.name === name) return;
  throw configError(`this folder holds the prepared data set ${before.name} already`, {
    at: out,
    remedy: `choose another --out for ${name}, or remove the folder`,
  });
}

/** The status of every listed file, in listed order; a file that several folds name is there once. */
export async function findFiles(listing: Listing, signal: AbortSignal): Promise<Map<string, Found>> {
  const files = [...new Set(listing.splits.flatMap((split) => split.entries.map((entry) => entry.file)))];
  const limit = pLimit(STATUS_CALLS);
  const states = await limit.map(files, async (file): Promise<Found> => {
    if (signal.aborted) throw new Interrupted('stopped before any file was read');
    return await statusOf(path.join(listing.root, file));
  });
  if (states.every((state) => 'verdict' in state && state.verdict === 'missing')) {
    throw dataError(`none of the ${files.length} listed files was found`, {
      at: path.join(listing.root, files[0] as string),
      remedy: 'give the folder that holds the videos as --source; this is where the first one was looked for',
    });
  }
  return new Map(files.map((file, i) => [file, states[i] as Found]));
}

async function statusOf(file: string): Promise<Found> {
  try {
    const status = await stat(file);
    if (!status.isFile()) return { verdict: 'unreadable', reason: 'not a file' };
    const { size, mtimeMs } = status;
    return size === 0 ? { verdict: 'unreadable', reason: 'the file is empty' } : { size, mtimeMs };
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return { verdict: 'missing', reason: 'no such file' };
    return { verdict: 'unreadable', reason: messageOf(error) };
  }
}

type ReadOptions = Pick<PrepareOptions, 'probe' | 'jobs' | 'signal' | 'onProgress'> & Pick<Listing, 'root' | 'written'>;

/** What is on the disk of `files`: known from the journal, or read now. */
export async function readFiles(
  files: Iterable<readonly [file: string, found: Found]>,
  journal: Journal,
  options: ReadOptions,
): Promise<{ facts: Map<string, VideoFacts>; read: number; reused: number }> {
  const facts = new Map<string, VideoFacts>();
  const pending: [file: string, state: FileState][] = [];
  const { written } = options;
  const writtenFacts: VideoFacts | undefined = written && { frames: 1, ...written, fps: 0, verdict: 'ok' };
  for (const [file, found] of files) {
    if ('verdict' in found) continue;
    const known = writtenFacts ?? journal.find(file, found);
    if (known === undefined) pending.push([file, found]);
    else facts.set(file, known);
  }
  const reused = facts.size;
  await readAll(pending, facts, journal, options);
  return { facts, read: pending.length, reused };
}

async function readAll(
  pending: readonly [file: string, state: FileState][],
  facts: Map<string, VideoFacts>,
  journal: Journal,
  { root, probe, jobs, signal, onProgress }: ReadOptions,
): Promise<void> {
  const limit = pLimit(jobs);
  let done = 0;
  // The first failure ends the run, but only after what is being read was stopped or written down.
  let failure: { readonly thrown: unknown } | undefined;
  await limit.map(pending, async ([file, state]) => {
    if (failure !== undefined || signal.aborted) return;
    try {
      const read = await probe(path.join(root, file), signal);
      await journal.append(file, state, read);
      facts.set(file, read);
      done++;
      onProgress?.(done, pending.length);
    } catch (thrown) {
      failure ??= { thrown };
    }
  });
  if (signal.aborted && done < pending.length) {
    throw new Interrupted(
      `stopped with ${pending.length - done} files still to be read; ${facts.size} are read and saved: the same command goes on from there`,
    );
  }
  if (failure !== undefined) throw failure.thrown;
}

/** Split manifests by file name, with their entries. */
export type Manifests = ReadonlyMap<string, readonly Entry[]>;

function assemble(
  listing: Listing,
  name: string,
  flip: boolean,
  files: ReadonlyMap<string, Found>,
  facts: ReadonlyMap<string, VideoFacts>,
): { dataset: Dataset; entries: Manifests } {
  const entryOf = (listed: Listed): Entry => {
    const found = files.get(listed.file) as Found;
    const { id, file, label } = listed;
    if ('verdict' in found) return { id, file, label, frames: 0, width: 0, height: 0, fps: 0, ...found };
    const { frames, width, height, fps, verdict, reason, changesSize, seeks, disposable } = facts.get(
      file,
    ) as VideoFacts;
    return {
      id,
      file,
      label,
      frames,
      width,
      height,
      fps,
      verdict: verdict satisfies Verdict,
      ...(reason && { reason }),
      bytes: found.size,
      ...(changesSize && { changesSize }),
      ...(seeks && { seeks }),
      ...(disposable && { disposable }),
    };
  };
  const entries = new Map<string, readonly Entry[]>();
  const splits = listing.splits.map((split): Split => {
    const manifest = `${split.fold === undefined ? '' : `fold${split.fold}-`}${split.name}.jsonl`;
    const own = split.entries.map(entryOf);
    entries.set(manifest, own);
    const fold = split.fold === undefined ? {} : { fold: split.fold };
    return { name: split.name, ...fold, manifest, listed: own.length, usable: own.filter(isUsable).length };
  });
  return {
    dataset: {
      ...{ name, classes: listing.classes, root: listing.root, flip: listing.flip ?? flip },
      ...(listing.origin === undefined ? {} : { origin: listing.origin }),
      splits,
    },
    entries,
  };
}

/**
 * Writes what changed. `dataset.json` goes first and comes back last: a process killed in between leaves a folder that
 * says it is not prepared, never manifests of two runs side by side.
 */
async function publish(out: string, dataset: Dataset, entries: Manifests, report: Report): Promise<void> {
  const texts = new Map<string, string>();
  for (const [manifest, own] of entries) texts.set(manifest, own.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  texts.set(PROBLEMS_FILE, problemLines(dataset, entries));
  texts.set('report.json', `${JSON.stringify(report, null, 2)}\n`);
  texts.set(DATASET_FILE, `${JSON.stringify(dataset, null, 2)}\n`);

  const stale = (await readPublished(out)).manifests.filter((manifest) => !entries.has(manifest));
  const changed: string[] = [];
  for (const [name, text] of texts) if (!(await holds(path.join(out, name), text))) changed.push(name);
  if (changed.length === 0 && stale.length === 0) return;

  const last = path.join(out, DATASET_FILE);
  await rm(last, { force: true });
  for (const manifest of stale) await rm(path.join(out, manifest), { force: true });
  for (const name of changed) {
    if (name !== DATASET_FILE) await writeFileAtomic(path.join(out, name), texts.get(name) as string);
  }
  await writeFileAtomic(last, texts.get(DATASET_FILE) as string);
}

async function holds(file: string, text: string): Promise<boolean> {
  const before = await readFile(file, 'utf8').catch(() => undefined);
  return before === text;
}

/** Name and manifests of what `out` holds already, as far as it can be read. */
async function readPublished(out: string): Promise<{ name: string | undefined; manifests: string[] }> {
  try {
    const { name, splits } = JSON.parse(await readFile(path.join(out, DATASET_FILE), 'utf8')) as Dataset;
    return { name, manifests: splits.map((split) => path.basename(split.manifest)) };
  } catch {
    return { name: undefined, manifests: [] };
  }
}
