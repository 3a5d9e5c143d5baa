/** One data set, prepared, or looked at for a dry run: unpacked, its images written, its files read, its manifests written. */
import path from 'node:path';
import type { DatasetDefinition } from '../datasets/dataset.ts';
import type { Listing } from '../src/data/listing.ts';
import { writePictures } from '../src/data/picture-arrays.ts';
import { type PrepareOptions, prepare as prepareDataset, refuseOther, survey } from '../src/data/prepare.ts';
import { formatReport, formatTable } from '../src/data/report.ts';
import { finishedShards, mergeShards, prepareShard, takesByName } from '../src/data/shards.ts';
import { mergeUnpacked } from '../src/data/unpack-source.ts';
import { isDataError } from '../src/errors/index.ts';
import type { Ffmpeg } from '../src/video/ffmpeg.ts';
import { probeVideo } from '../src/video/probe.ts';
import type { Context, Progress } from './command.ts';
import { findPacked, type Packed, packedRows, unpackFirst } from './prepare-archives.ts';
import { describeCopies, openCopier } from './prepare-copies.ts';
import { type Asked, text } from './prepare-options.ts';

export interface Result {
  readonly words: string;
  readonly json: unknown;
}

export async function prepareOne(asked: Asked): Promise<Result> {
  const { definition, source, options, chosen, out, jobs, limit, copyKind, shard, unpacked, context } = asked;
  const { reporter, signal } = context;
  const packed =
    options.unpack === false || options.merge === true
      ? undefined
      : await findPacked(definition, source, chosen, unpacked, signal);
  const list = () => definition.list(source, { ...chosen, unpacked, signal });
  if (out === undefined) return dryRun(asked, packed, list);
  const written = await writeArrays(asked, out);
  const ffmpeg = definition.arrays === undefined ? await asked.ffmpeg() : undefined;
  const reading = readingBy(ffmpeg, jobs, signal);
  let owns = (_file: string): boolean => true;
  let readAhead = 0;
  if (packed !== undefined && unpacked !== undefined && (shard !== undefined || packed.archives.length > 0)) {
    const ahead = limit === undefined ? reading : undefined;
    ({ owns, read: readAhead } = await unpackFirst(
      { ...packed, definition, folders: unpacked, out, shard, reading: ahead },
      context,
    ));
  } else if (shard !== undefined) owns = (file) => takesByName(file, shard);
  // Before anything is looked for: without shards there may be no videos either.
  if (options.merge === true) await finishedShards(out);
  const listing = await list();
  const progress = progressOf(context);
  const copier = copyKind && ffmpeg && (await openCopier(copyKind, ffmpeg, jobs, context));
  const work = { listing, definition, out, signal, ...reading, onProgress: progress.update };
  const copying = { ...work, copies: copier?.wanted };
  try {
    if (shard !== undefined) {
      const { read, reused } = await prepareShard({ ...work, shard, owns });
      const done = { read: read + readAhead, reused: Math.max(0, reused - readAhead) };
      progress.end();
      const title = `shard ${shard.index} of ${shard.count}`;
      const next = `when all ${shard.count} are done: the same command with --merge in place of --shard`;
      const words = `${title}: ${done.read} files read, ${done.reused} known from before\n${next}`;
      return { words, json: { shard: title, ...done } };
    }
    const merged = options.merge === true ? await mergeShards(copying) : undefined;
    if (merged !== undefined) await mergeUnpacked(out);
    const { dataset, report, read, reused } = merged ?? (await prepareDataset({ ...copying, limit }));
    const { copies } = dataset;
    progress.end();
    const summary = [
      formatReport(report),
      ...(copies ? [describeCopies(copies)] : []),
      ...(official(definition) ? ['', describeSampling(definition)] : []),
    ];
    const counts = { read: read + readAhead, reused: Math.max(0, reused - readAhead) };
    const files =
      written === undefined
        ? `${counts.read} files read, ${counts.reused} known from before`
        : `${written} images written, ${reused - written} there from before`;
    reporter.note(`prepared in ${out}: ${files}`);
    const json = { ...report, ...(copies && { copies }), out: path.resolve(out), ...counts };
    return { words: summary.join('\n'), json: written === undefined ? json : { ...json, written } };
  } finally {
    progress.end();
    await copier?.close();
  }
}

