import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Entry } from '../data/manifest.ts';
import { codeOf } from '../errors/index.ts';
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
  const bytes = await sizeOf(absolute);
  if (bytes === undefined) {
    return { id: file, file: absolute, label: 0, ...NOTHING, verdict: 'missing', reason: 'there is no such file' };
  }
  return { id: file, file: absolute, label: 0, bytes, ...(await probeVideo(ffmpeg, absolute, { signal })) };
}

const NOTHING = { frames: 0, width: 0, height: 0, fps: 0 };

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return undefined;
    // Why it cannot be read is for the probe to say.
    return 0;
  }
}
