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
