/** One pinned wheel from the package index: found, downloaded, opened, and removed when its use is over. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { environmentError } from '../errors/index.ts';
import { openZip, type Zip } from '../formats/zip.ts';
import { openCache, placesIn, requireSpace } from './cache.ts';
import { download, hasDigest } from './download.ts';
import { byteProgress, type Listener } from './listener.ts';
import { findFile, headersFor, parseIndex } from './python-index.ts';
import type { Wheel } from './wheels.ts';

export interface Source {
  readonly cache: string;
  /** Address of the package index, as in `PIP_INDEX_URL`. */
  readonly packageIndex: string;
  readonly listener: Listener;
  readonly signal: AbortSignal;
}

/**
 * Runs `use` with the wheel opened. A wheel that somebody put into `<cache>/downloads` by hand is taken from there,
 * which is the way for machines without a network.
 */
export async function withWheel<T>(wheel: Wheel, source: Source, use: (zip: Zip) => Promise<T>): Promise<T> {
  const { cache, signal } = source;
  await openCache(cache);
  await requireSpace(cache, wheel.bytes + wheel.unpacked, wheel.project);
  const file = path.join(placesIn(cache).downloads, wheel.name);
  if (!(await hasDigest(file, wheel.sha256, signal))) await fetchWheel(wheel, file, source);
  const zip = await openZip(file, { fault: environmentError });
  let result: T;
  try {
    result = await use(zip);
  } finally {
    await zip.close();
  }
  // Kept when its use failed or was interrupted: the next try then starts with it.
  await rm(file, { force: true });
  return result;
}

async function fetchWheel(wheel: Wheel, file: string, source: Source): Promise<void> {
  const { signal, listener } = source;
  const index = parseIndex(source.packageIndex);
  const { url } = await findFile(index, wheel.project, wheel.name, wheel.sha256, { signal });
  const progress = byteProgress(listener, `downloading ${wheel.project}`, wheel.bytes);
  try {
    const onBytes = (done: number): void => progress.update(done);
    await download({ url, headers: headersFor(index, url), file, sha256: wheel.sha256, signal, onBytes });
  } finally {
    progress.end();
  }
}
