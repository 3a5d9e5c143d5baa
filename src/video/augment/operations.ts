/**
 * The operations of RandAugment on decoded clips, as plain data with every number resolved, so that they can be sent to
 * another process. They mean what Pillow means by them (ImageOps, ImageEnhance, Image.rotate and Image.transform with
 * BICUBIC and grey 128 outside): each frame is a picture of its own, statistics are of that frame.
 */
import type { Frames } from '../window.ts';
import { type Geometry, transform } from './affine.ts';
import { blendWithGrey, sharpen } from './blend.ts';
import { autoContrast, brightness, contrast, equalize, invert, posterize, solarize, solarizeAdd } from './lookup.ts';

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
  /** 0: grey picture, mean grey, black, blurred; 1: unchanged; above: the other way. */
  | { readonly name: 'color' | 'contrast' | 'brightness' | 'sharpness'; readonly factor: number }
  | Geometry;

/**
 * Applies the operations in order, in place, to all frames alike: uint8 [T, H, W, 3].
 * @throws RangeError where the array is shorter than its frames
 */
export function applyOperations(clip: Frames, operations: readonly Operation[]): void {
  const bytes = clip.frames * clip.width * clip.height * 3;
  if (clip.data.length < bytes) throw new RangeError(`${clip.data.length} bytes do not hold ${bytes} of frames`);
  for (const operation of operations) apply(clip, operation);
}

function apply(clip: Frames, operation: Operation): void {
  switch (operation.name) {
    case 'autoContrast':
      autoContrast(clip);
      break;
    case 'equalize':
      equalize(clip);
      break;
    case 'invert':
      invert(clip);
      break;
    case 'posterize':
      posterize(clip, operation.bits);
      break;
    case 'solarize':
      solarize(clip, operation.threshold);
      break;
    case 'solarizeAdd':
      solarizeAdd(clip, operation.add);
      break;
    case 'brightness':
      brightness(clip, operation.factor);
      break;
    case 'contrast':
      contrast(clip, operation.factor);
      break;
    case 'color':
      blendWithGrey(clip, operation.factor);
      break;
    case 'sharpness':
      sharpen(clip, operation.factor);
      break;
    default:
      transform(clip, operation);
  }
}
