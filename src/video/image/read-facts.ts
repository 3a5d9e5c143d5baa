/** What an image holds, by decoding it here; the far side of `probe.ts`. */

import { imageLibraries, openImage } from './decode-image.ts';
import { pictureFormat } from './format.ts';
import type { ImageFacts } from './probe.ts';
import { readImage } from './read-image.ts';

let room = Buffer.alloc(0);

/**
 * @returns undefined where it is none, or one that only ffmpeg may know
 * @throws data error where the file cannot be read
 */
export async function readFacts(file: string): Promise<ImageFacts | undefined> {
  const bytes = readImage(file);
  if (bytes === undefined) return undefined;
  const libraries = await imageLibraries();
  if (pictureFormat(bytes) === 'gif' && (await isAnimated(bytes))) return undefined;
  const opened = await openImage(bytes, libraries);
  if ('unfit' in opened) return undefined;
  const { width, height } = opened;
  if (room.length < width * height * 3) room = Buffer.allocUnsafe(width * height * 3);
  let complaint: string | undefined;
  try {
    complaint = opened.read(room);
  } catch {
    return undefined;
  }
  const facts = { frames: 1, width, height, fps: 0 } as const;
  return complaint === undefined ? { ...facts, verdict: 'ok' } : { ...facts, verdict: 'damaged', reason: complaint };

  async function isAnimated(gif: Buffer): Promise<boolean> {
    return (await libraries.sharp?.pages(gif).catch(() => 2)) !== 1;
  }
}
