/** What the options of `petl-video prepare` ask for, checked before anything is looked at. */
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { DatasetDefinition, ListOption, ListOptions, UnpackedFolders } from '../datasets/dataset.ts';
import { DATASETS } from '../datasets/index.ts';
import type { Shard } from '../src/data/shards.ts';
import { usageError } from '../src/errors/index.ts';
import type { CopyKind } from '../src/video/copies/copy.ts';
import { type Ffmpeg, findFfmpeg } from '../src/video/ffmpeg.ts';
import type { Context, Options } from './command.ts';
import { flagOf, wholeNumber } from './number-option.ts';
import { copyKindOf } from './prepare-copies.ts';
import { makeReady } from './setup.ts';

export interface Asked {
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

/** @throws usage error for options that do not go together or that the data set does not heed */
export function whatIsAsked(definition: DatasetDefinition, source: string, options: Options, context: Context): Asked {
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
  if (copyKind !== undefined && definition.media === 'images') {
    throw usageError(`--jpeg and --gop are no options for ${definition.name}`, { remedy: 'copies are made of videos' });
  }
  const unpacked = unpackedFolders(definition, options);
  let found: Promise<Ffmpeg> | undefined;
  const ffmpeg = () => {
    found ??= requireFfmpeg(context);
    return found;
  };
  return { definition, source, options, chosen, out, jobs, limit, copyKind, shard, unpacked, ffmpeg, context };
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

/** The options for `list`; one that the data set does not heed is refused rather than passed over. */
export function listOptions(definition: DatasetDefinition, options: Options): ListOptions {
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

export function text(options: Options, key: string): string | undefined {
  const value = options[key];
  return typeof value === 'string' ? value : undefined;
}

function fraction(options: Options): number | undefined {
  const value = text(options, 'validationFraction');
  if (value === undefined) return undefined;
  if (Number(value) > 0 && Number(value) < 1) return Number(value);
  throw usageError(`--validation-fraction is ${value}`, { remedy: 'give a number between 0 and 1, as 0.2' });
}
