/**
 * Finds out which pictures of a video no other is decoded from, and proves it: the video is decoded without them, and every
 * picture that is left must have the checksum that it had in the whole.
 */
import { canDrop, type Disposable, writeDisposable } from './disposable.ts';
import type { Ffmpeg } from './ffmpeg.ts';
import type { FrameTable } from './frame-table.ts';
import type { Input } from './input.ts';
import type { RunOptions } from './process.ts';
import { readTables } from './read-tables.ts';

/** In shorter videos there is too little to be saved. */
const LEAST_FRAMES = 48;
/** Of the pictures; fewer are not worth a letter for each frame in the manifest. */
const LEAST_SHARE = 1 / 8;

/**
 * @param pictures every decoded frame in display order
 * @param packets every packet of the same stream in decoding order, with the same time base
 * @returns undefined where there are few or none, or where time stamps do not tell which packet makes which picture
 */
export async function findDisposable(
  ffmpeg: Ffmpeg,
  input: Input,
  pictures: FrameTable,
  packets: FrameTable,
  options: RunOptions,
): Promise<Disposable | undefined> {
  const packetAt = packetsByTime(pictures, packets);
  if (!canDrop(ffmpeg) || packetAt === undefined) return undefined;
  const left = await readTables(ffmpeg, input, false, options, ['-skip_frame', 'noref']);
  const checksums = new Map(pictures.rows.map(({ pts, checksum }) => [pts, checksum]));
  const sound =
    left.complaint === undefined &&
    left.pictures.rows.every(({ pts, checksum }) => pts !== undefined && checksums.get(pts) === checksum);
  const saved = pictures.rows.length - left.pictures.rows.length;
  if (!sound || saved < LEAST_SHARE * pictures.rows.length) return undefined;
  const needed = new Set(left.pictures.rows.map(({ pts }) => pts));
  return writeDisposable(pictures.rows.map(({ pts }) => (needed.has(pts) ? undefined : packetAt.get(pts as number))));
}

/** The number of each packet by its time, where every packet makes one picture and some come out of order (B-frames). */
function packetsByTime(pictures: FrameTable, packets: FrameTable): Map<number, number> | undefined {
  const times = packets.rows.map(({ pts }) => pts);
  const inOrder = times.every((pts, i) => i === 0 || (pts ?? 0) > (times[i - 1] ?? 0));
  const packetAt = new Map(times.map((pts, i) => [pts ?? Number.NaN, i]));
  const matching =
    packets.hidden === 0 &&
    packets.unit === pictures.unit &&
    pictures.rows.length >= LEAST_FRAMES &&
    packetAt.size === pictures.rows.length &&
    times.length === pictures.rows.length &&
    pictures.rows.every(({ pts }) => pts !== undefined && packetAt.has(pts));
  return matching && !inOrder ? packetAt : undefined;
}
