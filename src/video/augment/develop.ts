/**
 * Clips whose augmentation works on whole frames: ffmpeg decodes those, each once for all clips of the visit, and what it
 * gives is developed here into what was asked for. Operations, then crop, size and mirroring.
 */
import { makeResizing } from '../pixels/resizer.ts';
import { type ClipRequest, distinctFrames, distinctly, frameBytes, type Visit, visitBytes } from '../visit.ts';
import type { Size } from '../window.ts';
import { applyOperations } from './operations.ts';

export const isAugmented = ({ clips }: Visit): boolean => clips.some(({ augment }) => augment !== undefined);

/** The size in which the visit's frames leave ffmpeg. */
export function decodedSize({ clips, source }: Pick<Visit, 'clips' | 'source'>): Size {
  if (!clips.some(({ augment }) => augment !== undefined)) return clips[0].size;
  if (source === undefined) throw new RangeError('an augmented visit needs the size of the video');
  return source;
}

/** What ffmpeg is asked for: the visit itself, or its whole frames, ascending. */
export function decodedVisit(visit: Visit): Visit {
  if (!isAugmented(visit)) return visit;
  const frames = distinctFrames(visit.clips.flatMap((clip) => clip.frames));
  return { ...visit, clips: [{ frames, size: decodedSize(visit) }] };
}

/**
 * The bytes that were asked for, from those of `decodedVisit`: the distinct frames of each clip, clip after clip.
 * @param decoded uint8 [frames, H, W, 3]
 */
export function develop(visit: Visit, decoded: Uint8Array): Uint8Array[] {
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
    return resized(clip, source, data, frames.length);
  });
}

function resized({ crop, size, flip }: ClipRequest, source: Size, data: Uint8Array, frames: number): Uint8Array {
  const resizing = makeResizing({ source, crop, size, flip });
  const [from, to] = [frameBytes(source), frameBytes(size)];
  const out = new Uint8Array(frames * to);
  for (let t = 0; t < frames; t++) {
    resizing.source.set(data.subarray(t * from, (t + 1) * from));
    resizing.run(out.subarray(t * to, (t + 1) * to));
  }
  return out;
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
  if (!visits.some(isAugmented)) return { take: (chunk) => [chunk] };
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
        if (isAugmented(visit)) done.push(...develop(visit, frames));
        else done.push(frames.slice());
        left.shift();
        prepare();
      }
      return done;
    },
  };
}
