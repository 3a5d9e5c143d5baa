/** A visit of an image: no ffmpeg, no process, one decoding for all clips, resized as Pillow does it. */

import { dataError } from '../../errors/index.ts';
import { finish } from '../augment/develop.ts';
import { applyOperations } from '../augment/operations.ts';
import { openResizable } from '../pixels/picture-resizer.ts';
import { shortage } from '../receiver.ts';
import { frameBytes, type Visit } from '../visit.ts';
import type { Size } from '../window.ts';
import { imageLibraries, openImage, type Unfit } from './decode-image.ts';
import { readImage } from './read-image.ts';

/** Done, with what the library complained about where parts of the picture are made up; or left to ffmpeg. */
export type ImageOutcome = { readonly warning?: string } | Unfit;

/**
 * All clips of the visit into the memory given.
 * @throws data error, naming the file, where it is missing, not what was prepared, or has no such frame
 */
export async function imageVisit(visit: Visit, into: Uint8Array): Promise<ImageOutcome> {
  const { file, clips, source, bytes: size } = visit;
  if (source === undefined) throw new RangeError('the size of the image is missing');
  const bytes = readImage(file, size);
  if (bytes === undefined) return { unfit: 'no image' };
  const opened = await openImage(bytes, await imageLibraries());
  if ('unfit' in opened) return opened;
  checkSize(opened, source, file);
  if (clips.some(({ frames }) => frames.some((frame) => frame !== 0))) throw shortage(visit, 0, 'an image has one');

  const picture = openResizable(source);
  let complaint: string | undefined;
  try {
    complaint = opened.read(picture.source);
  } catch {
    // ffmpeg may see more, and says what is wrong.
    return { unfit: 'it cannot be decoded' };
  }
  const augmented = clips.some(({ augment = [] }) => augment.length > 0);
  const whole = augmented ? Uint8Array.from(picture.source) : undefined;
  let at = 0;
  for (const clip of clips) {
    const { frames, augment = [] } = clip;
    if (whole !== undefined) {
      picture.source.set(whole);
      applyOperations({ data: picture.source, frames: 1, ...source }, augment);
    }
    const one = frameBytes(clip.size);
    const first = into.subarray(at, at + one);
    picture.resize(clip, first);
    finish(clip, first, 1);
    for (let t = 1; t < frames.length; t++) into.set(first, at + t * one);
    at += frames.length * one;
  }
  return complaint === undefined ? {} : { warning: complaint };
}

function checkSize({ width, height }: Size, source: Size, file: string): void {
  if (width === source.width && height === source.height) return;
  const was = `${source.width}x${source.height}`;
  throw dataError(`the picture has changed since it was prepared: ${width}x${height} pixels, then ${was}`, {
    at: file,
  });
}
