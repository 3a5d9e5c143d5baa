/** `petl-video prepare`: from a data set as it was downloaded to manifests that training can trust. */
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { DatasetDefinition, ListOption, ListOptions, Task, UnpackedFolders } from '../datasets/dataset.ts';
import { DATASETS } from '../datasets/index.ts';
import type { Listing } from '../src/data/listing.ts';
import { writePictures } from '../src/data/picture-arrays.ts';
import { type PrepareOptions, prepare as prepareDataset, refuseOther, survey } from '../src/data/prepare.ts';
import { formatReport, formatTable } from '../src/data/report.ts';
import { finishedShards, mergeShards, prepareShard, type Shard, takesByName } from '../src/data/shards.ts';
import { mergeUnpacked } from '../src/data/unpack-source.ts';
import { isDataError, usageError } from '../src/errors/index.ts';
import { nearest } from '../src/errors/nearest.ts';
import type { CopyKind } from '../src/video/copies/copy.ts';
import { type Ffmpeg, findFfmpeg } from '../src/video/ffmpeg.ts';
import { probeVideo } from '../src/video/probe.ts';
import type { Command, Context, Options, Progress } from './command.ts';
import { findPacked, type Packed, packedRows, unpackFirst } from './prepare-archives.ts';
import { COPY_OPTIONS, copyKindOf, describeCopies, openCopier } from './prepare-copies.ts';
import { makeReady } from './setup.ts';

const NAMES = DATASETS.map((dataset) => dataset.name);
const FAMILIES = DATASETS.filter((dataset) => dataset.tasks !== undefined).map((dataset) => dataset.name);

export const prepare: Command = {
  name: 'prepare',
  summary: 'Unpack a data set, read every video of it once and write its manifests',
  arguments: [{ name: '<dataset>', description: NAMES.join(', ') }],
  options: [
    { flags: '--source <folder>', description: 'what you downloaded, or your own videos' },
    { flags: '--out <folder>', description: 'where to write the manifests' },
    { flags: '--annotations <folder>', description: 'the official lists, where they are not below the source' },
    {
      flags: '--csv <file>',
      description: 'folder: lines `path,label` or `path,label,split` in place of class folders',
    },
    {
      flags: '--validation-per-class <n>',
      description: 'folder, cifar, svhn: keep the last n training files of each class for validation',
    },
    {
      flags: '--validation-fraction <f>',
      description: 'the same as a fraction of each class (default 0.2 for a folder without splits)',
    },
    { flags: '--task <name>', description: `${FAMILIES.join(', ')}: only this of the data sets that are there` },
    { flags: '--name <name>', description: "folder: what to call the data set (default: the folder's name)" },
    { flags: '--jobs <n>', description: 'files to read at once (default: one for each core)' },
    { flags: '--limit <n>', description: 'only so many files of each split, to try things out' },
    { flags: '--videos <folder>', description: 'where archives are unpacked to (default: videos or images in --out)' },
    { flags: '--no-unpack', description: 'leave archives alone: what is needed lies unpacked already' },
    {
      flags: '--shard <i/n>',
      description: 'only the i-th of n parts: for n machines that share a disk, at once or one after the other',
    },
    { flags: '--merge', description: 'when all shards are done: check them and make one data set of them' },
    ...COPY_OPTIONS,
    { flags: '--dry-run', description: 'say what is listed and what is there, and read nothing' },
  ],
  examples: [
    'petl-video prepare hmdb51 --source ~/Downloads/hmdb51 --out data/hmdb51',
    'petl-video prepare ssv2 --source ~/ssv2 --annotations ~/ssv2-labels --out data/ssv2',
    'petl-video prepare folder --source ~/tennis --out data/tennis --validation-per-class 13',
    'petl-video prepare kinetics400 --source /data/k400 --dry-run',
    'petl-video prepare kinetics400 --source /data/k400 --out /data/k400-prepared --shard 2/8',
    'petl-video prepare kinetics400 --source /data/k400 --out /data/k400-prepared --merge',
    'petl-video prepare ssv2 --source ~/ssv2 --out data/ssv2-packed --jpeg',
    'petl-video prepare cifar100 --source ~/Downloads --out data/cifar100',
    'petl-video prepare vtab1k --source ~/vtab-1k --out data/vtab1k --task svhn',
  ],
  async run([name], options, context) {
    const definition = findDataset(name as string);
    const source = text(options, 'source');
    if (source === undefined) {
      throw usageError('--source is missing', {
        remedy: `give the folder with ${definition.download}${official(definition) ? `, from ${definition.homepage}` : ''}`,
      });
    }
    const asked = whatIsAsked(definition, source, options, context);
    if (definition.tasks === undefined) {
      if (text(options, 'task') !== undefined) {
        throw usageError(`--task is no option for ${definition.name}`, { remedy: `it is for ${FAMILIES.join(', ')}` });
      }
      const { words, json } = await prepareOne(asked);
      context.reporter.result(words, json);
      return;
    }
    const tasks = await tasksOf(definition, definition.tasks, source, options, context.signal);
    const results = new Map<string, Result>();
    for (const task of tasks) {
      const place = text(options, 'out');
      const out = place === undefined ? {} : { out: path.join(place, task.name) };
      const own = whatIsAsked(task.definition, task.source, { ...options, ...out }, context);
      results.set(task.name, await prepareOne({ ...own, ffmpeg: asked.ffmpeg }));
    }
    const words = [...results.values()].map((result) => result.words).join('\n\n');
    context.reporter.result(words, { tasks: Object.fromEntries([...results].map(([task, { json }]) => [task, json])) });
  },
};

