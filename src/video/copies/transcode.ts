/**
 * A video to an h264 copy that decodes fast from any place: small, a key frame every `gop` frames, no frame that needs a
 * later one. Every frame is kept, whatever its time stamp, so that a frame has the same number in the copy.
 */
import { rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, dataError, environmentError } from '../../errors/index.ts';
import { onDisk } from '../../formats/write-file.ts';
import type { Ffmpeg } from '../ffmpeg.ts';
import { ANY_VIDEO, complaintOf, everyFrame, openInput, SAME_SIZE } from '../input.ts';
import { planesBytes } from '../packed/lay-strips.ts';
import { probeVideo } from '../probe.ts';
import { type FfmpegJob, type Finished, type RunOptions, runFfmpeg } from '../process.ts';
import { selectFrames } from '../select.ts';
import type { Size } from '../window.ts';
import { type Copied, type CopyTask, checkLikeness, comparedFrames, copySize, likenessOf, wrongCount } from './copy.ts';

/** h264 wants even sides; the picture is scaled to them, not cut. */
const even = (length: number): number => Math.max(2, length - (length % 2));

export function gopSize(original: Size, shortSide: number): Size {
  const { width, height } = copySize(original, shortSide);
  return { width: even(width), height: even(height) };
}

/**
 * The copy appears whole, read back and compared, or not at all.
 *
 * @throws data error where the original cannot be read, the copy has not its frames or differs too much; environment error
 *   where ffmpeg cannot be started or the disk is full; the signal's reason.
 */
export async function transcodeVideo(ffmpeg: Ffmpeg, task: CopyTask, options: RunOptions = {}): Promise<Copied> {
  const { file, copy, kind, facts } = task;
  if (kind.kind !== 'gop') throw new RangeError(`not for ${kind.kind} copies`);
  const unfinished = path.join(path.dirname(copy), `.unfinished-${path.basename(copy)}`);
  const size = gopSize(facts, kind.shortSide);
  const compared = comparedFrames(facts.frames);
  try {
    const input = await openInput(file);
    const encoder = [
      ...['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'fastdecode', '-crf', String(kind.crf)],
      ...['-g', String(kind.gop), '-keyint_min', String(kind.gop), '-sc_threshold', '0', '-bf', '0', '-threads', '1'],
      ...['-movflags', '+faststart', '-f', 'mp4', '-y', `file:${unfinished}`],
    ];
    const scaled = `scale=${size.width}:${size.height}:flags=bicubic,format=yuv420p,setsar=1`;
    const job: FfmpegJob = {
      inputs: [input],
      filters: {
        graph: `[0:${ANY_VIDEO}]${SAME_SIZE},${scaled},split[copy][all];[all]${selectFrames(compared)}[compared]`,
        output: 'copy',
      },
      // Two outputs: the copy, then the frames it will be compared with, on the pipe.
      outputOptions: [...everyFrame(ffmpeg), ...encoder, '-map', '[compared]', ...everyFrame(ffmpeg), '-f', 'rawvideo'],
      format: 'rawvideo',
    };
    const original = await rawFrames(ffmpeg, job, options);
    const why = complaintOf(original.stderr, input.source) ?? original.failure;
    const bytes = await sizeOf(unfinished);
    // ffmpeg leaves an empty file behind where it could not begin.
    if (bytes === 0 || original.failure !== undefined) throw notMade(why, copy);
    const found = await probeVideo(ffmpeg, unfinished, options);
    if (found.frames !== facts.frames) throw wrongCount(found.frames, facts.frames, why, copy);
    if (found.verdict !== 'ok') throw dataError(`the copy does not decode: ${found.reason}`, { at: copy });
    const read: FfmpegJob = {
      inputs: [await openInput(unfinished)],
      filters: [selectFrames(compared), 'format=yuv420p'],
      outputOptions: ['-map', `0:${ANY_VIDEO}`, ...everyFrame(ffmpeg)],
      format: 'rawvideo',
    };
    const { data } = await rawFrames(ffmpeg, read, options);
    const likeness = compare(data, original.data, planesBytes(size), compared, copy);
    await onDisk(copy, () => rename(unfinished, copy));
    return { facts: { ...found, fps: facts.fps }, bytes, likeness };
  } catch (thrown) {
    await rm(unfinished, { force: true });
    throw thrown;
  }
}

interface RawFrames extends Finished {
  readonly data: Buffer;
}

async function rawFrames(ffmpeg: Ffmpeg, job: FfmpegJob, options: RunOptions): Promise<RawFrames> {
  const chunks: Uint8Array[] = [];
  const finished = await runFfmpeg(ffmpeg, job, (chunk) => chunks.push(chunk), options);
  return { ...finished, data: Buffer.concat(chunks) };
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw error;
  }
}

function notMade(why = 'ffmpeg did not say why', copy: string): Error {
  if (why.includes('No space left')) {
    return environmentError('the disk is full', { at: copy, remedy: 'free some space, or choose another --out' });
  }
  if (/Unknown encoder|libx264/.test(why)) {
    const remedy = 'take an ffmpeg with libx264, as petl-video setup provides it, or --jpeg copies';
    return environmentError(`this ffmpeg cannot write h264: ${why}`, { remedy });
  }
  return dataError(`no copy came out: ${why}`, { at: copy });
}

/** The dB of the frame that is worst. */
function compare(a: Uint8Array, b: Uint8Array, bytes: number, frames: readonly number[], copy: string): number {
  if (a.length !== b.length || a.length !== bytes * frames.length) {
    throw dataError(`the copy gives ${a.length} bytes to compare, the original ${b.length}`, { at: copy });
  }
  let worst = 99;
  for (const [i, frame] of frames.entries()) {
    const [from, to] = [i * bytes, (i + 1) * bytes];
    const likeness = likenessOf(a.subarray(from, to), b.subarray(from, to));
    checkLikeness(likeness, frame, copy);
    worst = Math.min(worst, likeness);
  }
  return worst;
}
