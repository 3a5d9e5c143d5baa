import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Entry } from '../data/manifest.ts';
import type { Ffmpeg } from '../video/ffmpeg.ts';
import { probeVideo } from '../video/probe.ts';

/**
 * A file as an entry, read once from end to end: its frames are counted by decoding, as those of a prepared data set.
 *
 * @throws environment error where ffmpeg cannot be started, the signal's reason on abort; what is wrong with the file is its
 *   verdict
 */
export async function entryOf(ffmpeg: Ffmpeg, file: string, signal?: AbortSignal): Promise<Entry> {
  const absolute = path.resolve(file);
  // Why it cannot be read is for the probe to say.
  const bytes = (await stat(absolute).catch(() => undefined))?.size ?? 0;
  return { id: file, file: absolute, label: 0, bytes, ...(await probeVideo(ffmpeg, absolute, { signal })) };
}
