/** What a file is, by its first bytes; a suffix says nothing: some `.tar.gz` of Kinetics are plain tar. */

export type ArchiveKind = 'zip' | 'rar' | 'gzip' | 'tar';

/** Bytes that `archiveKind` wants to see: a tar header. */
export const HEAD_BYTES = 512;

const RAR = Buffer.from('Rar!\x1a\x07', 'latin1');
const CHECKSUM = { at: 148, length: 8 } as const;

/** Undefined for anything else. */
export function archiveKind(head: Uint8Array): ArchiveKind | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (bytes.length >= 4 && ['PK\x03\x04', 'PK\x05\x06', 'PK\x07\x08'].includes(bytes.toString('latin1', 0, 4))) {
    return 'zip';
  }
  if (bytes.length >= RAR.length && bytes.subarray(0, RAR.length).equals(RAR)) return 'rar';
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'gzip';
  return isTarHeader(bytes) ? 'tar' : undefined;
}

/** A tar header carries the sum of its own bytes, in octal, with blanks in the sum's place. */
function isTarHeader(bytes: Buffer): boolean {
  if (bytes.length < HEAD_BYTES) return false;
  const { at, length } = CHECKSUM;
  const stated = Number.parseInt(
    bytes
      .toString('latin1', at, at + length)
      .replaceAll('\0', ' ')
      .trim(),
    8,
  );
  let sum = length * 0x20;
  for (let i = 0; i < HEAD_BYTES; i++) if (i < at || i >= at + length) sum += bytes[i] as number;
  return stated === sum;
}
