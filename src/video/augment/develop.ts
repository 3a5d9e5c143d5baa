/**
 * Clips that need more than ffmpeg does. Where augmentation works on whole frames, and of images, ffmpeg decodes those, each
 * once for all clips of the visit, and what it gives is developed here into what was asked for: operations, then crop,
 * size and mirroring. What is to be done to the frames as they are delivered comes last.
 */
import { openResizable, type ResizablePicture } from '../pixels/picture-resizer.ts';
import { makeResizing } from '../pixels/resizer.ts';
import { type ClipRequest, distinctFrames, distinctly, frameBytes, type Visit, visitBytes } from '../visit.ts';
import type { Size } from '../window.ts';
import { applyOperations } from './operations.ts';

/** Whether ffmpeg is asked for whole frames. */
const takesWhole = ({ clips, image = false }: Pick<Visit, 'clips' | 'image'>): boolean =>
  image || clips.some(({ augment }) => augment !== undefined);

export const isDeveloped = (visit: Visit): boolean =>
  takesWhole(visit) || visit.clips.some(({ finish = [] }) => finish.length > 0);

/** The size in which the visit's frames leave ffmpeg. */
export function decodedSize(visit: Pick<Visit, 'clips' | 'source' | 'image'>): Size {
  if (!takesWhole(visit)) return visit.clips[0].size;
  if (visit.source === undefined) throw new RangeError('an augmented visit needs the size of the video');
  return visit.source;
}

/** What ffmpeg is asked for: the visit itself, or its whole frames, ascending. */
export function decodedVisit(visit: Visit): Visit {
  if (!takesWhole(visit)) return visit;
  const frames = distinctFrames(visit.clips.flatMap((clip) => clip.frames));
  return { ...visit, clips: [{ frames, size: decodedSize(visit) }] };
}

/**
 * The bytes that were asked for, from those of `decodedVisit`: the distinct frames of each clip, clip after clip.
 * @param decoded uint8 [frames, H, W, 3]
 */
export function develop(visit: Visit, decoded: Uint8Array): Uint8Array[] {
  if (!takesWhole(visit)) return finishAll(visit, decoded);
  const source = decodedSize(visit);
  const bytes = frameBytes(source);
  const positions = new Map(distinctFrames(visit.clips.flatMap(({ frames }) => frames)).map((frame, i) => [frame, i]));
  return visit.clips.map((clip) => {
    const frames = distinctFrames(clip.frames);
    const data = new Uint8Array(frames.length * bytes);
    for (const [i, frame] of frames.entries()) {
      const at = (positions.get(frame) as number) * bytes;
      data.set(decoded.subarray(at, at + bytes), i * bytes);
    }
    applyOperations({ data, frames: frames.length, ...source }, clip.augment ?? []);
    const out = resized(clip, source, data, frames.length, visit.image === true);
    finish(clip, out, frames.length);
    return out;
  });
}

/** @param asPillow whether it is resized as Pillow does it, and not as ffmpeg does */
function resized(clip: ClipRequest, source: Size, data: Uint8Array, frames: number, asPillow: boolean): Uint8Array {
  const [from, to] = [frameBytes(source), frameBytes(clip.size)];
  const out = new Uint8Array(frames * to);
  const resizing = resizingOf(clip, source, asPillow);
  for (let t = 0; t < frames; t++) {
    resizing.source.set(data.subarray(t * from, (t + 1) * from));
    resizing.run(out.subarray(t * to, (t + 1) * to));
  }
  return out;
}

function resizingOf(clip: ClipRequest, source: Size, asPillow: boolean) {
  const { crop, size, flip, cut, interpolation = 'bilinear' } = clip;
  if (!asPillow && cut === undefined && interpolation === 'bilinear') return makeResizing({ source, crop, size, flip });
  const picture: ResizablePicture = openResizable(source);
  return {
    get source() {
      return picture.source;
    },
    run: (into: Uint8Array) => picture.resize(clip, into),
  };
}

/** What is done to the frames of a clip as they are delivered, in place. */
export function finish({ finish: operations = [], size }: ClipRequest, data: Uint8Array, frames: number): void {
  if (operations.length > 0) applyOperations({ data, frames, ...size }, operations);
}

function finishAll(visit: Visit, decoded: Uint8Array): Uint8Array[] {
  let at = 0;
  return visit.clips.map((clip) => {
    const frames = distinctFrames(clip.frames).length;
    const data = decoded.slice(at, at + frames * frameBytes(clip.size));
    at += data.length;
    finish(clip, data, frames);
    return data;
  });
}

export interface Darkroom {
  /** What ffmpeg gave next, in any pieces. @returns the bytes to be handed on, which may be none yet */
  take(chunk: Uint8Array): Uint8Array[];
}

/**
 * Develops the clips of visits that share a process, visit after visit, holding one visit's whole frames at a time; visits
 * without augmentation pass through as they come.
 */
export function darkroom(visits: readonly Visit[]): Darkroom {
  if (!visits.some(isDeveloped)) return { take: (chunk) => [chunk] };
  const left = [...visits];
  let frames = new Uint8Array(0);
  let filled = 0;
  const prepare = (): void => {
    const [visit] = left;
    if (visit === undefined) return;
    const bytes = visitBytes(distinctly(decodedVisit(visit)));
    // The next video is often of the same size.
    if (frames.length !== bytes) frames = new Uint8Array(bytes);
    filled = 0;
  };
  prepare();
  return {
    take(chunk) {
      const done: Uint8Array[] = [];
      let rest = chunk;
      while (rest.length > 0) {
        const [visit] = left;
        // More than was asked for: whoever counts bytes shall see it.
        if (visit === undefined) return [...done, rest];
        const fits = rest.subarray(0, frames.length - filled);
        frames.set(fits, filled);
        filled += fits.length;
        rest = rest.subarray(fits.length);
        if (filled < frames.length) break;
        if (isDeveloped(visit)) done.push(...develop(visit, frames));
        else done.push(frames.slice());
        left.shift();
        prepare();
      }
      return done;
    },
  };
}
