/** What lies below a folder of downloaded files: found once, so that no data set guesses at paths. */
import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, dataError, Interrupted } from '../errors/index.ts';
import { byNaturalOrder } from './natural-order.ts';

const VIDEO = /\.(mp4|m4v|avi|webm|mkv|mov|mpg|mpeg)$/i;
const IMAGE = /\.(jpg|jpeg|png|webp|bmp|ppm|tif|tiff)$/i;

export const isVideoFile = (file: string): boolean => VIDEO.test(file);
export const isImageFile = (file: string): boolean => IMAGE.test(file);

/** The file's name without its folder and its last extension: `run/#20_a.b_1.avi` → `#20_a.b_1`. */
export function stemOf(file: string): string {
  const name = file.slice(file.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
}

export interface SourceFiles {
  /** Absolute. */
  readonly root: string;
  /** Relative to the root, with forward slashes, in natural order; hidden files and folders left out. */
  readonly files: readonly string[];
  /** All folders below the root, those without files too; written as the files are. */
  readonly folders: readonly string[];
}

/**
 * All files below `folder`, links followed.
 *
 * @throws data error when the folder does not exist or is a file.
 */
export async function scanFolder(folder: string, signal?: AbortSignal): Promise<SourceFiles> {
  const root = path.resolve(folder);
  const found = { root, files: [] as string[], folders: [] as string[] };
  await walk(found, '', [await realFolder(root)], signal);
  return found;
}

async function realFolder(root: string): Promise<string> {
  try {
    if ((await stat(root)).isDirectory()) return await realpath(root);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error;
    throw dataError('the folder does not exist', { at: root, remedy: 'check the path', cause: error });
  }
  throw dataError('this is a file, not a folder', { at: root, remedy: 'give the folder that holds the files' });
}

/** `above` holds the real paths of the folders on the way down: a link back to one of them is a loop. */
async function walk(
  found: { root: string; files: string[]; folders: string[] },
  below: string,
  above: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const { root } = found;
  if (signal?.aborted) throw new Interrupted(`stopped while looking through ${root}`);
  const entries = await readdir(path.join(root, below), { withFileTypes: true });
  entries.sort((a, b) => byNaturalOrder(a.name, b.name));
  for (const entry of entries) {
    if (entry.name.startsWith('.') || entry.name === '__MACOSX') continue;
    const file = below === '' ? entry.name : `${below}/${entry.name}`;
    const kind = await kindOf(entry, path.join(root, file));
    if (kind === 'file') found.files.push(file);
    if (kind !== 'folder') continue;
    found.folders.push(file);
    const real = await realpath(path.join(root, file));
    if (!above.includes(real)) await walk(found, file, [...above, real], signal);
  }
}

async function kindOf(entry: Dirent, file: string): Promise<'file' | 'folder' | undefined> {
  let target: Pick<Dirent, 'isFile' | 'isDirectory'> = entry;
  if (entry.isSymbolicLink()) {
    try {
      target = await stat(file);
    } catch {
      return undefined; // A link to nothing: its video will be reported as missing.
    }
  }
  return target.isFile() ? 'file' : target.isDirectory() ? 'folder' : undefined;
}
