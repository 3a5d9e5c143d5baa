/**
 * Frames of a video or an image as RGB, exactly those asked for.
 *
 * Frames are counted by decoding from the start, never by seeking: containers miscount (DivX AVI with packed B-frames
 * claim one frame more than they hold, edit lists hide some) and time stamps are missing or uneven. Decoding stops
 * after the last wanted frame. ffmpeg's exit code proves nothing (a file cut in half ends with 0), so a clip counts as
 * delivered only when its last byte has arrived.
 *
 * Colour: ffmpeg converts by the stream's own tags, BT.709 or BT.601, limited or full range; without tags it assumes
 * BT.601 and limited range. Pixels are taken as square.
 */
import { dataError } from '../errors/index.ts';
import type { Ffmpeg } from './ffmpeg.ts';
import { complaintOf, everyFrame, openInput, SAME_SIZE } from './input.ts';
import { type RunOptions, runFfmpeg } from './process.ts';
import { selectFrames } from './select.ts';
import { cropClip, type Frames, type Size, shortSideSize, type Window } from './window.ts';

export type Interpolation = 'bilinear' | 'bicubic' | 'area';

export interface DecodeRequest {
  readonly file: string;
  /** Frame numbers from 0, in any order, repeats allowed: T of them. */
  readonly frames: readonly number[];
  /** What to cut out, in pixels as displayed (after rotation); the whole picture where absent. */
  readonly crop?: Window | undefined;
  /** The size delivered. */
  readonly size: Size;
  /** Mirror left and right, after everything else. */
  readonly flip?: boolean | undefined;
  /** Shrinking averages over the area that a pixel covers, in all three. Default bilinear. */
  readonly interpolation?: Interpolation | undefined;
}

export interface Decoded extends Frames {
  /** What ffmpeg complained about although every byte came: parts of the picture are probably made up. */
  readonly warning?: string;
}

/**
 * The frames asked for, in the order asked for: uint8 [T, H, W, 3].
 * @throws data error naming the file where it is missing, empty, no video or holds fewer frames; environment error where
 *   ffmpeg cannot be started; the signal's reason on abort.
 */
export async function decodeFrames(ffmpeg: Ffmpeg, request: DecodeRequest, options: RunOptions = {}): Promise<Decoded> {
  const { file, frames, crop, size, flip = false, interpolation = 'bilinear' } = request;
  if (frames.length === 0) throw new RangeError('no frames asked for');
  const wrong = frames.find((frame) => !Number.isSafeInteger(frame) || frame < 0);
  if (wrong !== undefined) throw dataError(`frame ${wrong} was asked for; frames count from 0`, { at: file });
  const wanted = [...new Set(frames)].sort((a, b) => a - b);

  const input = await openInput(file);
  const frameBytes = size.width * size.height * 3;
  const bytes = new Uint8Array(wanted.length * frameBytes);
  let received = 0;
  const { failure, stderr } = await runFfmpeg(
    ffmpeg,
    {
      ...input,
      filters: [
        selectFrames(wanted),
        SAME_SIZE,
        ...(crop ? [cropFilter(crop)] : []),
        `scale=${size.width}:${size.height}:flags=${interpolation}`,
        'format=rgb24',
        ...(flip ? ['hflip'] : []),
      ],
      outputOptions: [...everyFrame(ffmpeg), '-frames:v', String(wanted.length)],
      format: 'rawvideo',
    },
    (chunk) => {
      const room = bytes.length - received;
      bytes.set(chunk.length <= room ? chunk : chunk.subarray(0, Math.max(room, 0)), Math.min(received, bytes.length));
      received += chunk.length;
    },
    options,
  );
  const complaint = complaintOf(stderr, input.source);
  if (failure !== undefined || received !== bytes.length) {
    throw dataError(shortage(wanted, Math.floor(received / frameBytes), complaint ?? failure), { at: file });
  }
  const decoded = { data: inOrder(bytes, wanted, frames, size), frames: frames.length, ...size };
  return complaint === undefined ? decoded : { ...decoded, warning: complaint };
}

/** ffmpeg would move a window that reaches over the edge; asking for more than the whole picture makes it an error. */
function cropFilter({ x, y, width, height }: Window): string {
  const w = `if(gt(${x}+${width},iw),iw+1,${width})`;
  const h = `if(gt(${y}+${height},ih),ih+1,${height})`;
  return `crop=w='${w}':h='${h}':x=${x}:y=${y}:exact=1`;
}

function shortage(wanted: readonly number[], got: number, why: string | undefined): string {
  const asked = wanted.length === 1 ? `frame ${wanted[0]}` : `${wanted.length} frames (${wanted[0]}-${wanted.at(-1)})`;
  return `asked for ${asked}, got ${got}${why === undefined ? '' : `: ${why}`}`;
}

/** ffmpeg delivers each frame once and in ascending order; repeats and other orders are made here. */
function inOrder(bytes: Uint8Array, wanted: readonly number[], frames: readonly number[], size: Size): Uint8Array {
  if (frames.length === wanted.length && frames.every((frame, i) => frame === wanted[i])) return bytes;
  const position = new Map(wanted.map((frame, i) => [frame, i]));
  const whole = { x: 0, y: 0, ...size };
  const order = frames.map((frame) => position.get(frame) as number);
  return cropClip({ data: bytes, frames: wanted.length, ...size }, whole, order);
}

export interface ShortSideRequest extends Pick<DecodeRequest, 'file' | 'frames' | 'interpolation'> {
  /** The video's size as displayed, from its manifest entry or `probeVideo`. */
  readonly source: Size;
  readonly shortSide: number;
}

/**
 * Whole frames with the short side at `shortSide`: the one decode from which `cropClip` cuts all test views of a video,
 * 7-10 times as fast as a process for each view.
 * @throws as `decodeFrames`
 */
export function decodeAtShortSide(
  ffmpeg: Ffmpeg,
  request: ShortSideRequest,
  options: RunOptions = {},
): Promise<Decoded> {
  const { file, frames, interpolation, source, shortSide } = request;
  return decodeFrames(ffmpeg, { file, frames, interpolation, size: shortSideSize(source, shortSide) }, options);
}
