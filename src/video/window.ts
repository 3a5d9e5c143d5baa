/** Sizes and windows in pixels, and cutting them out of decoded clips. */

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Window extends Size {
  readonly x: number;
  readonly y: number;
}

/** T frames of RGB, uint8 [T, H, W, 3], row-major. */
export interface Frames extends Size {
  readonly data: Uint8Array;
  readonly frames: number;
}

/** The size whose short side is `shortSide` and whose long side is truncated to an integer. */
export function shortSideSize({ width, height }: Size, shortSide: number): Size {
  return width < height
    ? { width: shortSide, height: Math.floor((shortSide * height) / width) }
    : { width: Math.floor((shortSide * width) / height), height: shortSide };
}

/** The clip made of the given frames (positions in `from`, repeats allowed), cut to a window: uint8 [T, h, w, 3]. */
export function cropClip(from: Frames, window: Window, positions?: readonly number[]): Uint8Array {
  const chosen = positions ?? Array.from({ length: from.frames }, (_, i) => i);
  const out = new Uint8Array(chosen.length * window.height * window.width * 3);
  cropInto(out, from, window, chosen);
  return out;
}

/** The same into memory that is there: the first T · h · w · 3 bytes of `into`. */
export function cropInto(into: Uint8Array, from: Frames, window: Window, positions: readonly number[]): void {
  const { x, y, width, height } = window;
  if (x < 0 || y < 0 || x + width > from.width || y + height > from.height) {
    throw new RangeError(`window ${width}x${height}+${x}+${y} lies outside ${from.width}x${from.height}`);
  }
  // Buffer's copy makes no view for each row.
  const source = Buffer.from(from.data.buffer, from.data.byteOffset, from.data.byteLength);
  let to = 0;
  for (const position of positions) {
    if (!(position >= 0 && position < from.frames)) throw new RangeError(`no frame ${position} among ${from.frames}`);
    for (let row = y; row < y + height; row++) {
      const start = ((position * from.height + row) * from.width + x) * 3;
      source.copy(into, to, start, start + width * 3);
      to += width * 3;
    }
  }
}
