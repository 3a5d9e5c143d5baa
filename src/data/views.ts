/** Test views: K segments of a video × C crops along the long side, segments outermost. */
import { usageError } from '../errors/index.ts';
import type { Square } from '../video/stream.ts';
import { type Size, shortSideSize, type Window } from '../video/window.ts';
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

/** How the picture of a test view is made: resized to a short side, or to the clip whatever its shape. */
export type TestResize = number | 'squash';

/**
 * The size that a picture is resized to for its test views, and the C windows in it. Without `resize` its short side is the
 * clip's. With one, windows lie where torchvision's CenterCrop has them, and several side by side along the long side.
 */
export function testWindows(
  source: Size,
  size: number,
  crops: number,
  resize: TestResize | undefined,
): { readonly size: Size; readonly windows: readonly Window[] } {
  if (resize === undefined) {
    const at = shortSideSize(source, size);
    return { size: at, windows: cropWindows(at, size, crops) };
  }
  const at = resize === 'squash' ? { width: size, height: size } : shortSideSize(source, resize);
  const lies = { x: middle(at.width - size), y: middle(at.height - size), width: size, height: size };
  if (crops === 1) return { size: at, windows: [lies] };
  const along = at.width > at.height ? 'x' : 'y';
  const room = Math.max(at.width, at.height) - size;
  const windows = Array.from({ length: crops }, (_, j) => ({ ...lies, [along]: Math.floor((j * room) / (crops - 1)) }));
  return { size: at, windows };
}

/** The one window of `testWindows` where a single crop is taken, of a picture whose size is not known yet. */
export function testSquare(size: number, resize: TestResize | undefined): Square {
  return { size, resize: resize ?? size, middle: resize === undefined ? 'floor' : 'even' };
}

/** Half of the room, rounded to the even number where it is between two, as Python's `round`. */
function middle(room: number): number {
  const half = Math.floor(room / 2);
  return room % 2 === 0 || half % 2 === 0 ? half : half + 1;
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
