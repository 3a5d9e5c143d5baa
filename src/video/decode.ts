/**
 * Frames of a video or an image as RGB, exactly those asked for, decoded by an ffmpeg that this process starts. ffmpeg's exit
 * code proves nothing (a file cut in half ends with 0), so a clip counts as delivered only when its last byte has arrived.
 * Many clips go faster through `openDecoders`.
 */
import { darkroom, decodedVisit } from './augment/develop.ts';
import type { Ffmpeg } from './ffmpeg.ts';
import { complaintOf } from './input.ts';
import { type RunOptions, runFfmpeg } from './process.ts';
import { arrange, receiver, shortage } from './receiver.ts';
import { type ClipRequest, checkVisit, type Visit, visitBytes, visitsJob } from './visit.ts';
import { type Frames, type Size, shortSideSize } from './window.ts';

export type { ClipRequest, Interpolation, Visit } from './visit.ts';

export interface DecodeRequest extends ClipRequest {
  readonly file: string;
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
  const { file, ...clip } = request;
  const visit: Visit = { file, clips: [clip] };
  checkVisit(visit);
  const data = new Uint8Array(visitBytes(visit));
  const warning = await decodeVisit(ffmpeg, visit, data, options);
  const decoded = { data, frames: clip.frames.length, ...clip.size };
  return warning === undefined ? decoded : { ...decoded, warning };
}

/**
 * All clips of a visit into the memory given.
 * @returns what ffmpeg complained about although every byte came
 * @throws as `decodeFrames`
 */
export async function decodeVisit(
  ffmpeg: Ffmpeg,
  visit: Visit,
  into: Uint8Array,
  options: RunOptions = {},
): Promise<string | undefined> {
  const job = await visitsJob(ffmpeg, [decodedVisit(visit)]);
  const place = { visit, into };
  const bytes = receiver([place]);
  const { take } = darkroom([visit]);
  let beyond = 0;
  const { failure, stderr } = await runFfmpeg(
    ffmpeg,
    job,
    (chunk) => {
      for (const piece of take(chunk)) beyond += bytes.put(piece);
    },
    options,
  );
  const complaint = complaintOf(stderr, job.inputs[0].source);
  if (failure !== undefined || bytes.received + beyond !== bytes.expected) {
    throw shortage(visit, bytes.received, complaint ?? failure);
  }
  arrange(place);
  return complaint;
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
