/**
 * libvips, by way of the optional package sharp. The only importer of it.
 *
 * Pictures come as Pillow's `convert('RGB')` has them: the orientation of Exif and the color profile are not heeded, alpha
 * is dropped and not blended, of more than one picture the first is taken.
 */
import type { Sharp } from 'sharp';
import type { RgbPicture } from '../../formats/png.ts';
import { pictureFormat } from './format.ts';

export interface SharpPicture {
  readonly width: number;
  readonly height: number;
  /** uint8 [H, W, 3], RGB. */
  readonly data: Buffer;
  /** libvips' words where parts of the picture are made up. */
  readonly complaint?: string;
}

export interface SharpDecoder {
  /** Pictures that the file holds. @throws Error in libvips' words where it knows no such file */
  pages(bytes: Buffer): Promise<number>;
  /** @throws Error in libvips' words where nothing can be read */
  decode(bytes: Buffer): Promise<SharpPicture>;
}

/** @param quality 1-100, as libjpeg's */
export type JpegEncoder = (picture: RgbPicture, quality: number) => Promise<Uint8Array>;

/** As Pillow: larger ones are refused before memory is taken for them. */
const MOST_PIXELS = 178_956_970;

type Library = typeof import('sharp')['default'];

async function load(): Promise<Library | undefined> {
  try {
    return (await import('sharp')).default;
  } catch {
    return undefined;
  }
}

/** Undefined where it is not installed, or has no library for this platform. */
export async function loadSharpEncoder(): Promise<JpegEncoder | undefined> {
  const sharp = await load();
  if (sharp === undefined) return undefined;
  return ({ data, width, height }, quality) =>
    sharp(data, { raw: { width, height, channels: 3 } })
      .jpeg({ quality })
      .toBuffer();
}

/** Undefined where it is not installed, or has no library for this platform. */
export async function loadSharp(): Promise<SharpDecoder | undefined> {
  const sharp = await load();
  if (sharp === undefined) return undefined;
  // Each thread of ours has a picture of its own at a time, and sees none twice.
  sharp.concurrency(1);
  sharp.cache(false);
  const open = (bytes: Buffer, failOn: 'warning' | 'none') =>
    sharp(bytes, { failOn, ignoreIcc: true, limitInputPixels: MOST_PIXELS });

  /** What needs arithmetic of its own. libvips takes half a millisecond to say so, which the head of most files does too. */
  async function kindOf(bytes: Buffer, failOn: 'warning' | 'none'): Promise<'cmyk' | 'grey16' | undefined> {
    const format = pictureFormat(bytes);
    if (format === 'png') return bytes[24] === 16 && bytes[25] === 0 ? 'grey16' : undefined;
    if (format === 'webp' || format === 'gif') return undefined;
    const { space, depth } = await open(bytes, failOn).metadata();
    if (space === 'cmyk') return 'cmyk';
    return space === 'grey16' && depth === 'ushort' ? 'grey16' : undefined;
  }

  async function read(bytes: Buffer, failOn: 'warning' | 'none'): Promise<SharpPicture> {
    switch (await kindOf(bytes, failOn)) {
      case 'cmyk':
        return fromCmyk(await raw(open(bytes, failOn).pipelineColourspace('cmyk').toColourspace('cmyk')));
      case 'grey16':
        return fromGrey16(await raw(open(bytes, failOn).toColourspace('grey16'), 'ushort'));
    }
    const { data, width, height } = await raw(open(bytes, failOn).removeAlpha().toColourspace('srgb'));
    return { data, width, height };
  }

  return {
    async pages(bytes) {
      return (await open(bytes, 'none').metadata()).pages ?? 1;
    },
    async decode(bytes) {
      try {
        return await read(bytes, 'warning');
      } catch (thrown) {
        const complaint = wordsOf(thrown);
        return { ...(await read(bytes, 'none').catch(() => Promise.reject(new Error(complaint)))), complaint };
      }
    },
  };
}

interface Raw {
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

async function raw(picture: Sharp, depth: 'uchar' | 'ushort' = 'uchar'): Promise<Raw> {
  const { data, info } = await picture.raw({ depth }).toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels };
}

/** Pillow's arithmetic, which knows no inks. */
function fromCmyk({ data, width, height, channels }: Raw): SharpPicture {
  const rgb = Buffer.alloc(width * height * 3);
  for (let from = 0, to = 0; to < rgb.length; from += channels, to += 3) {
    const light = 255 - (data[from + 3] as number);
    for (let ink = 0; ink < 3; ink++) {
      const product = (data[from + ink] as number) * light + 128;
      rgb[to + ink] = Math.max(light - (((product >> 8) + product) >> 8), 0);
    }
  }
  return { data: rgb, width, height };
}

/** Pillow clips: a picture of 16-bit grey comes out all but white, there as here. */
function fromGrey16({ data, width, height, channels }: Raw): SharpPicture {
  const rgb = Buffer.alloc(width * height * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 2 * channels, to += 3)
    rgb.fill(Math.min(data.readUInt16LE(from), 255), to, to + 3);
  return { data: rgb, width, height };
}

const wordsOf = (thrown: unknown): string =>
  (thrown instanceof Error ? thrown.message : String(thrown)).trim().split('\n', 1)[0] ?? '';
