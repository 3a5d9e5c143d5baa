/**
 * The directory at the end of a zip archive (PKWARE APPNOTE 6.3, sections 4.3.12-4.3.16 and 4.5.3):
 *
 *   local header + data, …   central directory   [zip64 end record, its locator]   end record (22 bytes + comment)
 */
import type { Fault, RandomAccess } from './random-access.ts';

export interface ZipEntry {
  readonly name: string;
  /** Bytes when unpacked. */
  readonly size: number;
  readonly packedSize: number;
  readonly crc32: number;
  readonly method: 'stored' | 'deflated' | 'unsupported';
  readonly encrypted: boolean;
  /** A symbolic link, written on a Unix: its content is where it leads. */
  readonly link: boolean;
  /** Position of the local header, before the data. */
  readonly headerOffset: number;
}

const END = 0x06054b50;
const END_SIZE = 22;
const LOCATOR64 = 0x07064b50;
const LOCATOR64_SIZE = 20;
const END64 = 0x06064b50;
const END64_SIZE = 56;
const CENTRAL = 0x02014b50;
const CENTRAL_SIZE = 46;
const MADE_ON_UNIX = 3;
const LARGEST_COMMENT = 0xffff;
/** 2 million entries with long names stay below; more is no file of ours. */
const LARGEST_DIRECTORY = 2 ** 28;
/** Deflate cannot pack tighter than 1032:1. */
const LARGEST_RATIO = 1032;

interface Place {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
}

/** Reads and checks the directory. @throws `fault` when the file is no zip archive or its directory is damaged */
export async function readDirectory(source: RandomAccess, fault: Fault): Promise<Map<string, ZipEntry>> {
  const broken = (why: string) =>
    fault(`the zip archive is damaged: ${why}`, { at: source.file, remedy: 'fetch or copy the file again' });
  const place = await findDirectory(source, fault);
  if (place.offset + place.size > source.size) throw broken('its directory lies outside the file');
  if (place.size > LARGEST_DIRECTORY) throw broken(`its directory claims ${place.size} bytes`);
  const bytes = await source.read(place.offset, place.size);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < place.count; i++) {
    if (at + CENTRAL_SIZE > bytes.length || bytes.readUInt32LE(at) !== CENTRAL) {
      throw broken(`its directory ends after ${i} of ${place.count} entries`);
    }
    const end =
      at + CENTRAL_SIZE + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    if (end > bytes.length) throw broken('an entry of its directory is cut off');
    const entry = parseEntry(bytes.subarray(at, end));
    if (entry === undefined) throw broken('an entry lacks its 64-bit sizes');
    if (entry.headerOffset + 30 + entry.packedSize > place.offset) {
      throw broken(`entry '${entry.name}' reaches beyond the data`);
    }
    const possible = entry.method === 'stored' ? entry.packedSize : (entry.packedSize + 1) * LARGEST_RATIO;
    if (entry.method !== 'unsupported' && !entry.encrypted && entry.size > possible) {
      throw broken(`entry '${entry.name}' claims ${entry.size} bytes out of ${entry.packedSize}`);
    }
    if (entries.has(entry.name)) throw broken(`it has two entries named '${entry.name}'`);
    entries.set(entry.name, entry);
    at = end;
  }
  return entries;
}

/** Finds the end record: its comment must reach exactly to the end of the file. */
async function findDirectory(source: RandomAccess, fault: Fault): Promise<Place> {
  const tailSize = Math.min(source.size, END_SIZE + LARGEST_COMMENT + LOCATOR64_SIZE);
  const tail = await source.read(source.size - tailSize, tailSize);
  for (let at = tail.length - END_SIZE; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== END || at + END_SIZE + tail.readUInt16LE(at + 20) !== tail.length) continue;
    const place = {
      count: tail.readUInt16LE(at + 10),
      size: tail.readUInt32LE(at + 12),
      offset: tail.readUInt32LE(at + 16),
    };
    const locator = at - LOCATOR64_SIZE;
    if (locator < 0 || tail.readUInt32LE(locator) !== LOCATOR64) return place;
    const end64 = await source.read(safe(tail.readBigUInt64LE(locator + 8)), END64_SIZE);
    if (end64.readUInt32LE(0) !== END64) break;
    return {
      count: safe(end64.readBigUInt64LE(32)),
      size: safe(end64.readBigUInt64LE(40)),
      offset: safe(end64.readBigUInt64LE(48)),
    };
  }
  const begins = source.size >= 4 && (await source.read(0, 4)).readUInt32LE(0) === 0x04034b50;
  throw begins
    ? fault(`the zip archive is truncated: it has no directory at its end (${source.size} bytes)`, {
        at: source.file,
        remedy: 'fetch or copy the file again',
      })
    : fault('this is not a zip archive', { at: source.file });
}

/** One central directory record; undefined where a size says "see the zip64 field" and the field is missing. */
function parseEntry(record: Buffer): ZipEntry | undefined {
  const flags = record.readUInt16LE(8);
  const method = record.readUInt16LE(10);
  const nameEnd = CENTRAL_SIZE + record.readUInt16LE(28);
  const extra = record.subarray(nameEnd, nameEnd + record.readUInt16LE(30));
  const wide = zip64Field(extra);
  let at = 0;
  // The field holds only the values that are saturated in the record, in this order.
  const widen = (value: number): number | undefined => {
    if (value !== 0xffffffff) return value;
    if (wide === undefined || at + 8 > wide.length) return undefined;
    at += 8;
    return safe(wide.readBigUInt64LE(at - 8));
  };
  const size = widen(record.readUInt32LE(24));
  const packedSize = widen(record.readUInt32LE(20));
  const headerOffset = widen(record.readUInt32LE(42));
  if (size === undefined || packedSize === undefined || headerOffset === undefined) return undefined;
  return {
    name: record.toString('utf8', CENTRAL_SIZE, nameEnd),
    size,
    packedSize,
    crc32: record.readUInt32LE(16),
    method: method === 0 ? 'stored' : method === 8 ? 'deflated' : 'unsupported',
    encrypted: (flags & 1) !== 0,
    link: record[5] === MADE_ON_UNIX && (record.readUInt16LE(40) & 0xf000) === 0xa000,
    headerOffset,
  };
}

function zip64Field(extra: Buffer): Buffer | undefined {
  for (let at = 0; at + 4 <= extra.length; ) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === 1) return extra.subarray(at + 4, end);
    at = end;
  }
  return undefined;
}

/** Positions beyond 2^53 exist in no file: saturated, so that every later comparison with the file's size fails. */
function safe(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
}
