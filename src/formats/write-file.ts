/**
 * Writing a file so that it is there whole or not at all: a temporary file in the same folder, fsync, rename.
 * A process killed in between leaves the old file as it was, and at most a `.tmp` beside it.
 */
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, environmentError } from '../errors/index.ts';

export type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Writes `data` (text as UTF-8, bytes, or chunks that may be made while writing) to `file`. The folder must exist.
 * When `signal` aborts or the chunks throw, their reason is thrown on and nothing is left behind.
 *
 * @throws environment error when the system refuses: disk full, folder missing, no permission.
 */
export async function writeFileAtomic(
  file: string,
  data: string | Uint8Array | Chunks,
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${randomBytes(6).toString('hex')}.tmp`);
  const chunks = typeof data === 'string' ? [Buffer.from(data)] : data instanceof Uint8Array ? [data] : data;
  const handle = await onDisk(file, () => open(temporary, 'wx'));
  try {
    try {
      for await (const chunk of chunks) {
        options.signal?.throwIfAborted();
        // FileHandle.writeFile goes on from the current position and repeats short writes.
        await onDisk(file, () => handle.writeFile(chunk));
      }
      await onDisk(file, () => handle.sync());
    } finally {
      await handle.close();
    }
    options.signal?.throwIfAborted();
    await onDisk(file, () => rename(temporary, file));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

const REFUSALS: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  ENOSPC: ['the disk is full', 'free some space, or write to another disk'],
  EDQUOT: ['the disk quota is used up', 'free some space, or write to another disk'],
  EFBIG: ['the file is larger than the file system or its limit allows', 'write to another disk, or raise the limit'],
  ENOENT: ['the folder does not exist', 'create the folder, or choose another'],
  ENOTDIR: ['a part of the path is a file, not a folder', 'choose another path'],
  EISDIR: ['there is a folder of that name', 'choose another name'],
  EACCES: ['permission denied', 'choose a folder you may write to'],
  EPERM: ['permission denied', 'choose a folder you may write to'],
  EROFS: ['the file system is read-only', 'choose a folder on another one'],
};

/** Does one system call for `file`; what the system refuses becomes an error that names the file and the way out. */
export async function onDisk<T>(file: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const refusal = REFUSALS[codeOf(error) ?? ''];
    if (refusal === undefined) throw error;
    const [what, remedy] = refusal;
    throw environmentError(`cannot write the file: ${what}`, { at: file, remedy, cause: error });
  }
}
