/**
 * Writing zip archives (PKWARE APPNOTE 6.3) of stored members, one after another: each is in memory only while it is written.
 * The bytes are the same for the same members.
 */
import { crc32 } from './crc32.ts';

export interface StoredMember {
  /** ASCII. */
  readonly name: string;
  readonly data: Uint8Array;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20;
/** 1 January 1980, the first day that zip knows. */
const FIRST_DAY = 0x21;
/** The extra field with which PyTorch fills up to the alignment. */
const FILL = 0x4246;
const LARGEST = 0xffffffff;

/**
 * The bytes of an archive.
 *
 * @param align every member's data begins at a multiple of this
 * @throws RangeError beyond 4 GiB or 65,535 members, which ask for the 64-bit form
 */
export async function* zipChunks(members: AsyncIterable<StoredMember>, align: number): AsyncGenerator<Uint8Array> {
  const records: Buffer[] = [];
  let offset = 0;
  for await (const { name, data } of members) {
    const bytes = Buffer.from(name, 'ascii');
    const crc = crc32(data);
    const bare = offset + 30 + bytes.length + 4;
    const fill = Math.ceil(bare / align) * align - bare;
    const local = Buffer.alloc(30 + bytes.length + 4 + fill);
    local.writeUInt32LE(LOCAL, 0);
    writeFacts(local, 4, crc, data.length, bytes.length);
    local.writeUInt16LE(4 + fill, 28);
    bytes.copy(local, 30);
    local.writeUInt16LE(FILL, 30 + bytes.length);
    local.writeUInt16LE(fill, 32 + bytes.length);

    const record = Buffer.alloc(46 + bytes.length);
    record.writeUInt32LE(CENTRAL, 0);
    record.writeUInt16LE(VERSION, 4);
    writeFacts(record, 6, crc, data.length, bytes.length);
    record.writeUInt32LE(offset, 42);
    bytes.copy(record, 46);
    records.push(record);

    offset += local.length + data.length;
    if (offset > LARGEST || records.length > 0xffff) throw new RangeError('the archive is larger than 4 GiB');
    yield local;
    yield data;
  }
  const directory = Buffer.concat(records);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(records.length, 8);
  end.writeUInt16LE(records.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  yield Buffer.concat([directory, end]);
}

/** What a local header and a directory record say alike: version, flags, method (0), time, date, checksum, sizes, name. */
function writeFacts(header: Buffer, at: number, crc: number, size: number, nameLength: number): void {
  header.writeUInt16LE(VERSION, at);
  header.writeUInt16LE(FIRST_DAY, at + 8);
  header.writeUInt32LE(crc, at + 10);
  header.writeUInt32LE(size, at + 14);
  header.writeUInt32LE(size, at + 18);
  header.writeUInt16LE(nameLength, at + 22);
}
