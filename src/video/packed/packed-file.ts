/** Reading strips of frames out of a packed file and decoding them: only the bytes that are needed, each checked. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { codeOf, dataError, messageOf } from '../../errors/index.ts';
import { crc32 } from '../../formats/crc32.ts';
import { STRIP_COLUMNS } from '../pixels/plane-resizer.ts';
import { END, FIRST_RESTART, headFor, MARKER_BYTES } from './jpeg-scan.ts';
import type { JpegTurbo } from './jpeg-turbo.ts';
import {
  damaged,
  FIXED_BYTES,
  frontLength,
  layoutOf,
  type PackedFacts,
  type PackedLayout,
  parseFront,
} from './layout.ts';

/** What is read at once at first; the fronts of short videos lie within it. */
const FIRST_READ = 8192;

export interface Strips {
  readonly first: number;
  readonly count: number;
}

export interface FramePart {
  readonly frame: number;
  readonly strips: Strips;
}

export interface PackedFile {
  readonly facts: PackedFacts;
  readonly layout: PackedLayout;
  /**
   * Decodes strips of frames, one behind the other, to the start of `into`: `STRIP_COLUMNS` rows each. At most 65,500 rows at
   * once. @throws data error where they are damaged
   */
  decode(jpegTurbo: JpegTurbo, parts: readonly FramePart[], into: Buffer): void;
  close(): void;
}

/**
 * Reads are synchronous: each is a few microseconds from the page cache, where a promise costs ten times that.
 *
 * @throws data error where the file is missing, no packed video, cut or damaged
 */
export function openPacked(file: string): PackedFile {
  const descriptor = openOrExplain(file);
  try {
    return readFront(descriptor, file);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function openOrExplain(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (error) {
    throw dataError(codeOf(error) === 'ENOENT' ? 'the file is missing' : `the file cannot be read (${codeOf(error)})`, {
      at: file,
      cause: error,
    });
  }
}

function readFront(descriptor: number, file: string): PackedFile {
  const { size } = fstatSync(descriptor);
  if (size < FIXED_BYTES) throw damaged(size === 0 ? 'the file is empty' : 'this is no packed video', file);
  const start = Buffer.allocUnsafe(Math.min(FIRST_READ, size));
  readExactly(descriptor, start, 0, file);
  const length = frontLength(start, file);
  if (length > size) throw damaged('the packed video is cut off', file);
  let front = start.subarray(0, length);
  if (length > start.length) {
    front = Buffer.allocUnsafe(length);
    front.set(start);
    readExactly(descriptor, front.subarray(start.length), start.length, file);
  }
  const { facts, head, sizes, checksums } = parseFront(front, file);
  const layout = layoutOf(facts);
  const offsets = new Float64Array(sizes.length + 1);
  offsets[0] = length;
  for (const [i, bytes] of sizes.entries()) offsets[i + 1] = (offsets[i] as number) + bytes + MARKER_BYTES;
  if (offsets[sizes.length] !== size) throw damaged('the packed video is cut off, or has too much', file);

  const { head: jpegHead, heightAt } = headFor(head, layout.stripBlocks);
  let jpeg: Buffer = Buffer.alloc(0);

  return {
    facts,
    layout,
    decode(jpegTurbo, parts, into) {
      const rangeOf = ({ frame, strips }: FramePart): [from: number, to: number] => {
        const from = frame * layout.strips + strips.first;
        return [from, from + strips.count];
      };
      let end = jpegHead.length;
      for (const [from, to] of parts.map(rangeOf)) end += (offsets[to] as number) - (offsets[from] as number);
      if (jpeg.length < end) {
        jpeg = Buffer.allocUnsafe(Math.ceil(1.5 * end));
        jpeg.set(jpegHead);
      }
      let at = jpegHead.length;
      let strips = 0;
      for (const part of parts) {
        const [from, to] = rangeOf(part);
        const position = offsets[from] as number;
        readExactly(descriptor, jpeg.subarray(at, at + (offsets[to] as number) - position), position, file);
        for (let i = from; i < to; i++) {
          const bytes = sizes[i] as number;
          if (crc32(jpeg.subarray(at, at + bytes)) !== checksums[i]) {
            throw damaged(`frame ${part.frame} of the packed video is damaged`, file);
          }
          at += bytes;
          jpeg[at] = 0xff;
          jpeg[at + 1] = FIRST_RESTART + (strips++ % 8);
          at += MARKER_BYTES;
        }
      }
      jpeg[at - 1] = END;
      const height = strips * STRIP_COLUMNS;
      jpeg.writeUInt16BE(height, heightAt);
      const which = parts.map(({ frame }) => frame).join(', ');
      try {
        const made = jpegTurbo.decode(jpeg.subarray(0, at), into);
        if (made.width === layout.stride && made.height === height) return;
      } catch (error) {
        throw damaged(`frames ${which} of the packed video do not decode: ${messageOf(error)}`, file);
      }
      throw damaged(`frames ${which} of the packed video have another size`, file);
    },
    close: () => closeSync(descriptor),
  };
}

function readExactly(descriptor: number, into: Uint8Array, position: number, file: string): void {
  for (let done = 0; done < into.length; ) {
    const read = readSync(descriptor, into, done, into.length - done, position + done);
    if (read === 0) throw damaged('the packed video became shorter while it was read', file);
    done += read;
  }
}
