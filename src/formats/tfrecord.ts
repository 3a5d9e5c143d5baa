/**
 * TFRecord, TensorFlow's framing of records in a file:
 *
 *   uint64 length | uint32 masked CRC-32C of these 8 bytes | data | uint32 masked CRC-32C of the data      little-endian
 *
 * CRC-32C is the Castagnoli polynomial (RFC 3720, appendix B.4), not zip's. Masked: rotated right by 15 bits, plus a
 * constant, so that a checksum over data that hold checksums stays a good one.
 */

const MASK = 0xa282ead8;
const TABLE = makeTable();

function makeTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
    return value;
  });
}

/** The CRC-32C of `bytes`, unsigned. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] as number);
  return ~crc >>> 0;
}

function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + MASK) >>> 0;
}

/** `data` as one record. */
export function frameRecord(data: Uint8Array): Uint8Array {
  const record = Buffer.alloc(data.length + 16);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(masked(crc32c(record.subarray(0, 8))), 8);
  record.set(data, 12);
  record.writeUInt32LE(masked(crc32c(data)), 12 + data.length);
  return record;
}
