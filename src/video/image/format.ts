/** What kind of picture a file is, by its first bytes: image sets contain PNG named .jpg. */

export type PictureFormat = 'jpeg' | 'png' | 'webp' | 'bmp' | 'tiff' | 'gif';

/** Bytes of a file that tell. */
export const HEAD_BYTES = 16;

const SIGNATURES: readonly (readonly [format: PictureFormat, matches: (head: Buffer) => boolean])[] = [
  ['jpeg', (head) => head.readUIntBE(0, 3) === 0xffd8ff],
  ['png', (head) => head.toString('latin1', 0, 8) === '\x89PNG\r\n\x1a\n'],
  ['webp', (head) => head.toString('latin1', 0, 4) === 'RIFF' && head.toString('latin1', 8, 12) === 'WEBP'],
  ['bmp', (head) => head.toString('latin1', 0, 2) === 'BM' && head.readUInt32LE(6) === 0],
  ['tiff', (head) => ['II*\0', 'MM\0*'].includes(head.toString('latin1', 0, 4))],
  ['gif', (head) => ['GIF87a', 'GIF89a'].includes(head.toString('latin1', 0, 6))],
];

/** @param head the first bytes, at least `HEAD_BYTES` or filled up with zeros */
export function pictureFormat(head: Buffer): PictureFormat | undefined {
  return SIGNATURES.find(([, matches]) => matches(head))?.[0];
}

/** Videos that begin as a picture of their format does. */
export const PICTURE_VIDEOS = /\.(?:apng|mjpe?g)$/i;
