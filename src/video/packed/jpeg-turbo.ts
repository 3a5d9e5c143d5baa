/** libjpeg-turbo by way of @julusian/jpeg-turbo, an optional package: who makes no packed copies can do without it. */
import { environmentError, messageOf } from '../../errors/index.ts';

/** What is used of the package; pictures of one byte a pixel, rows without a gap. */
export interface JpegTurbo {
  encode(pixels: Uint8Array, width: number, height: number, quality: number): Uint8Array;
  /** Writes the pixels to `into`. @throws Error in libjpeg's words, of what it only warns of too */
  decode(jpeg: Buffer, into: Buffer): { readonly width: number; readonly height: number };
}

interface Binding {
  readonly FORMAT_GRAY: number;
  readonly SAMP_GRAY: number;
  bufferSize(options: { width: number; height: number; subsampling: number }): number;
  compressSync(raw: Buffer, out: Buffer, options: object): Buffer;
  decompressSync(jpeg: Buffer, out: Buffer, options: { format: number }): { width: number; height: number };
}

/** @throws environment error where the package is missing or knows no binary for this platform */
export async function loadJpegTurbo(): Promise<JpegTurbo> {
  let binding: Binding;
  try {
    ({ default: binding } = (await import('@julusian/jpeg-turbo')) as unknown as { default: Binding });
  } catch (error) {
    throw environmentError(`packed copies need the package @julusian/jpeg-turbo: ${firstLine(messageOf(error))}`, {
      remedy: 'run: npm install @julusian/jpeg-turbo@2 (version 3 needs Node 22), or use --gop copies or the originals',
      cause: error,
    });
  }
  const { FORMAT_GRAY: format, SAMP_GRAY: subsampling } = binding;
  let room = Buffer.alloc(0);
  return {
    encode(pixels, width, height, quality) {
      const needed = binding.bufferSize({ width, height, subsampling });
      if (room.length < needed) room = Buffer.alloc(needed);
      const raw = Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength);
      return binding.compressSync(raw, room, { format, width, height, subsampling, quality });
    },
    decode: (jpeg, into) => binding.decompressSync(jpeg, into, { format }),
  };
}

const firstLine = (message: string): string => message.split('\n', 1)[0] ?? '';
