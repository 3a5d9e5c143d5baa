/** Which libraries decode images here, for people. */
import { imageLibraries } from './decode-image.ts';

export interface ImageDecoders {
  readonly jpeg: 'libjpeg-turbo' | 'libvips' | 'ffmpeg';
  /** PNG, WebP, TIFF and GIF of one picture; BMP is always ffmpeg's. */
  readonly others: 'libvips' | 'ffmpeg';
}

/** Loads the libraries. */
export async function imageDecoders(): Promise<ImageDecoders> {
  const { turbojpeg, sharp } = await imageLibraries();
  const others = sharp === undefined ? 'ffmpeg' : 'libvips';
  return { jpeg: turbojpeg === undefined ? others : 'libjpeg-turbo', others };
}

/** `JPEG by libjpeg-turbo, others by libvips`. */
export function describeImageDecoders({ jpeg, others }: ImageDecoders): string {
  return jpeg === others ? `all by ${jpeg}` : `JPEG by ${jpeg}, others by ${others}`;
}
