/**
 * Reads a video once from end to end and says what it holds: the frames that really decode (what a visit will deliver, not
 * what the container claims), their size as displayed, the mean frame rate, whether it is sound, and from which key frames
 * it can be decoded.
 */
import { isDataError } from '../errors/index.ts';
import type { VideoFacts } from './facts.ts';
import type { Ffmpeg } from './ffmpeg.ts';
import { findDisposable } from './find-disposable.ts';
import type { FrameTable } from './frame-table.ts';
import { imageFacts } from './image/probe.ts';
import { openInput } from './input.ts';
import type { RunOptions } from './process.ts';
import { readTables } from './read-tables.ts';
import { findSeeks } from './verify-seeks.ts';

/**
 * @throws environment error where ffmpeg cannot be started, the signal's reason on abort; whatever is wrong with the file
 *   itself is a verdict.
 */
export async function probeVideo(ffmpeg: Ffmpeg, file: string, options: RunOptions = {}): Promise<VideoFacts> {
  try {
    const image = await imageFacts(file, options.signal);
    if (image !== undefined) return image;
    const input = await openInput(file);
    const both = input.image ? undefined : await readTables(ffmpeg, input, true, options);
    if (both !== undefined && both.complaint === undefined && both.pictures.rows.length > 0) {
      const seeks = await findSeeks(ffmpeg, input, both.pictures, both.packets, options);
      const disposable = await findDisposable(ffmpeg, input, both.pictures, both.packets, options);
      const ways = { ...(seeks.length > 0 && { seeks }), ...(disposable !== undefined && { disposable }) };
      return { ...factsOf(both.pictures), verdict: 'ok', ...ways };
    }
    // What is not sound is read without its packets, so that no word about them is taken for a fault of the pictures.
    const { pictures, complaint } = await readTables(ffmpeg, input, false, options);
    if (pictures.rows.length === 0) return unreadable(complaint ?? 'no frame decodes');
    const facts = { ...factsOf(pictures), ...(input.image && { fps: 0 }) };
    return complaint === undefined ? { ...facts, verdict: 'ok' } : { ...facts, verdict: 'damaged', reason: complaint };
  } catch (thrown) {
    if (isDataError(thrown)) return unreadable(firstLineOf(thrown.message));
    throw thrown;
  }
}

/** Without the place and the remedy, which the report of all files has no use for. */
const firstLineOf = (message: string): string => message.split('\n', 1)[0] ?? '';

function unreadable(reason: string): VideoFacts {
  return { frames: 0, width: 0, height: 0, fps: 0, verdict: 'unreadable', reason };
}

function factsOf({ width, height, unit, rows }: FrameTable): Omit<VideoFacts, 'verdict'> {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  let lastDuration = 0;
  for (const { pts, duration } of rows) {
    if (pts === undefined) continue;
    first = Math.min(first, pts);
    if (pts >= last) {
      last = pts;
      lastDuration = duration;
    }
  }
  const frames = rows.length;
  const seconds = (frames > 1 ? last - first : lastDuration) * unit;
  const fps = seconds > 0 ? Math.max(frames - 1, 1) / seconds : 0;
  const changesSize = rows.some(({ bytes }) => bytes !== rows[0]?.bytes);
  return { frames, width, height, fps, ...(changesSize && { changesSize }) };
}
