/** What decodes, in a line for the head of a command's notes. */
import { type Entry, isImage, isUsable } from '../src/data/manifest.ts';
import type { Ffmpeg } from '../src/video/ffmpeg.ts';
import { describeImageDecoders, imageDecoders } from '../src/video/image/describe.ts';

/** `ffmpeg 7.0.2 (PATH)`, and before it what decodes images where there are any. */
export async function decodingNote(ffmpeg: Ffmpeg, entries: readonly Entry[]): Promise<string> {
  const videos = `ffmpeg ${ffmpeg.version} (${ffmpeg.source})`;
  if (!entries.some((entry) => isUsable(entry) && isImage(entry))) return videos;
  return `images: ${describeImageDecoders(await imageDecoders())}; ${videos}`;
}