/** Images are read by the image reader, all else by ffmpeg. */
function readingBy(ffmpeg: Ffmpeg | undefined, jobs: number, signal: AbortSignal): Reading {
  const probe = async (file: string) => {
    if (ffmpeg === undefined) throw new TypeError(`${file} was written by prepare, and need not be read`);
    return await probeVideo(ffmpeg, file, { signal });
  };
  return { jobs, reader: ffmpeg?.version ?? 'none', probe };
}

type Reading = Pick<PrepareOptions, 'probe' | 'reader' | 'jobs'>;

/** Images that lie in arrays, written to files. @returns how many were written; undefined where there are no arrays */
async function writeArrays(
  { definition, source, chosen, unpacked, context }: Asked,
  out: string,
): Promise<number | undefined> {
  const { arrays } = definition;
  if (arrays === undefined || unpacked === undefined) return undefined;
  const { reporter, signal } = context;
  await refuseOther(out, definition.name);
  let bar: Progress | undefined;
  try {
    return await writePictures({
      arrays: await arrays(source, { ...chosen, unpacked, signal }),
      folder: unpacked.videos,
      signal,
      onProgress(done, total) {
        bar ??= reporter.progress('writing images', total);
        bar.update(done);
      },
    });
  } finally {
    bar?.end();
  }
}

/** What is listed and what is there. */
async function dryRun(
  { definition, source, options, chosen, context: { signal } }: Asked,
  packed: Packed | undefined,
  list: () => Promise<Listing>,
): Promise<Result> {
  if (definition.arrays !== undefined) {
    const arrays = await definition.arrays(source, { ...chosen, signal });
    const rows = arrays.map(({ split, expected, files }) => ({
      split,
      expected,
      files: files.map(({ file }) => file),
    }));
    const table = rows.map(({ split, expected, files }) => [
      split,
      `${expected}`,
      files.map((file) => path.basename(file)).join(', '),
    ]);
    const words = [`${definition.name}:`, '', ...formatTable([['split', 'images', 'from'], ...table])];
    return { words: words.join('\n'), json: { arrays: rows, splits: [] } };
  }
  const archives = packed === undefined ? [] : await packedRows(packed, text(options, 'out'));
  const unpacks =
    archives.length === 0 ? [] : ['', ...formatTable([['archive', 'holds', 'size', 'state'], ...archives])];
  const listing = await list().catch((thrown: unknown) => {
    if (archives.length > 0 && isDataError(thrown)) return undefined;
    throw thrown;
  });
  if (listing === undefined) {
    const what = 'what is listed, and what of it is there, can be told once they are unpacked';
    return { words: [`${definition.name}:`, ...unpacks, '', what].join('\n'), json: { archives, splits: [] } };
  }
  const splits = await survey(listing, signal);
  const rows = splits.map(({ split, listed, found }) => [split, `${listed}`, `${found}`, `${listed - found}`]);
  const table = formatTable([['split', 'listed', 'found', 'missing'], ...rows]);
  const notes = listing.notes.map((note) => `! ${note}`);
  const title = `${listing.name ?? definition.name}: ${listing.classes.length} classes`;
  return {
    words: [title, '', ...table, ...notes, ...unpacks].join('\n'),
    json: { classes: listing.classes, splits, notes: listing.notes, archives },
  };
}

/** Whether its makers count its entries; a person's own files have no such count. */
export const official = (definition: DatasetDefinition) => definition.official.length > 0;

/** A bar that appears with the first file, because only then it is known how many have to be read. */
function progressOf({ reporter }: Context): { update(done: number, total: number): void; end(): void } {
  let bar: Progress | undefined;
  const start = performance.now();
  return {
    update(done, total) {
      bar ??= reporter.progress('reading', total);
      const rate = (1000 * done) / (performance.now() - start);
      const left = (total - done) / rate;
      const clock = left < 90 ? `${Math.ceil(left)} s` : `${Math.ceil(left / 60)} min`;
      bar.update(done, `${rate.toFixed(1)} files/s, ${clock} left`);
    },
    end() {
      bar?.end();
      bar = undefined;
    },
  };
}

function describeSampling({ media, sampling: { kind, frames, stride, views } }: DatasetDefinition): string {
  if (media === 'images') return 'images are clips of one frame (data.frames: 1); papers test on one view each';
  const how = kind === 'dense' ? `frames with a stride of ${stride}` : 'frames, one out of each of as many equal parts';
  return `papers take ${frames} ${how}, and test on ${views[0]} x ${views[1]} views`;
}
