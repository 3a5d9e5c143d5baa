/**
 * How a packed file holds a video (extension .mjpk), so that a clip costs what its windows cover.
 *
 * A frame is 8-bit luma and halved chroma (4:2:0, BT.601, limited range), cut into strips of 32 columns; a strip lies on
 * its side, 32 rows for its columns, each of `stride` bytes: luma from top to bottom, padded to a multiple of 8, then
 * chroma likewise, U in the first 16 rows and V in the others. As libjpeg works by rows, decoding some strips costs
 * their share, which cutting columns out of an upright JPEG does not; and neither colours nor chroma are converted before
 * the clip has its final size.
 *
 * A strip is the scan of a grey JPEG (jpeg-scan.ts) with a marker behind. Numbers are little-endian:
 *
 *   "PETLMJPK" | version u32 | bytes of this front u32 | CRC-32 of the front behind here u32
 *   | bytes of the facts u32 | bytes of the head u32 | facts, JSON | head of the JPEGs | table | strips
 *
 * The table has for each strip of each frame its bytes (u16) and their CRC-32 (u32).
 */
import { dataError } from '../../errors/index.ts';
import { crc32 } from '../../formats/crc32.ts';
import { STRIP_COLUMNS } from '../pixels/plane-resizer.ts';
import type { Size } from '../window.ts';

export const PACKED_EXTENSION = '.mjpk';
const MAGIC = 'PETLMJPK';
const VERSION = 1;
/** Bytes up to where the CRC begins, and up to the facts. */
const CHECKED_FROM = 20;
export const FIXED_BYTES = 28;
const TABLE_ENTRY = 6;
/** What a strip may have at most; at quality 100 a strip of noise 680 pixels high has less. */
export const LARGEST_STRIP = 65_535;
const MOST_FRONT_BYTES = 1 << 30;

export interface PackedFacts extends Size {
  readonly frames: number;
  /** As libjpeg has it, 1-100. */
  readonly quality: number;
  /** What the original was. */
  readonly original: Size & { readonly bytes: number; readonly fps: number };
}

export interface PackedLayout {
  readonly strips: number;
  /** Bytes of a row of memory: a column of the picture. */
  readonly stride: number;
  readonly chromaAt: number;
  /** Blocks of 8 x 8 in a strip. */
  readonly stripBlocks: number;
}

const toEight = (length: number): number => 8 * Math.ceil(length / 8);

export function layoutOf({ width, height }: Size): PackedLayout {
  const chromaAt = toEight(height);
  const stride = chromaAt + toEight(Math.ceil(height / 2));
  return {
    strips: Math.ceil(width / STRIP_COLUMNS),
    stride,
    chromaAt,
    stripBlocks: (stride / 8) * (STRIP_COLUMNS / 8),
  };
}

export interface PackedFront {
  readonly facts: PackedFacts;
  readonly head: Uint8Array;
  /** Of each strip of each frame. */
  readonly sizes: Uint16Array;
  readonly checksums: Uint32Array;
}

/** Bytes of the front, which are known before its table is. */
export function frontBytes(facts: PackedFacts, head: Uint8Array): number {
  return FIXED_BYTES + factsText(facts).length + head.length + facts.frames * layoutOf(facts).strips * TABLE_ENTRY;
}

const factsText = (facts: PackedFacts): Buffer => Buffer.from(JSON.stringify(facts));

export function writeFront({ facts, head, sizes, checksums }: PackedFront): Buffer {
  const text = factsText(facts);
  const front = Buffer.alloc(frontBytes(facts, head));
  front.write(MAGIC, 'latin1');
  front.writeUInt32LE(VERSION, 8);
  front.writeUInt32LE(front.length, 12);
  front.writeUInt32LE(text.length, 20);
  front.writeUInt32LE(head.length, 24);
  front.set(text, FIXED_BYTES);
  front.set(head, FIXED_BYTES + text.length);
  let at = FIXED_BYTES + text.length + head.length;
  for (const [i, size] of sizes.entries()) {
    front.writeUInt16LE(size, at);
    front.writeUInt32LE(checksums[i] as number, at + 2);
    at += TABLE_ENTRY;
  }
  front.writeUInt32LE(crc32(front.subarray(CHECKED_FROM)), 16);
  return front;
}

/** Bytes of the front of a file that begins with `start` (`FIXED_BYTES` of it). @throws data error where it is no packed file */
export function frontLength(start: Buffer, file: string): number {
  if (start.toString('latin1', 0, MAGIC.length) !== MAGIC) throw damaged('this is no packed video', file);
  const version = start.readUInt32LE(8);
  if (version !== VERSION) {
    throw dataError(`a packed video of version ${version}, where ${VERSION} is known`, {
      at: file,
      remedy: 'prepare the copies again with this version of petl-video',
    });
  }
  const length = start.readUInt32LE(12);
  if (length < FIXED_BYTES || length > MOST_FRONT_BYTES) throw damaged('the packed video is damaged: its size', file);
  return length;
}

/** @throws data error where it is damaged */
export function parseFront(front: Buffer, file: string): PackedFront {
  if (crc32(front.subarray(CHECKED_FROM)) !== front.readUInt32LE(16)) {
    throw damaged('the packed video is damaged: the checksum of its table', file);
  }
  const textEnd = FIXED_BYTES + front.readUInt32LE(20);
  const headEnd = textEnd + front.readUInt32LE(24);
  const facts = JSON.parse(front.toString('utf8', FIXED_BYTES, textEnd)) as PackedFacts;
  const entries = facts.frames * layoutOf(facts).strips;
  if (front.length !== headEnd + entries * TABLE_ENTRY) throw damaged('the packed video is damaged: its table', file);
  const sizes = new Uint16Array(entries);
  const checksums = new Uint32Array(entries);
  const view = new DataView(front.buffer, front.byteOffset + headEnd);
  for (let i = 0; i < entries; i++) {
    sizes[i] = view.getUint16(i * TABLE_ENTRY, true);
    checksums[i] = view.getUint32(i * TABLE_ENTRY + 2, true);
  }
  return { facts, head: front.subarray(textEnd, headEnd), sizes, checksums };
}

export function damaged(what: string, file: string): Error {
  return dataError(what, { at: file, remedy: 'remove the file and run petl-video prepare again' });
}
