/**
 * The cache folder of set-up, and how something gets into it.
 *
 *   <cache>/libtensorflow/2.21.0-cpu-linux-x64/    shared libraries and C headers
 *   <cache>/binding/4.22.0-2.21.0-cpu-linux-x64/   tfjs_binding.node
 *   <cache>/ffmpeg/imageio-0.7.0-linux-x64/        ffmpeg
 *   <cache>/downloads/                             wheels on their way (`.part`), removed once unpacked
 *   <cache>/staging/                               folders being filled
 *   <cache>/setup.lock
 *
 * A folder under the first three is published by one rename of a filled staging folder, so that it is whole or not
 * there. It holds `contents.json` with the size of every file, so that a file that was later cut or removed is noticed.
 */
import { mkdir, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, environmentError } from '../errors/index.ts';
import { writeFileAtomic } from '../formats/write-file.ts';

export interface Places {
  readonly downloads: string;
  readonly staging: string;
  readonly lock: string;
}

export function placesIn(cache: string): Places {
  return {
    downloads: path.join(cache, 'downloads'),
    staging: path.join(cache, 'staging'),
    lock: path.join(cache, 'setup.lock'),
  };
}

const CONTENTS = 'contents.json';
const STALE_PART_MS = 7 * 24 * 3600 * 1000;

/** Whether the folder was published and every file in it still has the size it had then. */
export async function isPublished(folder: string): Promise<boolean> {
  try {
    const contents: unknown = JSON.parse(await readFile(path.join(folder, CONTENTS), 'utf8'));
    if (typeof contents !== 'object' || contents === null) return false;
    const sizes = Object.entries(contents).map(
      async ([name, size]) => (await stat(path.join(folder, name))).size === size,
    );
    return (await Promise.all(sizes)).every(Boolean);
  } catch {
    return false;
  }
}

/** Makes `folder` appear with what `fill` writes into the folder it is given; nothing appears when it fails. */
export async function publish(cache: string, folder: string, fill: (staging: string) => Promise<void>): Promise<void> {
  await inStaging(cache, path.basename(folder), async (staging) => {
    await fill(staging);
    const sizes: Record<string, number> = {};
    for (const name of await filesUnder(staging)) sizes[name] = (await stat(path.join(staging, name))).size;
    await writeFileAtomic(path.join(staging, CONTENTS), `${JSON.stringify(sizes, null, 1)}\n`);
    await mkdir(path.dirname(folder), { recursive: true });
    // What stands there is not whole, or the caller would not publish again.
    await rm(folder, { recursive: true, force: true });
    await rename(staging, folder);
  });
}

/** Runs `work` with an empty folder on the cache's disk, and removes it afterwards. */
export async function inStaging<T>(cache: string, name: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = path.join(placesIn(cache).staging, `${name}-${process.pid}`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Removes what interrupted set-ups left: half-filled folders, and downloads nobody resumed for a week. */
export async function removeLeftovers(cache: string): Promise<void> {
  const { staging, downloads } = placesIn(cache);
  await rm(staging, { recursive: true, force: true });
  for (const name of await readdir(downloads).catch(() => [])) {
    const file = path.join(downloads, name);
    const { mtimeMs } = await stat(file);
    if (name.includes('.part') && Date.now() - mtimeMs > STALE_PART_MS) await rm(file, { force: true });
  }
}

/** Creates the cache folder. @throws environment error when it cannot be written to */
export async function openCache(cache: string): Promise<void> {
  try {
    await mkdir(placesIn(cache).downloads, { recursive: true });
  } catch (error) {
    throw environmentError(`the cache folder cannot be made (${codeOf(error) ?? 'unknown reason'})`, {
      at: cache,
      remedy: 'set PETL_VIDEO_CACHE to a folder you may write to',
      cause: error,
    });
  }
}

/** Bytes free on the disk that holds `folder`, or will hold it; undefined where the system does not say. */
export async function freeBytes(folder: string): Promise<number | undefined> {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    try {
      const { bavail, bsize } = await statfs(at);
      return bavail * bsize;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || at === path.dirname(at)) return undefined;
    }
  }
}

/** @throws environment error when fewer than `bytes` are free on the cache's disk */
export async function requireSpace(cache: string, bytes: number, purpose: string): Promise<void> {
  const free = await freeBytes(cache);
  if (free === undefined || free >= bytes) return;
  throw environmentError(
    `the disk is too full for ${purpose}: ${inMegabytes(bytes)} needed, ${inMegabytes(free)} free`,
    {
      at: cache,
      remedy: 'free some space, or set PETL_VIDEO_CACHE to a folder on another disk',
    },
  );
}

/** Decimal megabytes, as disks and downloads are sold: `274 MB`. */
export function inMegabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}

async function filesUnder(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)).replaceAll('\\', '/'));
}
