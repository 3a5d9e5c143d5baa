/** Reading parts of a large file by position, with every position checked against the file's size. */
import { type FileHandle, open } from 'node:fs/promises';
import { codeOf, type dataError } from '../errors/index.ts';

/** Which kind of error a damaged file is: `weightsError` for a checkpoint, `environmentError` for a wheel, … */
export type Fault = typeof dataError;

/** One `read(2)` cannot give more than 2 GiB - 1. */
const LARGEST_READ = 1 << 30;

export interface RandomAccess {
  readonly file: string;
  /** Bytes of the file when it was opened. */
  readonly size: number;
  /** Exactly `length` bytes from `position` on, in memory of their own (offset 0, so that typed arrays can be laid on them). */
  read(position: number, length: number): Promise<Buffer<ArrayBuffer>>;
  close(): Promise<void>;
}

/** Opens `file` for reading. @throws `fault` when it is missing, unreadable or a folder, or ends before what is read. */
export async function openRandomAccess(file: string, fault: Fault): Promise<RandomAccess> {
  const handle = await openOrExplain(file, fault);
  const stat = await handle.stat();
  if (!stat.isFile()) {
    await handle.close();
    throw fault(stat.isDirectory() ? 'this is a folder, not a file' : 'this is not a regular file', { at: file });
  }
  return {
    file,
    size: stat.size,
    read: async (position, length) => {
      if (!(position >= 0 && length >= 0 && position + length <= stat.size)) {
        throw fault(`the file is truncated: ${length} bytes wanted at ${position}, but it ends at ${stat.size} bytes`, {
          at: file,
          remedy: 'fetch or copy the file again',
        });
      }
      const bytes = Buffer.from(new ArrayBuffer(length));
      for (let done = 0; done < length; ) {
        const part = await handle.read(bytes, done, Math.min(length - done, LARGEST_READ), position + done);
        if (part.bytesRead === 0) throw fault('the file became shorter while it was read', { at: file });
        done += part.bytesRead;
      }
      return bytes;
    },
    close: () => handle.close(),
  };
}

async function openOrExplain(file: string, fault: Fault): Promise<FileHandle> {
  try {
    return await open(file, 'r');
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw fault('the file does not exist', { at: file, remedy: 'check the path', cause: error });
    }
    if (code === 'EACCES' || code === 'EPERM') {
      throw fault('no permission to read the file', { at: file, remedy: 'check its owner and mode', cause: error });
    }
    throw error;
  }
}
