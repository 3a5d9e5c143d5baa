/**
 * One image to RGB in this process: JPEG by libjpeg-turbo, plain PNG by zlib, all else and what those cannot by libvips. All
 * give Pillow's pixels (`Image.open(file).convert('RGB')`) to the byte. What neither knows (BMP) is left to ffmpeg.
 */
import { HEAD_BYTES, PICTURE_VIDEOS, pictureFormat } from './format.ts';
import { openPng } from './png.ts';
import { loadSharp, type SharpDecoder } from './sharp.ts';
import { loadTurboJpeg, type TurboJpeg } from './turbojpeg.ts';

export interface ImageLibraries {
  readonly turbojpeg: TurboJpeg | undefined;
  readonly sharp: SharpDecoder | undefined;
}

export interface OpenImage {
  readonly width: number;
  readonly height: number;
  /**
   * Writes uint8 [H, W, 3]; to be called before another image is opened, once.
   * @returns what the library complained about, where parts of the picture are made up
   */
  read(into: Buffer): string | undefined;
}

/** Why a file is none that a library here can read: ffmpeg may know better. */
export interface Unfit {
  readonly unfit: string;
}

let loading: Promise<ImageLibraries> | undefined;

/** Those that are installed; loaded once in a thread. */
export function imageLibraries(): Promise<ImageLibraries> {
  loading ??= Promise.all([loadTurboJpeg(), loadSharp()]).then(([turbojpeg, sharp]) => ({ turbojpeg, sharp }));
  return loading;
}

/** Whether a file of this name and content is an image here: not one of the videos that begin like one. */
export function looksLikeImage(file: string, bytes: Buffer): boolean {
  return !PICTURE_VIDEOS.test(file) && pictureFormat(headOf(bytes)) !== undefined;
}

/** @param bytes the whole file */
export async function openImage(bytes: Buffer, { turbojpeg, sharp }: ImageLibraries): Promise<OpenImage | Unfit> {
  const format = pictureFormat(headOf(bytes));
  if (format === 'jpeg' && turbojpeg !== undefined) {
    const header = turbojpeg.header(bytes);
    if (header !== undefined) return { ...header, read: (into) => turbojpeg.decode(bytes, into) };
  }
  const png = format === 'png' ? openPng(bytes) : undefined;
  if (png !== undefined) {
    const { width, height } = png;
    return {
      width,
      height,
      read(into) {
        png.read(into);
        return undefined;
      },
    };
  }
  if (format === undefined || format === 'bmp' || sharp === undefined) return { unfit: 'no library here reads it' };
  try {
    const { width, height, data, complaint } = await sharp.decode(bytes);
    return {
      width,
      height,
      read(into) {
        data.copy(into);
        return complaint;
      },
    };
  } catch (thrown) {
    return { unfit: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

function headOf(bytes: Buffer): Buffer {
  return bytes.length >= HEAD_BYTES ? bytes : Buffer.concat([bytes, Buffer.alloc(HEAD_BYTES)]);
}
