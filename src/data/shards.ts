/**
 * Preparing on many machines that share a disk: shard i of n reads its part and writes it down, and `--merge` makes of all
 * parts what one machine would have made. Nobody waits for anybody: which part is whose follows from the files' names
 * and the archives that are there, never from how far the others are.
 *
 *   archives of videos ≥ n    the archives go round the shards, and each reads what its own archives hold
 *   fewer, or one stream      each shard reads every archive and takes the videos whose names fall to it
 *   files that lie unpacked   fall to a shard by their names
 *
 * Each shard leaves `probe-<i>-of-<n>.jsonl`, `unpack-<i>-of-<n>.jsonl` and, last of all, `shard-<i>-of-<n>.json`.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, dataError, messageOf } from '../errors/index.ts';
import { onDisk, writeFileAtomic } from '../formats/write-file.ts';
import type { VideoFacts } from '../video/facts.ts';
import { checkListing, type Listing } from './listing.ts';
import { findFiles, type Prepared, type PrepareOptions, prepare, readFiles, refuseOther } from './prepare.ts';
import { openJournal } from './probe-journal.ts';
import { stemOf } from './source-files.ts';

export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

/** `2-of-4`: in the names of a shard's files. */
export const shardName = ({ index, count }: Shard): string => `${index}-of-${count}`;

/** Whether a file falls to the shard by its name: without folder and extension, so that a converted copy goes along. */
export function takesByName(file: string, { index, count }: Shard): boolean {
  return createHash('sha256').update(stemOf(file)).digest().readUInt32LE(0) % count === index - 1;
}

/** What a shard says of itself when it is done. */
export interface Finished extends Shard {
  readonly name: string;
  /** Of the listing: classes, splits, ids and labels. */
  readonly listing: string;
  readonly reader: string;
  readonly read: number;
}

export interface ShardOptions extends Omit<PrepareOptions, 'limit'> {
  readonly shard: Shard;
  /** Whether a file (its absolute path) is the shard's to read. */
  readonly owns: (file: string) => boolean;
}

/**
 * Reads the shard's part.
 *
 * @throws as `prepare`
 */
export async function prepareShard(options: ShardOptions): Promise<{ read: number; reused: number }> {
  const { listing, definition, out, shard, signal, reader } = options;
  checkListing(listing);
  const name = listing.name ?? definition.name;
  await refuseOther(out, name);
  const files = await findFiles(listing, signal);
  await onDisk(out, () => mkdir(out, { recursive: true }));
  const journal = await openJournal(path.join(out, `probe-${shardName(shard)}.jsonl`), reader);
  try {
    const own = [...files].filter(([file]) => options.owns(path.join(listing.root, file)));
    const { facts, read, reused } = await readFiles(own, journal, { ...options, ...listing });
    const done: Finished = { name, ...shard, listing: fingerprint(listing), reader, read: facts.size };
    const file = path.join(out, `shard-${shardName(shard)}.json`);
    const text = `${JSON.stringify(done, null, 2)}\n`;
    if ((await readFile(file, 'utf8').catch(() => '')) !== text) await writeFileAtomic(file, text);
    return { read, reused };
  } finally {
    await journal.close();
  }
}

/**
 * What an unsharded run would write, from the shards' journals; nothing is read again.
 *
 * @throws data error when a shard is missing or not finished, when shards are of different counts, listings or readers,
 *   when two say different things of one file, and when a file that is there was read by none
 */
export async function mergeShards(options: PrepareOptions): Promise<Prepared> {
  const { listing, definition, out, reader } = options;
  checkListing(listing);
  const shards = await finishedShards(out);
  const own = { name: listing.name ?? definition.name, listing: fingerprint(listing), reader };
  for (const shard of shards) {
    for (const [key, what] of [
      ['name', 'another data set'],
      ['listing', 'another listing: other annotation files were found'],
      ['reader', 'another reader'],
    ] as const) {
      if (shard[key] === own[key]) continue;
      throw dataError(`shard ${shard.index} of ${shard.count} is of ${what}: ${shard[key]}, not ${own[key]}`, {
        at: path.join(out, `shard-${shardName(shard)}.json`),
        remedy: `run it again, with --shard ${shard.index}/${shard.count}, with the same ffmpeg and files everywhere`,
      });
    }
  }
  const files = await findFiles(listing, options.signal);
  const readings = await readingsOf(out, shards, files);
  // The journal of the whole, in listed order: what follows reads nothing, and neither does a later run.
  const journal = await openJournal(path.join(out, 'probe.jsonl'), reader);
  try {
    for (const [file, found] of files) {
      const facts = readings.get(file);
      if (facts !== undefined && !('verdict' in found) && journal.find(file, found) === undefined) {
        await journal.append(file, found, facts);
      }
    }
  } finally {
    await journal.close();
  }
  const merged = await prepare({
    ...options,
    probe: async (file) => {
      throw unread(shards, file);
    },
  });
  return { ...merged, read: 0, reused: merged.read + merged.reused };
}

