/**
 * Random access to zip archives (PKWARE APPNOTE 6.3): stored and deflated entries, zip64, CRC-32 always checked.
 * Written for two kinds of file: torch checkpoints (stored, tensors read in parts) and Python wheels (deflated, single
 * members of 800 MB, streamed to disk). Sizes and offsets are checked against the file before anything is allocated.
 */
import { promisify } from 'node:util';
import { createInflateRaw, inflateRaw } from 'node:zlib';
import { dataError } from '../errors/index.ts';
import { crc32 } from './crc32.ts';
import { type Fault, openRandomAccess, type RandomAccess } from './random-access.ts';
import { isZlibError, transformed } from './transform.ts';
import { writeFileAtomic } from './write-file.ts';
import { readDirectory, type ZipEntry } from './zip-directory.ts';

export type { ZipEntry } from './zip-directory.ts';

export interface ExtractOptions {
  readonly signal?: AbortSignal;
  /** Called after each chunk with the unpacked bytes written so far. */
  readonly onBytes?: (done: number) => void;
}

export interface Zip {
  readonly file: string;
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /** A whole entry, unpacked and checked. For entries of up to 1 GiB; larger ones are for `extract`. */
  read(name: string): Promise<Buffer>;
  /** `length` bytes of a stored entry from `start` on. No checksum covers a part. */
  readRange(name: string, start: number, length: number): Promise<Buffer<ArrayBuffer>>;
  /** A whole entry, unpacked, chunk by chunk; throws at its end where size or checksum are wrong. */
  chunks(name: string): AsyncGenerator<Buffer>;
  /** Streams an entry to a file, checked; `toFile` appears only when all of it is good. Its folder must exist. */
  extract(name: string, toFile: string, options?: ExtractOptions): Promise<void>;
  close(): Promise<void>;
}

const LARGEST_IN_MEMORY = 2 ** 30;
const CHUNK = 1 << 20;

/**
 * Opens a zip archive and reads its directory.
 *
 * @param options.fault the kind of error that a damaged archive is (default: data)
 * @throws `fault` when the file is no zip archive, is truncated, or uses what is not supported (encryption, disks)
 */
export async function openZip(file: string, options: { readonly fault?: Fault } = {}): Promise<Zip> {
  const fault = options.fault ?? dataError;
  const source = await openRandomAccess(file, fault);
  try {
    return zipOf(source, await readDirectory(source, fault), fault);
  } catch (error) {
    await source.close();
    throw error;
  }
}

function zipOf(source: RandomAccess, entries: ReadonlyMap<string, ZipEntry>, fault: Fault): Zip {
  const { file } = source;
  const find = (name: string): ZipEntry => {
    const entry = entries.get(name);
    if (entry === undefined) throw fault(`the archive has no entry '${name}'`, { at: file });
    if (entry.encrypted) throw fault(`the archive's entry '${name}' is encrypted`, { at: file });
    if (entry.method === 'unsupported') {
      throw fault(`the archive's entry '${name}' is compressed in a way that is not supported`, { at: file });
    }
    return entry;
  };
  const damaged = (name: string, why: string, cause?: unknown) =>
    fault(`the archive's entry '${name}' is damaged: ${why}`, {
      at: file,
      remedy: 'fetch or copy the file again',
      cause,
    });
  const check = (entry: ZipEntry, size: number, crc: number): void => {
    if (size !== entry.size) throw damaged(entry.name, `${size} bytes where ${entry.size} are promised`);
    if (crc !== entry.crc32) throw damaged(entry.name, 'its checksum does not match');
  };

  /** Where the entry's bytes begin: the local header repeats the name and has an extra field of its own length. */
  const dataOffset = async (entry: ZipEntry): Promise<number> => {
    const header = await source.read(entry.headerOffset, 30);
    if (header.readUInt32LE(0) !== 0x04034b50) throw damaged(entry.name, 'its header is not where it should be');
    return entry.headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  };

  async function* packed(entry: ZipEntry): AsyncGenerator<Buffer> {
    const start = await dataOffset(entry);
    for (let done = 0; done < entry.packedSize; done += CHUNK) {
      yield await source.read(start + done, Math.min(CHUNK, entry.packedSize - done));
    }
  }

  async function* inflated(entry: ZipEntry): AsyncGenerator<Buffer> {
    try {
      yield* transformed(createInflateRaw({ chunkSize: CHUNK }), packed(entry));
    } catch (error) {
      throw isZlibError(error) ? damaged(entry.name, 'it does not unpack', error) : error;
    }
  }

  async function* checked(entry: ZipEntry, onBytes?: (done: number) => void): AsyncGenerator<Buffer> {
    let done = 0;
    let crc = 0;
    for await (const chunk of entry.method === 'stored' ? packed(entry) : inflated(entry)) {
      done += chunk.length;
      if (done > entry.size) throw damaged(entry.name, `it unpacks to more than the ${entry.size} bytes promised`);
      crc = crc32(chunk, crc);
      yield chunk;
      onBytes?.(done);
    }
    check(entry, done, crc);
  }

  return {
    file,
    entries,
    read: async (name) => {
      const entry = find(name);
      if (entry.size > LARGEST_IN_MEMORY) {
        throw fault(`the archive's entry '${name}' is too large to hold in memory: ${entry.size} bytes`, { at: file });
      }
      let bytes: Buffer = await source.read(await dataOffset(entry), entry.packedSize);
      if (entry.method === 'deflated') {
        try {
          bytes = await promisify(inflateRaw)(bytes, { maxOutputLength: Math.max(1, entry.size) });
        } catch (error) {
          throw damaged(name, 'it does not unpack', error);
        }
      }
      check(entry, bytes.length, crc32(bytes));
      return bytes;
    },
    readRange: async (name, start, length) => {
      const entry = find(name);
      if (entry.method !== 'stored') throw fault(`the archive's entry '${name}' is compressed`, { at: file });
      if (!(start >= 0 && length >= 0 && start + length <= entry.size)) {
        throw damaged(name, `${length} bytes wanted at ${start}, but it has ${entry.size}`);
      }
      return source.read((await dataOffset(entry)) + start, length);
    },
    chunks: (name) => checked(find(name)),
    extract: async (name, toFile, { signal, onBytes } = {}) =>
      writeFileAtomic(toFile, checked(find(name), onBytes), signal === undefined ? {} : { signal }),
    close: () => source.close(),
  };
}
