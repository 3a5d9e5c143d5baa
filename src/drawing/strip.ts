/** A clip as one wide picture, its frames side by side: what a page plays by moving it behind a window. */
import type { RgbPicture } from '../formats/png.ts';
import { canvas } from './canvas.ts';
import { frameOf, resized } from './thumbnails.ts';

export interface ClipShape {
  /** T. */
  readonly frames: number;
  /** S, side of a frame in pixels. */
  readonly size: number;
}

/**
 * @param clip uint8 [T, S, S, 3]
 * @param height of the picture, which is T times as wide
 */
export function stripOf(clip: Uint8Array, { frames, size }: ClipShape, height: number): RgbPicture {
  const strip = canvas(frames * height, height, [0, 0, 0]);
  const from = { data: clip, frames, width: size, height: size };
  for (let t = 0; t < frames; t++) strip.place(resized(frameOf(from, t), { width: height, height }), t * height, 0);
  return { data: strip.data, width: strip.width, height };
}

/**
 * At most `most` frames of a clip, evenly spread; the middle one where it is one.
 * @param clip uint8 [T, S, S, 3]; what lies behind it is not looked at
 */
export function evenFrames(
  clip: Uint8Array,
  { frames, size }: ClipShape,
  most: number,
): ClipShape & { readonly data: Uint8Array } {
  const count = Math.min(most, frames);
  const bytes = size * size * 3;
  const data = new Uint8Array(count * bytes);
  for (let i = 0; i < count; i++) {
    const t = Math.floor(((i + 0.5) * frames) / count);
    data.set(clip.subarray(t * bytes, (t + 1) * bytes), i * bytes);
  }
  return { data, frames: count, size };
}
