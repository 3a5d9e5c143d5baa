/**
 * A visit: one video and all the clips that are wanted of it, out of one process and one decode. Several visits can share a
 * process, which saves its start: their clips come one after the other.
 *
 * Frames are counted by decoding, never by time: containers miscount (DivX AVI with packed B-frames claim one frame more than
 * they hold, edit lists hide some) and time stamps are missing or uneven. Decoding begins at the start of the video, or at a
 * key frame that `prepare` has verified (see seeks.ts), and stops after the last wanted frame.
 *
 * Colour: ffmpeg converts by the stream's own tags, BT.709 or BT.601, limited or full range; without tags it assumes
 * BT.601 and limited range. Pixels are taken as square.
 */
import { dataError } from '../errors/index.ts';
import type { Operation } from './augment/operations.ts';
import { canDrop, type Disposable, dropUnwanted } from './disposable.ts';
import type { Ffmpeg } from './ffmpeg.ts';
import { ANY_VIDEO, everyFrame, openInput, SAME_SIZE } from './input.ts';
import type { FfmpegJob, JobInput } from './process.ts';
import { type Seek, seekBefore } from './seeks.ts';
import { selectFrames } from './select.ts';
import type { Size, Window } from './window.ts';

export type Interpolation = 'bilinear' | 'bicubic' | 'area';

export interface ClipRequest {
  /** Frame numbers from 0, in any order, repeats allowed: T of them. */
  readonly frames: readonly number[];
  /** What to cut out, in pixels as displayed (after rotation); the whole picture where absent. */
  readonly crop?: Window | undefined;
  /** The size delivered. */
  readonly size: Size;
  /** What is resized to another size first, of which the size delivered is cut out; see `Cut`. */
  readonly cut?: Cut | undefined;
  /** Mirror left and right, after that. */
  readonly flip?: boolean | undefined;
  /** Shrinking averages over the area that a pixel covers, in all three. Default bilinear. */
  readonly interpolation?: Interpolation | undefined;
  /** What is done to the whole frames, at the video's own size, before all else; then `Visit.source` must be there. */
  readonly augment?: readonly Operation[] | undefined;
  /** What is done to the frames as they are delivered, after everything else. */
  readonly finish?: readonly Operation[] | undefined;
}

/** The crop is resized to `of`, and what is delivered lies at x, y in it. */
export interface Cut {
  readonly of: Size;
  readonly x: number;
  readonly y: number;
}

export interface Visit {
  readonly file: string;
  /** The file's size when it was prepared; another one now is a data error. */
  readonly bytes?: number | undefined;
  /** Key frames of the video that can be started from; see `seeks.ts`. None where absent. */
  readonly seeks?: readonly Seek[] | undefined;
  /** Pictures that need not be decoded unless they are wanted; see `disposable.ts`. None where absent. */
  readonly disposable?: Disposable | undefined;
  /** Whether every frame is known to have the size of the first; see `SAME_SIZE`. */
  readonly steady?: boolean | undefined;
  /** Whether it must not share a process: a damaged video, whose complaints would be laid at the others' door. */
  readonly alone?: boolean | undefined;
  /** Whether it is an image: decoded by a library where one reads it, and resized as Pillow does it. */
  readonly image?: boolean | undefined;
  /** The video's size as displayed, where clips are augmented; an image's always. */
  readonly source?: Size | undefined;
  /** At least one; all of the same size. */
  readonly clips: readonly [ClipRequest, ...ClipRequest[]];
}

export const frameBytes = ({ width, height }: Size): number => width * height * 3;

/** Bytes of all clips of a visit, uint8 [T, H, W, 3] one after the other. */
export function visitBytes({ clips }: Visit): number {
  return clips.reduce((sum, { frames, size }) => sum + frames.length * frameBytes(size), 0);
}

/** The frames of a clip as ffmpeg delivers them: each once, ascending. */
export function distinctFrames(frames: readonly number[]): number[] {
  return [...new Set(frames)].sort((a, b) => a - b);
}

/** The visit as it is decoded: each frame of a clip once. */
export function distinctly(visit: Visit): Visit {
  const [first, ...rest] = visit.clips;
  const once = (clip: ClipRequest): ClipRequest => ({ ...clip, frames: distinctFrames(clip.frames) });
  return { ...visit, clips: [once(first), ...rest.map(once)] };
}

/** @throws RangeError for a visit that could not be meant, data error for frames that no video has */
export function checkVisit({ file, clips, source, image = false }: Visit): void {
  const [{ size }] = clips;
  if (source === undefined && (image || clips.some(({ augment }) => augment !== undefined))) {
    throw new RangeError('the size of the video is missing, of which clips are to be augmented');
  }
  for (const clip of clips) {
    if (clip.frames.length === 0) throw new RangeError('no frames asked for');
    if (clip.size.width !== size.width || clip.size.height !== size.height) {
      throw new RangeError('the clips of a visit differ in size');
    }
    const wrong = clip.frames.find((frame) => !Number.isSafeInteger(frame) || frame < 0);
    if (wrong !== undefined) throw dataError(`frame ${wrong} was asked for; frames count from 0`, { at: file });
  }
}

