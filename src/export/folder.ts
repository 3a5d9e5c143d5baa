/** A folder that is there whole or not at all: written beside its place under another name, and renamed when all is well. */
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, usageError } from '../errors/index.ts';
import { onDisk } from '../formats/write-file.ts';
import { isMetadata, METADATA_FILE } from './metadata.ts';

/**
 * @param write fills the folder that it is given; what it throws is thrown on, and nothing is left behind
 * @throws PetlVideoError (usage) when something else than an earlier export is in the place; (environment) when the system
 *   refuses
 */
export async function writeFolder<T>(folder: string, write: (unfinished: string) => Promise<T>): Promise<T> {
  await requireOwn(folder);
  const place = path.resolve(folder);
  const beside = (mark: string): string => path.join(path.dirname(place), `.${mark}-${path.basename(place)}`);
  const [unfinished, former] = [beside('unfinished'), beside('former')];
  await rm(unfinished, { recursive: true, force: true });
  try {
    await onDisk(folder, () => mkdir(unfinished, { recursive: true }));
    const result = await write(unfinished);
    await rm(former, { recursive: true, force: true });
    await rename(place, former).catch((error) => {
      if (codeOf(error) !== 'ENOENT') throw error;
    });
    await onDisk(folder, () => rename(unfinished, place));
    await rm(former, { recursive: true, force: true });
    return result;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function requireOwn(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error) => {
    if (codeOf(error) === 'ENOENT') return [];
    if (codeOf(error) === 'ENOTDIR') return [''];
    throw error;
  });
  if (names.length === 0) return;
  const text = await readFile(path.join(folder, METADATA_FILE), 'utf8').catch(() => '');
  if (isMetadata(text)) return;
  throw usageError('something else than an export is there', { at: folder, remedy: 'choose another --out' });
}
