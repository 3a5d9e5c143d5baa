/** Pictures for pages to show: as JPEG where libvips is there, else as PNG, some five times larger. */
import { encodePng, type RgbPicture } from '../../formats/png.ts';
import { loadSharpEncoder } from './sharp.ts';

export interface EncodedPicture {
  readonly type: 'image/jpeg' | 'image/png';
  readonly bytes: Uint8Array;
}

const QUALITY = 80;
let jpeg: ReturnType<typeof loadSharpEncoder> | undefined;

/** @param quality of a JPEG, 1-100 */
export async function encodePicture(picture: RgbPicture, quality = QUALITY): Promise<EncodedPicture> {
  jpeg ??= loadSharpEncoder();
  const encode = await jpeg;
  if (encode === undefined) return { type: 'image/png', bytes: await encodePng(picture) };
  return { type: 'image/jpeg', bytes: await encode(picture, quality) };
}
