/**
 * The operations of RandAugment on decoded clips, as plain data with every number resolved, so that they can be sent to
 * another process. They mean what Pillow means by them (ImageOps, ImageEnhance, Image.rotate and Image.transform with
 * BICUBIC and grey 128 outside), to the byte: each frame is a picture of its own, statistics are of that frame.
 */
import type { Frames, Size } from '../window.ts';
import { type Matrix, openPicture, type Picture } from './picture.ts';
import { blendedWith, equalized, inverted, posterized, solarized, solarizedByAdding, stretched } from './tables.ts';

export type Operation =
  /** The range of each channel is stretched to 0-255. */
  | { readonly name: 'autoContrast' }
  /** The histogram of each channel is made even. */
  | { readonly name: 'equalize' }
  | { readonly name: 'invert' }
  /** Keeps that many high bits, 0 to 8. */
  | { readonly name: 'posterize'; readonly bits: number }
  /** Inverts values from the threshold on, 0 to 256. */
  | { readonly name: 'solarize'; readonly threshold: number }
  /** Adds to values below 128, up to 255. */
  | { readonly name: 'solarizeAdd'; readonly add: number }
  /** 0: grey picture, mean grey, black, smoothed; 1: unchanged; above: the other way. */
  | { readonly name: 'color' | 'contrast' | 'brightness' | 'sharpness'; readonly factor: number }
  /** Counter-clockwise about the centre. */
  | { readonly name: 'rotate'; readonly degrees: number }
  /** The source's x (y) grows by so much for each pixel of y (x). */
  | { readonly name: 'shearX' | 'shearY'; readonly factor: number }
  /** The source lies that share of the width (height) further on. */
  | { readonly name: 'translateX' | 'translateY'; readonly share: number };

/**
 * Applies the operations in order, in place, to all frames alike: uint8 [T, H, W, 3].
 * @throws RangeError where the array is shorter than its frames
 */
export function applyOperations(clip: Frames, operations: readonly Operation[]): void {
  const { data, frames, width, height } = clip;
  const bytes = width * height * 3;
  if (data.length < frames * bytes)
    throw new RangeError(`${data.length} bytes do not hold ${frames * bytes} of frames`);
  if (operations.length === 0 || bytes === 0) return;
  const picture = openPicture({ width, height });
  const changes = operations.map((operation) => changeBy(operation, clip));
  for (let t = 0; t < frames; t++) {
    const frame = data.subarray(t * bytes, (t + 1) * bytes);
    picture.read(frame);
    for (const change of changes) change(picture);
    picture.write(frame);
  }
}

/** What the operation does to a frame; all that is the same for every frame is done before. */
function changeBy(operation: Operation, { width, height }: Size): (picture: Picture) => void {
  switch (operation.name) {
    case 'autoContrast':
      return (picture) => picture.look(picture.histograms().map(stretched));
    case 'equalize':
      return (picture) => picture.look(picture.histograms().map(equalized));
    case 'invert':
      return byTable(inverted());
    case 'posterize':
      return byTable(posterized(operation.bits));
    case 'solarize':
      return byTable(solarized(operation.threshold));
    case 'solarizeAdd':
      return byTable(solarizedByAdding(operation.add));
    case 'brightness':
      return byTable(blendedWith(0, operation.factor));
    case 'contrast':
      return (picture) => picture.look([blendedWith(Math.floor(picture.meanGrey() + 0.5), operation.factor)]);
    case 'color':
      return (picture) => picture.blendWithGrey(operation.factor);
    case 'sharpness':
      return (picture) => picture.sharpen(operation.factor);
    case 'shearX':
      return (picture) => picture.warpAcross(operation.factor, 0);
    case 'shearY':
      return (picture) => picture.warpDown(operation.factor, 0);
    case 'translateX':
      return (picture) => picture.warpAcross(0, operation.share * width);
    case 'translateY':
      return (picture) => picture.warpDown(0, operation.share * height);
    case 'rotate': {
      const matrix = rotation(operation.degrees, width, height);
      return (picture) => picture.warp(matrix);
    }
  }
}

const byTable =
  (table: Uint8Array) =>
  (picture: Picture): void =>
    picture.look([table]);

function rotation(degrees: number, width: number, height: number): Matrix {
  const angle = -(((degrees % 360) + 360) % 360) * (Math.PI / 180);
  const cos = rounded(Math.cos(angle));
  const sin = rounded(Math.sin(angle));
  const [x, y] = [width / 2, height / 2];
  return [cos, sin, cos * -x + sin * -y + x, -sin, cos, -sin * -x + cos * -y + y];
}

/** To 15 decimals. */
const rounded = (value: number): number => Number(value.toFixed(15));