/**
 * The ffmpeg run that delivers the distinct frames of every clip, clip by clip, visit by visit, as rgb24.
 * @throws data error naming a file that is missing, empty, or not what was prepared
 */
export async function visitsJob(ffmpeg: Ffmpeg, visits: readonly Visit[]): Promise<FfmpegJob> {
  const branches: string[] = [];
  const labels: string[] = [];
  const inputs: JobInput[] = [];
  let frames = 0;
  for (const [i, visit] of visits.entries()) {
    const { source, options } = await openInput(visit.file, visit.bytes);
    const clips = visit.clips.map((clip) => distinctFrames(clip.frames));
    const wanted = distinctFrames(clips.flat());
    const seek = seekBefore(visit.seeks, wanted[0] as number);
    const drops = seek === undefined && visit.disposable !== undefined && canDrop(ffmpeg);
    const dropped = drops ? dropUnwanted(visit.disposable, wanted) : undefined;
    const start = seek === undefined ? (dropped?.options ?? []) : ['-ss', seek[1].toFixed(6)];
    const countOf = (frame: number): number => (dropped ? dropped.rank(frame) : frame - (seek?.[0] ?? 0));
    inputs.push({ source, options: [...options, ...start] });
    branches.push(...branchesOf(visit, i, clips, wanted, wanted.map(countOf)));
    labels.push(...clips.map((_, k) => `[v${i}_${k}]`));
    frames += clips.reduce((sum, clip) => sum + clip.length, 0);
  }
  const [first, ...rest] = inputs;
  if (first === undefined) throw new RangeError('no visit');
  const joined = labels.length === 1 ? 'null' : `concat=n=${labels.length}:v=1`;
  return {
    inputs: [{ ...first, options: ['-filter_complex_threads', '1', ...first.options] }, ...rest],
    filters: { graph: [...branches, `${labels.join('')}${joined}[out]`].join(';'), output: 'out' },
    outputOptions: [...everyFrame(ffmpeg), '-frames:v', String(frames)],
    format: 'rawvideo',
  };
}

/**
 * The part of the graph between one input and the clips that are made of it.
 * @param counts the number of each wanted frame among those that are decoded
 */
function branchesOf(
  { clips: requests, steady = false }: Visit,
  input: number,
  clips: readonly (readonly number[])[],
  wanted: readonly number[],
  counts: readonly number[],
): string[] {
  const position = new Map(wanted.map((frame, i) => [frame, i]));
  // trim ends the decoding of this input; `select` alone would let it run on to the end of the video.
  const head = `[${input}:${ANY_VIDEO}]trim=end_frame=${(counts.at(-1) as number) + 1},${selectFrames(counts)}`;
  const size = (request: ClipRequest) => (request.crop === undefined || steady ? [] : [SAME_SIZE]);
  const parts = requests.map((request, k) => {
    const own = clips[k] as readonly number[];
    const all = own.length === wanted.length;
    const select = all ? [] : [selectFrames(own.map((frame) => position.get(frame) as number))];
    return [...select, ...size(request), ...pixelFilters(request), 'setsar=1', 'setpts=N/TB'].join(',');
  });
  if (parts.length === 1) return [`${head},${parts[0]}[v${input}_0]`];
  const labels = parts.map((_, k) => `[s${input}_${k}]`);
  return [
    `${head},split=${parts.length}${labels.join('')}`,
    ...parts.map((part, k) => `${labels[k]}${part}[v${input}_${k}]`),
  ];
}

function pixelFilters({ crop, cut, size, interpolation = 'bilinear', flip = false }: ClipRequest): string[] {
  const { of, x, y } = cut ?? { of: size, x: 0, y: 0 };
  return [
    ...(crop ? [cropFilter(crop)] : []),
    `scale=${of.width}:${of.height}:flags=${interpolation}`,
    'format=rgb24',
    ...(cut ? [cropFilter({ ...size, x, y })] : []),
    ...(flip ? ['hflip'] : []),
  ];
}

/** ffmpeg would move a window that reaches over the edge; asking for more than the whole picture makes it an error. */
function cropFilter({ x, y, width, height }: Window): string {
  const w = `if(gt(${x}+${width},iw),iw+1,${width})`;
  const h = `if(gt(${y}+${height},ih),ih+1,${height})`;
  return `crop=w='${w}':h='${h}':x=${x}:y=${y}:exact=1`;
}
