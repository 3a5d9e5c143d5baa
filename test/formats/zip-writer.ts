/** A zip archive in memory for tests, with switches for the forms and the damages that the reader must know. */
import { deflateRawSync } from 'node:zlib';
import { crc32 } from '../../src/formats/crc32.ts';

export interface Member {
  readonly name: string;
  readonly data: Uint8Array;
  readonly deflate?: boolean;
  /** Write sizes and offset into the zip64 extra field, saturated in the record. */
  readonly zip64?: boolean;
  readonly flags?: number;
  readonly crc?: number;
  /** The unpacked size to claim. */
  readonly size?: number;
}

export function zipOf(members: readonly Member[], options: { zip64End?: boolean; comment?: string } = {}): Buffer {
  const parts: Buffer[] = [];
  const records: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const name = Buffer.from(member.name);
    const packed = member.deflate ? deflateRawSync(member.data) : Buffer.from(member.data);
    const size = member.size ?? member.data.length;
    const crc = member.crc ?? crc32(member.data);
    const flags = member.flags ?? 0;
    const method = member.deflate ? 8 : 0;
    // A local extra field, as torch writes one to align its tensors.
    const padding = Buffer.from([0x46, 0x42, 3, 0, 0x5a, 0x5a, 0x5a]);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(method, 8);
    local.writeUInt16LE(name.length, 26);
    local.writeUInt16LE(padding.length, 28);
    parts.push(local, name, padding, packed);

    const extra = member.zip64 ? Buffer.alloc(4 + 4 + 28) : Buffer.alloc(0);
    const record = Buffer.alloc(46);
    record.writeUInt32LE(0x02014b50, 0);
    record.writeUInt16LE(flags, 8);
    record.writeUInt16LE(method, 10);
    record.writeUInt32LE(crc, 16);
    record.writeUInt32LE(member.zip64 ? 0xffffffff : packed.length, 20);
    record.writeUInt32LE(member.zip64 ? 0xffffffff : size, 24);
    record.writeUInt16LE(name.length, 28);
    record.writeUInt16LE(extra.length, 30);
    record.writeUInt32LE(member.zip64 ? 0xffffffff : offset, 42);
    if (member.zip64) {
      extra.writeUInt16LE(0x9999, 0); // another, empty field comes first
      extra.writeUInt16LE(1, 4);
      extra.writeUInt16LE(28, 6);
      extra.writeBigUInt64LE(BigInt(size), 8);
      extra.writeBigUInt64LE(BigInt(packed.length), 16);
      extra.writeBigUInt64LE(BigInt(offset), 24);
    }
    records.push(record, name, extra);
    offset += local.length + name.length + padding.length + packed.length;
  }
  const directory = Buffer.concat(records);
  parts.push(directory);
  const saturated = options.zip64End === true;
  if (saturated) {
    const end64 = Buffer.alloc(56);
    end64.writeUInt32LE(0x06064b50, 0);
    end64.writeBigUInt64LE(BigInt(members.length), 32);
    end64.writeBigUInt64LE(BigInt(directory.length), 40);
    end64.writeBigUInt64LE(BigInt(offset), 48);
    const locator = Buffer.alloc(20);
    locator.writeUInt32LE(0x07064b50, 0);
    locator.writeBigUInt64LE(BigInt(offset + directory.length), 8);
    parts.push(end64, locator);
  }
  const comment = Buffer.from(options.comment ?? '');
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(saturated ? 0xffff : members.length, 10);
  end.writeUInt32LE(saturated ? 0xffffffff : directory.length, 12);
  end.writeUInt32LE(saturated ? 0xffffffff : offset, 16);
  end.writeUInt16LE(comment.length, 20);
  parts.push(end, comment);
  return Buffer.concat(parts);
}
