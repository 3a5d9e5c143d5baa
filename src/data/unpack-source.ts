/** The archives of a data set, unpacked before its files are listed: for one process, or for one shard of several. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { Interrupted } from '../errors/index.ts';
import type { ArchiveRules, FoundArchive } from './archives.ts';
import { byNaturalOrder } from './natural-order.ts';
import type { PrepareOptions } from './prepare.ts';
import { openReadAhead } from './read-ahead.ts';
import { type Shard, shardName, takesByName } from './shards.ts';
import type { SourceFiles } from './source-files.ts';
import { taskOf, type Unpacked, type UnpackOptions, unpack } from './unpack.ts';
import { openUnpackJournal, readUnpacked } from './unpack-journal.ts';

export interface SourceArchives {
  readonly archives: readonly FoundArchive[];
  readonly rules: Pick<ArchiveRules, 'nested' | 'media'>;
  readonly source: SourceFiles;
  readonly videos: string;
  readonly annotations: string;
  readonly out: string;
  readonly shard?: Shard | undefined;
  readonly signal: AbortSignal;
  readonly onProgress?: UnpackOptions['onProgress'];
  readonly freeSpace?: UnpackOptions['freeSpace'];
  /** Reads videos as they come; absent, they are read later. `root` is what the paths in the journal are relative to. */
  readonly reading?: Pick<PrepareOptions, 'probe' | 'reader' | 'jobs'> & { readonly root: string };
}

const journalName = (kind: 'unpack' | 'probe', shard: Shard | undefined): string =>
  shard === undefined ? `${kind}.jsonl` : `${kind}-${shardName(shard)}.jsonl`;

/** Enough archives to go round: each is then opened by one shard alone. */
const goRound = (archives: readonly FoundArchive[], { count }: Shard): boolean =>
  archives.filter(({ holds }) => holds === 'videos').length >= count;

/** The archives that the shard opens: all lists, and of the videos its own, or all, to take its share out of each. */
function archivesOf(archives: readonly FoundArchive[], shard: Shard | undefined): readonly FoundArchive[] {
  if (shard === undefined || !goRound(archives, shard)) return archives;
  const videos = archives.filter(({ holds }) => holds === 'videos');
  return archives.filter((one) => one.holds === 'annotations' || videos.indexOf(one) % shard.count === shard.index - 1);
}

/** @throws as `unpack`; `Interrupted` on the signal, what was unpacked being kept */
export async function unpackSource(options: SourceArchives): Promise<Unpacked & { readonly read: number }> {
  const { archives, shard, out, signal, reading } = options;
  const byName = shard !== undefined && !goRound(archives, shard);
  const ahead =
    reading === undefined || archives.length === 0
      ? undefined
      : await openReadAhead({ ...reading, signal, journal: path.join(out, journalName('probe', shard)) });
  let unpacked: Unpacked | undefined;
  let read = 0;
  try {
    unpacked = await unpack({
      ...options,
      archives: archivesOf(archives, shard),
      journal: path.join(out, journalName('unpack', shard)),
      unfinished: `.unfinished-unpack${shard === undefined ? '' : `-${shardName(shard)}`}`,
      takes: byName ? (file) => takesByName(file, shard) : undefined,
      share: byName ? 1 / shard.count : 1,
      onVideo: ahead?.offer,
    });
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
    throw new Interrupted('stopped while unpacking; what is whole is kept: the same command goes on from there');
  } finally {
    read = (await ahead?.end()) ?? 0;
  }
  return { ...unpacked, read };
}

/**
 * Which files are the shard's to read, by absolute path: what it unpacked where the archives go round, and whatever else is
 * there by name.
 */
export async function ownedBy({
  archives,
  shard,
  videos,
  out,
}: SourceArchives & { shard: Shard }): Promise<(file: string) => boolean> {
  const byName = (file: string): boolean => takesByName(file, shard);
  if (!goRound(archives, shard)) return byName;
  const known = await readUnpacked(path.join(out, journalName('unpack', shard)));
  const own = new Set(
    archivesOf(archives, shard).flatMap((one) => [...(known.get(taskOf(one).state.archive)?.files.keys() ?? [])]),
  );
  const unpacked = path.resolve(videos) + path.sep;
  return (file) => own.has(file) || (!file.startsWith(unpacked) && byName(file));
}

/** Makes one journal of what the shards unpacked, so that a later run without shards opens no archive again. */
export async function mergeUnpacked(out: string): Promise<void> {
  const file = path.join(out, journalName('unpack', undefined));
  let known = await readUnpacked(file);
  const journals = (await readdir(out)).filter((name) => /^unpack-\d+-of-\d+\.jsonl$/.test(name));
  for (const name of journals.sort(byNaturalOrder)) known = await readUnpacked(path.join(out, name), known);
  const journal = await openUnpackJournal(file);
  try {
    for (const { archive, size, mtimeMs, files } of known.values()) {
      for (const [name, bytes] of files) await journal.member({ archive, size, mtimeMs }, name, bytes);
      if (known.get(archive)?.done !== undefined) await journal.done({ archive, size, mtimeMs });
    }
  } finally {
    await journal.close();
  }
}