interface Asked {
  readonly definition: DatasetDefinition;
  readonly source: string;
  readonly options: Options;
  readonly chosen: ListOptions;
  /** Undefined for a dry run. */
  readonly out: string | undefined;
  readonly jobs: number;
  readonly limit: number | undefined;
  readonly copyKind: CopyKind | undefined;
  readonly shard: Shard | undefined;
  readonly unpacked: UnpackedFolders | undefined;
  /** Found, or provided, when it is first asked for. */
  readonly ffmpeg: () => Promise<Ffmpeg>;
  readonly context: Context;
}

interface Result {
  readonly words: string;
  readonly json: unknown;
}

/** @throws usage error for options that do not go together or that the data set does not heed */
function whatIsAsked(definition: DatasetDefinition, source: string, options: Options, context: Context): Asked {
  const jobs = wholeNumber(options, 'jobs') ?? availableParallelism();
  const limit = wholeNumber(options, 'limit');
  const copyKind = copyKindOf(options);
  const chosen = listOptions(definition, options);
  const out = checkOut(definition, source, options);
  const shard = shardOf(options, limit);
  if (shard !== undefined && copyKind !== undefined) {
    throw usageError('copies of videos are not made in shards', { remedy: 'give --jpeg or --gop with --merge' });
  }
  if (shard !== undefined && definition.arrays !== undefined) {
    throw usageError(`${definition.name} is not prepared in shards`, {
      remedy: 'leave --shard out: it takes a minute',
    });
  }
  const unpacked = unpackedFolders(definition, options);
  let found: Promise<Ffmpeg> | undefined;
  const ffmpeg = () => {
    found ??= requireFfmpeg(context);
    return found;
  };
  return { definition, source, options, chosen, out, jobs, limit, copyKind, shard, unpacked, ffmpeg, context };
}

