/** Test views: K segments of a video × C crops along the long side, segments outermost. */
import { usageError } from '../errors/index.ts';
import type { Size, Window } from '../video/window.ts';
import type { Views } from './loader.ts';

/**
 * `4x3` → 4 segments, 3 crops.
 * @throws usage error for anything else
 */
export function parseViews(text: string): Views {
  const [, segments = 0, crops = 0] = text.match(/^([1-9]\d{0,2})\s*[x×]\s*([1-9]\d{0,2})$/i)?.map(Number) ?? [];
  if (segments > 0 && crops > 0) return { segments, crops };
  throw usageError(`views "${text}" are not of the form SEGMENTSxCROPS`, {
    remedy: 'write 1x1 for a single view in the middle, 4x3 for 4 segments with 3 crops each',
  });
}

/**
 * C windows of `size` × `size` along the long side of a picture whose short side is `size`: the first at its start, the
 * last at its end; a single one in the middle.
 */
export function cropWindows({ width, height }: Size, size: number, crops: number): Window[] {
  const room = Math.max(width, height) - size;
  return Array.from({ length: crops }, (_, j) => {
    const start = Math.floor(crops === 1 ? room / 2 : (j * room) / (crops - 1));
    return { x: width > height ? start : 0, y: width > height ? 0 : start, width: size, height: size };
  });
}
