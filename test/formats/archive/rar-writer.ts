/**
 * A RAR archive in memory for tests: format 4, members stored as they are, as RAR does with `-m0`. unrar, unar and
 * libarchive read what this writes.
 *
 *   marker, archive header, for each member a header and its bytes, end header
 *   header: u16 low half of the CRC-32 of what follows, u8 type, u16 flags, u16 size, …
 */
import { crc32 } from '../../../src/formats/crc32.ts';

export interface RarMember {
  readonly name: string;
  readonly data: Uint8Array;
  /** The checksum to claim. */
  readonly crc?: number;
}

const MARKER = Buffer.from('Rar!\x1a\x07\x00', 'latin1');
const LONG_BLOCK = 0x8000;
const FOLDER = 0x00e0;
const UNIX = 3;
const STORED = 0x30;

export function rarOf(members: readonly RarMember[]): Buffer {
  const parts = [MARKER, header(0x73, 0, Buffer.alloc(6))];
  for (const { name, data, crc } of members) {
    const folder = name.endsWith('/');
    const text = Buffer.from(folder ? name.slice(0, -1) : name);
    const fields = Buffer.alloc(25);
    fields.writeUInt32LE(data.length, 0);
    fields.writeUInt32LE(data.length, 4);
    fields.writeUInt8(UNIX, 8);
    fields.writeUInt32LE(crc ?? crc32(data), 9);
    fields.writeUInt32LE(0x5a216000, 13); // 2025-01-01 12:00
    fields.writeUInt8(20, 17); // RAR 2.0 can unpack it.
    fields.writeUInt8(STORED, 18);
    fields.writeUInt16LE(text.length, 19);
    fields.writeUInt32LE(folder ? 0o40755 : 0o100644, 21);
    parts.push(header(0x74, LONG_BLOCK | (folder ? FOLDER : 0), Buffer.concat([fields, text])), Buffer.from(data));
  }
  parts.push(header(0x7b, 0x4000, Buffer.alloc(0)));
  return Buffer.concat(parts);
}

function header(type: number, flags: number, fields: Uint8Array): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(7), fields]);
  bytes.writeUInt8(type, 2);
  bytes.writeUInt16LE(flags, 3);
  bytes.writeUInt16LE(bytes.length, 5);
  bytes.writeUInt16LE(crc32(bytes.subarray(2)) & 0xffff, 0);
  return bytes;
}