/** The data sets of a family that are to be prepared: all that are there, or the one that is named. */
async function tasksOf(
  definition: DatasetDefinition,
  find: NonNullable<DatasetDefinition['tasks']>,
  source: string,
  options: Options,
  signal: AbortSignal,
): Promise<readonly Task[]> {
  const tasks = await find(source, { ...listOptions(definition, options), signal });
  const wanted = text(options, 'task');
  if (wanted === undefined) return tasks;
  const found = tasks.filter((task) => task.name === wanted);
  if (found.length > 0) return found;
  const names = tasks.map((task) => task.name);
  const meant = nearest(wanted, names);
  throw usageError(
    `${definition.name} has no task ${wanted} there${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    {
      at: source,
      remedy: `what is there: ${names.join(', ')}`,
    },
  );
}

async function prepareOne(asked: Asked): Promise<Result> {
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

/** Where there is none at all, set-up provides it; one that was named and does not work is for the person to mend. */
async function requireFfmpeg(context: Context): Promise<Ffmpeg> {
  const { ffmpegPath: environmentPath, cache, searchPath } = context.environment;
  const find = () => findFfmpeg({ environmentPath, cache, searchPath, signal: context.signal });
  try {
    return await find();
  } catch (thrown) {
    if (environmentPath !== undefined || context.signal.aborted) throw thrown;
    await makeReady(context, 'none');
    return await find();
  }
}

function findDataset(name: string): DatasetDefinition {
  const found = DATASETS.find((dataset) => dataset.name === name);
  if (found !== undefined) return found;
  const meant = nearest(name, NAMES);
  throw usageError(`there is no data set ${name}${meant === undefined ? '' : `; did you mean ${meant}?`}`, {
    remedy: `the data sets are ${NAMES.join(', ')}; folder takes your own videos`,
  });
}

const official = (definition: DatasetDefinition) => definition.official.length > 0;

/** The options for `list`; one that the data set does not heed is refused rather than passed over. */
function listOptions(definition: DatasetDefinition, options: Options): ListOptions {
  const given: Record<ListOption, string | number | undefined> = {
    annotations: text(options, 'annotations'),
    csv: text(options, 'csv'),
    name: text(options, 'name'),
    validationPerClass: wholeNumber(options, 'validationPerClass'),
    validationFraction: fraction(options),
  };
  for (const [option, value] of Object.entries(given)) {
    if (value === undefined || definition.options.includes(option as ListOption)) continue;
    const heeding = DATASETS.filter((dataset) => dataset.options.includes(option as ListOption));
    throw usageError(`${flagOf(option)} is no option for ${definition.name}`, {
      remedy: `it is for ${heeding.map((dataset) => dataset.name).join(', ')}`,
    });
  }
  return given as ListOptions;
}

/** Undefined for a dry run. Class folders are not the place to write to: the next run would take it for a class. */
function checkOut(definition: DatasetDefinition, source: string, options: Options): string | undefined {
  if (options.dryRun === true) return undefined;
  const out = text(options, 'out');
  if (out === undefined)
    throw usageError('--out is missing', { remedy: `give a folder, as --out data/${definition.name}` });
  const inside = !path.relative(path.resolve(source), path.resolve(out)).startsWith('..');
  if (inside && definition.name === 'folder' && options.csv === undefined) {
    throw usageError('--out lies inside --source', { at: out, remedy: 'choose a folder elsewhere' });
  }
  return out;
}

/** Where archives are unpacked to; undefined for a dry run that names no place. */
function unpackedFolders(definition: DatasetDefinition, options: Options): UnpackedFolders | undefined {
  const none = definition.archives === undefined && (definition.arrays === undefined || options.unpack === false);
  if (none && (text(options, 'videos') !== undefined || options.unpack === false)) {
    throw usageError(`--videos and --no-unpack are no options for ${definition.name}`, {
      remedy: 'no archive is unpacked for it: give the folder of the videos as --source',
    });
  }
  const out = text(options, 'out');
  const videos = text(options, 'videos') ?? (out && path.join(out, definition.media ?? 'videos'));
  return videos === undefined ? undefined : { videos, annotations: path.join(out ?? videos, 'annotations') };
}

function shardOf(options: Options, limit: number | undefined): Shard | undefined {
  const value = text(options, 'shard');
  if (options.merge === true && (value !== undefined || options.dryRun === true)) {
    throw usageError('--merge goes neither with --shard nor with --dry-run', { remedy: 'give one of them' });
  }
  if (limit !== undefined && (value !== undefined || options.merge === true)) {
    throw usageError('--limit goes neither with --shard nor with --merge', { remedy: 'leave it out' });
  }
  if (value === undefined) return undefined;
  const [, index, count] = /^([1-9]\d{0,4})\/([1-9]\d{0,4})$/.exec(value) ?? [];
  if (index === undefined || Number(index) > Number(count)) {
    throw usageError(`--shard is ${value}`, { remedy: 'give the number of the part and of all parts, as 1/8 to 8/8' });
  }
  return { index: Number(index), count: Number(count) };
}

function text(options: Options, key: string): string | undefined {
  const value = options[key];
  return typeof value === 'string' ? value : undefined;
}

const flagOf = (key: string) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

function wholeNumber(options: Options, key: string): number | undefined {
  const value = text(options, key);
  if (value === undefined) return undefined;
  if (/^[1-9]\d*$/.test(value)) return Number(value);
  throw usageError(`${flagOf(key)} is ${value}`, { remedy: 'give a whole number from 1' });
}

function fraction(options: Options): number | undefined {
  const value = text(options, 'validationFraction');
  if (value === undefined) return undefined;
  if (Number(value) > 0 && Number(value) < 1) return Number(value);
  throw usageError(`--validation-fraction is ${value}`, { remedy: 'give a number between 0 and 1, as 0.2' });
}

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