function unread(shards: readonly Shard[], file: string): Error {
  const count = shards.length;
  const by = shards.find((shard) => takesByName(file, shard)) as Shard;
  return dataError('no shard has read this file, or it has changed since', {
    at: file,
    remedy:
      `run the shards again; they read what is new: by its name it is for --shard ${by.index}/${count}, ` +
      'where it is from an archive, for the shard that unpacks that',
  });
}

/** What the shards read of each listed file, in the state that it is in. */
async function readingsOf(
  out: string,
  shards: readonly Finished[],
  files: Awaited<ReturnType<typeof findFiles>>,
): Promise<Map<string, VideoFacts>> {
  const readings = new Map<string, VideoFacts>();
  for (const shard of shards) {
    const file = path.join(out, `probe-${shardName(shard)}.jsonl`);
    if (!(await isThere(file)) && shard.read > 0) {
      throw dataError(`the journal of shard ${shard.index} of ${shard.count} is missing`, {
        at: file,
        remedy: `run it again, with --shard ${shard.index}/${shard.count}`,
      });
    }
    const journal = await openJournal(file, shard.reader);
    try {
      for (const [name, found] of files) {
        if ('verdict' in found) continue;
        const facts = journal.find(name, found);
        const before = readings.get(name);
        if (facts === undefined) continue;
        if (before !== undefined && JSON.stringify(before) !== JSON.stringify(facts)) {
          throw dataError(`two shards read this file, and found different things`, {
            at: `${name}, ${path.basename(file)}`,
            remedy: 'see whether the disk or a machine fails; remove the shards’ files and run them again',
          });
        }
        readings.set(name, facts);
      }
    } finally {
      await journal.close();
    }
  }
  return readings;
}

/** What the shards in `out` say of themselves. @throws data error when there is none, or not all of them are finished */
export async function finishedShards(out: string): Promise<Finished[]> {
  const names = await readdir(out).catch((error: unknown): string[] => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  const counts = new Set<number>();
  for (const name of names) {
    const [, , count] = /^(shard|probe|unpack)-\d+-of-(\d+)\.jsonl?$/.exec(name) ?? [];
    if (count !== undefined) counts.add(Number(count));
  }
  const [count, ...others] = [...counts].sort((a, b) => a - b);
  if (count === undefined) {
    throw dataError('no shard was prepared here', {
      at: out,
      remedy: 'run petl-video prepare with --shard 1/n to n/n first, with the same --out',
    });
  }
  if (others.length > 0) {
    throw dataError(`there are shards of different counts here: of ${[count, ...others].join(' and of ')}`, {
      at: out,
      remedy: 'remove the files *-of-… of those that you do not mean, and merge again',
    });
  }
  const shards = Array.from({ length: count }, (_, i): Shard => ({ index: i + 1, count }));
  const missing = shards.filter((shard) => !names.includes(`shard-${shardName(shard)}.json`));
  if (missing.length > 0) {
    const which = missing.map(({ index }) => `${index}/${count}`);
    throw dataError(`${missing.length === 1 ? 'a shard is' : 'shards are'} not finished: ${which.join(', ')}`, {
      at: out,
      remedy: `run ${which.map((one) => `--shard ${one}`).join(', ')}, to the end, then merge`,
    });
  }
  return await Promise.all(
    shards.map(async (shard) => {
      const file = path.join(out, `shard-${shardName(shard)}.json`);
      try {
        return { ...(JSON.parse(await readFile(file, 'utf8')) as Finished), ...shard };
      } catch (error) {
        throw dataError(`cannot be read: ${messageOf(error)}`, {
          at: file,
          remedy: `run --shard ${shard.index}/${count} again`,
          cause: error,
        });
      }
    }),
  );
}

async function isThere(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined;
}

/** Of what the annotation says, not of what is on the disk. */
function fingerprint({ classes, splits }: Listing): string {
  const hash = createHash('sha256').update(JSON.stringify(classes));
  for (const { name, fold, entries } of splits) {
    hash.update(`\n${name} ${fold ?? ''}`);
    for (const { id, label } of entries) hash.update(`\n${JSON.stringify(id)} ${label}`);
  }
  return hash.digest('hex').slice(0, 16);
}
