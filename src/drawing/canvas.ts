/** A picture to draw on: rectangles, frames, coverage masks. All coordinates are whole pixels; what lies outside is cut off. */
import type { RgbPicture } from '../formats/png.ts';
import type { Window } from '../video/window.ts';

export type Color = readonly [red: number, green: number, blue: number];

export interface Canvas extends RgbPicture {
  fill(window: Window, color: Color): void;
  /** A line of `thickness` pixels along the inside of the window's edge. */
  outline(window: Window, thickness: number, color: Color): void;
  /** An RGB picture with its top left corner at x, y. */
  place(picture: RgbPicture, x: number, y: number): void;
  /** Mixes the color in by the mask's coverage, 0-255. */
  tint(mask: Mask, x: number, y: number, color: Color): void;
}

export interface Mask {
  /** uint8 [H, W]. */
  readonly coverage: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export function canvas(width: number, height: number, ground: Color): Canvas {
  const data = new Uint8Array(width * height * 3);
  const line = new Uint8Array(width * 3);
  for (let x = 0; x < width; x++) line.set(ground, 3 * x);
  for (let y = 0; y < height; y++) data.set(line, y * line.length);

  /** The part of a window that lies on the canvas, as its first and last + 1 column and row. */
  const within = ({ x, y, width: w, height: h }: Window) => ({
    left: Math.max(0, x),
    top: Math.max(0, y),
    right: Math.min(width, x + w),
    bottom: Math.min(height, y + h),
  });
  const fill: Canvas['fill'] = (window, color) => {
    const { left, top, right, bottom } = within(window);
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) data.set(color, 3 * (y * width + x));
    }
  };
  return {
    data,
    width,
    height,
    fill,
    outline({ x, y, width: w, height: h }, thickness, color) {
      fill({ x, y, width: w, height: thickness }, color);
      fill({ x, y: y + h - thickness, width: w, height: thickness }, color);
      fill({ x, y, width: thickness, height: h }, color);
      fill({ x: x + w - thickness, y, width: thickness, height: h }, color);
    },
    place(picture, x, y) {
      const { left, top, right, bottom } = within({ x, y, width: picture.width, height: picture.height });
      if (right <= left) return;
      for (let row = top; row < bottom; row++) {
        const from = 3 * ((row - y) * picture.width + left - x);
        data.set(picture.data.subarray(from, from + 3 * (right - left)), 3 * (row * width + left));
      }
    },
    tint(mask, x, y, color) {
      const { left, top, right, bottom } = within({ x, y, width: mask.width, height: mask.height });
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++) {
          const share = (mask.coverage[(row - y) * mask.width + column - x] as number) / 255;
          if (share === 0) continue;
          const at = 3 * (row * width + column);
          for (let channel = 0; channel < 3; channel++) {
            const under = data[at + channel] as number;
            data[at + channel] = Math.round(under + share * ((color[channel] as number) - under));
          }
        }
      }
    },
  };
}
