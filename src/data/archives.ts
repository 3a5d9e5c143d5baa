/** Which files below a source folder are a data set's archives, and how the parts of one belong together. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { dataError } from '../errors/index.ts';
import type { Archive, Part } from '../formats/archive/archive.ts';
import { openZip } from '../formats/zip.ts';
import { byNaturalOrder } from './natural-order.ts';
import type { SourceFiles } from './source-files.ts';

/** What a data set says of the archives that its makers give out: patterns of file names or paths, so that no other is touched. */
export interface ArchiveRules {
  readonly videos: readonly RegExp[];
  readonly annotations: readonly RegExp[];
  /** What the archives in `videos` hold, where that is not videos. */
  readonly media?: 'images';
  /** One stream cut into `count` files, which may lie in zips: the first group of `name` is the number, from 0. */
  readonly parts?: { readonly name: RegExp; readonly count: number; readonly zips: RegExp };
  /** Members that are archives of videos themselves. */
  readonly nested?: RegExp;
  /** For people: `hmdb51_org.rar and test_train_splits.rar`. */
  readonly names: string;
}

export interface FoundArchive {
  /** Path relative to the folder it was found in; of parts, that of the first. */
  readonly name: string;
  readonly holds: 'videos' | 'annotations';
  readonly archive: Archive;
  /** Bytes of all its files, and the last change of any: an archive is the same while these are. */
  readonly size: number;
  readonly mtimeMs: number;
  /** Where it lies, relative to the folder it was found in; its members go to a folder of that name. */
  readonly folder: string;
}

/**
 * The archives of the data set, in natural order of their names.
 *
 * @throws data error when some of the parts of one stream are there and others are not
 */
export async function findArchives(source: SourceFiles, rules: ArchiveRules): Promise<FoundArchive[]> {
  const found: FoundArchive[] = [];
  const parts = new Map<number, Part>();
  for (const file of source.files) {
    const name = path.posix.basename(file);
    const number = rules.parts?.name.exec(name)?.[1];
    const matches = (patterns: readonly RegExp[]) =>
      patterns.some((pattern) => pattern.test(name) || pattern.test(file));
    if (number !== undefined) parts.set(Number(number), { file: path.join(source.root, file) });
    else if (matches(rules.annotations)) found.push(await whole(source, file, 'annotations'));
    else if (matches(rules.videos)) found.push(await whole(source, file, 'videos'));
    else if (rules.parts?.zips.test(name)) await partsInside(path.join(source.root, file), rules.parts.name, parts);
  }
  if (parts.size > 0) found.push(await joined(source, parts, (rules.parts as { count: number }).count));
  return found.sort((a, b) => byNaturalOrder(a.name, b.name));
}

async function whole(source: SourceFiles, file: string, holds: FoundArchive['holds']): Promise<FoundArchive> {
  const absolute = path.join(source.root, file);
  const { size, mtimeMs } = await stat(absolute);
  return { name: file, holds, archive: { parts: [{ file: absolute }] }, size, mtimeMs, folder: folderOf(file) };
}

const folderOf = (file: string): string => (file.includes('/') ? path.posix.dirname(file) : '');

/** A part that lies unpacked wins over one in a zip. */
async function partsInside(zipFile: string, name: RegExp, parts: Map<number, Part>): Promise<void> {
  const zip = await openZip(zipFile);
  try {
    for (const { name: inside } of zip.entries.values()) {
      const number = name.exec(path.posix.basename(inside))?.[1];
      if (number !== undefined && !parts.has(Number(number))) parts.set(Number(number), { file: zipFile, inside });
    }
  } finally {
    await zip.close();
  }
}

async function joined(source: SourceFiles, parts: ReadonlyMap<number, Part>, count: number): Promise<FoundArchive> {
  const numbers = Array.from({ length: count }, (_, i) => i);
  const missing = numbers.filter((number) => !parts.has(number));
  if (missing.length > 0) {
    throw dataError(
      `the videos are one archive in ${count} parts, and ${missing.length === 1 ? 'one is' : `${missing.length} are`} missing: ${missing.map((number) => String(number).padStart(2, '0')).join(', ')}`,
      {
        at: source.root,
        remedy: 'put all parts below one folder; or, where the videos are unpacked already, give --no-unpack',
      },
    );
  }
  const ordered = numbers.map((number) => parts.get(number) as Part);
  const states = await Promise.all([...new Set(ordered.map(({ file }) => file))].map((file) => stat(file)));
  const first = path
    .relative(source.root, (ordered[0] as Part).file)
    .split(path.sep)
    .join('/');
  return {
    name: first,
    holds: 'videos',
    archive: { parts: ordered },
    size: states.reduce((sum, { size }) => sum + size, 0),
    mtimeMs: Math.max(...states.map(({ mtimeMs }) => mtimeMs)),
    folder: folderOf(first),
  };
}
