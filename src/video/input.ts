/** Opening one file with ffmpeg, whatever its name, and reading what ffmpeg says of it. */
import type { Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, dataError, type PetlVideoError } from '../errors/index.ts';
import { FOREIGN_FORMAT, OWN_PICTURES_ONLY, saysForeign } from './demuxers.ts';
import type { Ffmpeg } from './ffmpeg.ts';
import { HEAD_BYTES, PICTURE_VIDEOS, pictureFormat } from './image/format.ts';
import type { JobInput } from './process.ts';

export interface Input extends JobInput {
  readonly image: boolean;
}

/**
 * A picture whose size or format changes on the way would rebuild the filters, and `select` would count from 0 again:
 * wrong frames, not fewer. Without rebuilding, `SAME_SIZE` is needed in front of every filter that trusts the size.
 */
const EACH_INPUT = ['-threads', '1', '-filter_threads', '1', '-reinit_filter', '0'];

async function imageDemuxer(file: string): Promise<string | undefined> {
  const handle = await open(file);
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    await handle.read(head, 0, head.length, 0);
    const format = pictureFormat(head);
    // A GIF may move; ffmpeg reads it as a video either way.
    return format === undefined || format === 'gif' ? undefined : `${format}_pipe`;
  } finally {
    await handle.close();
  }
}

/** The data error for a file that the system does not open or read. */
export function unreadableFile(error: unknown, file: string): PetlVideoError {
  const code = codeOf(error);
  const what = code === 'ENOENT' ? 'the file is missing' : `the file cannot be read (${code})`;
  return dataError(what, { at: file, cause: error });
}

/**
 * @param bytes the size that the file must have, where it is known
 * @throws data error for a folder, an empty file, and one of another size
 */
export function checkFound(found: Stats, file: string, bytes: number | undefined): void {
  if (found.isDirectory()) throw dataError('this is a folder, not a video or an image', { at: file });
  if (found.isFile() && found.size === 0) throw dataError('the file is empty', { at: file });
  if (bytes !== undefined && found.size !== bytes) {
    throw dataError(`the file has changed since it was prepared: ${found.size} bytes, then ${bytes}`, { at: file });
  }
}

/**
 * The source and the options before `-i` for a video or an image.
 *
 * The absolute path behind `file:` keeps ffmpeg from reading an option, a protocol or a pattern into a name; what is inside
 * a file cannot send it to another (see demuxers.ts). An image
 * gets its demuxer by name, since the one for image sequences would take `%d`, `*` and `?` as a pattern. Videos are
 * turned as they are displayed; images are not (Exif orientation), as the readers behind the published numbers do not.
 *
 * @param bytes the size that the file must have, where it is known
 * @throws data error where the file is missing, empty, not to be read, or of another size.
 */
export async function openInput(file: string, bytes?: number): Promise<Input> {
  const absolute = path.resolve(file);
  const refuse = (error: unknown): never => {
    throw unreadableFile(error, file);
  };
  const found = await stat(absolute).catch(refuse);
  checkFound(found, file, bytes);
  // Opening a named pipe would wait for its writer, so only regular files are looked into.
  const looked = found.isFile() && !PICTURE_VIDEOS.test(file);
  const demuxer = looked ? await imageDemuxer(absolute).catch(refuse) : undefined;
  return {
    source: `file:${absolute}`,
    options: [...EACH_INPUT, ...OWN_PICTURES_ONLY, ...(demuxer ? ['-noautorotate', '-f', demuxer] : [])],
    image: demuxer !== undefined,
  };
}

/** A video that comes through ffmpeg's standard input. */
export const pipedInput = (): Input => ({ source: 'pipe:0', options: EACH_INPUT, image: false });

/**
 * Brings later pictures to the size and format of the first, for filters that trust the first (`crop`). Not for videos that
 * are known to be steady: ffmpeg 7.0 loses the colour matrix of full-range video on the way through it.
 */
export const SAME_SIZE = 'scale=iw:ih';

/** The first real video stream of an input, not a cover picture. */
export const ANY_VIDEO = 'V:0';

/** Whether an ffmpeg is of this release or a later one. */
export function isSince({ versionNumber }: Ffmpeg, major: number, minor: number): boolean {
  return versionNumber[0] > major || (versionNumber[0] === major && versionNumber[1] >= minor);
}

/**
 * Output options that deliver every frame that decodes once, whatever its time stamp: `-fps_mode` from ffmpeg 5.1 on,
 * `-vsync` before.
 */
export function everyFrame(ffmpeg: Ffmpeg): string[] {
  return isSince(ffmpeg, 5, 1) ? ['-fps_mode', 'passthrough'] : ['-vsync', '0'];
}

/** Output options that keep the time stamps of decoded frames as exact as the container has them. */
export function frameTimes(ffmpeg: Ffmpeg): string[] {
  return ['-enc_time_base', isSince(ffmpeg, 6, 1) ? 'demux' : '-1'];
}

/** The first line of ffmpeg's complaints in words for a person: no addresses, no path. Undefined where it had none. */
export function complaintOf(stderr: string, source: string): string | undefined {
  const lines = stderr.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  if (lines.some((line) => line.includes('matches no streams'))) return 'no video stream';
  if (lines.some(saysForeign)) return FOREIGN_FORMAT;
  return lines[0]
    ?.replaceAll(source, '')
    .replace(/\[([^\]]+?) @ (?:0x)?[0-9a-f]+\] */gi, (_, who: string) => (who === 'NULL' ? '' : `${who}: `))
    .replace(/^[: ]+|[: ]+$/g, '')
    .slice(0, 200);
}
