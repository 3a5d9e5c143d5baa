/**
 * Random erasing of a batch: the rectangles of `data/augment/erasing.ts` are filled with noise, fresh N(0, 1) for each value
 * after normalisation. Clips stay bytes on their way to the device: a byte of an erased rectangle is a code for the noise, in
 * steps of 1/32 (an eighth-bit picture has steps of 1/57 there), and the gradients step makes the value of it. Float clips
 * would take four times the traffic, and a batch of 16 is hardly ever without an erased one.
 */
import { drawErasing, erasingRandom } from '../data/augment/erasing.ts';
import type { Normalization } from '../model/options.ts';
import { type HostTensor, uint8 } from '../tensor/host.ts';
import { bulkBits } from '../tensor/random.ts';
import { type Tensor, tf } from '../tensor/tf.ts';

/** Code c stands for (c − 128) / 32: from −4 to 3.97. */
const ZERO = 128;
const PER_UNIT = 32;

/** The code of each of 65536 equally likely draws, by the areas under the normal density. */
const CODES = normalCodes(1 << 16);

function normalCodes(draws: number): Uint8Array {
  const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  const width = 1 / PER_UNIT;
  /** Area below the upper edge of each code, by Simpson's rule outwards from 0. */
  const below = new Float64Array(256);
  for (const direction of [1, -1]) {
    let area = 0.5 + (direction * (density(0) + 4 * density(width / 4) + density(width / 2)) * width) / 12;
    for (let code = ZERO; code >= 0 && code < 256; code += direction) {
      below[direction > 0 ? code : code - 1] = area;
      const centre = (code + direction - ZERO) * width;
      const sides = density(centre - width / 2) + density(centre + width / 2);
      area += (direction * (sides + 4 * density(centre)) * width) / 6;
    }
  }
  below[255] = 1;
  const codes = new Uint8Array(draws);
  let from = 0;
  for (const [code, area] of below.entries()) {
    const end = Math.round(area * draws);
    codes.fill(code, from, end);
    from = end;
  }
  return codes;
}

export interface ErasedBatch {
  /** uint8 [B, T, S, S, 3]: changed in place. */
  readonly clips: Uint8Array;
  readonly batch: number;
  readonly frames: number;
  readonly size: number;
}

/** Draws and fills the rectangles. @returns `erased` [B, H, W], 1 where the bytes are codes */
export function eraseBatch(
  { clips, batch, frames, size }: ErasedBatch,
  probability: number,
  seed: number,
  epoch: number,
  batchOfEpoch: number,
): HostTensor {
  const mask = new Uint8Array(batch * size * size);
  for (let clip = 0; clip < batch; clip++) {
    const random = erasingRandom(seed, epoch, batchOfEpoch, clip);
    const window = drawErasing(probability, size, random);
    if (window === undefined) continue;
    const { x, y, width, height } = window;
    const bits = bulkBits(random);
    for (let row = y; row < y + height; row++) {
      const at = (clip * size + row) * size + x;
      mask.fill(1, at, at + width);
      for (let t = 0; t < frames; t++) {
        const start = (((clip * frames + t) * size + row) * size + x) * 3;
        const end = start + width * 3;
        for (let i = start; i < end; i += 2) {
          const two = bits();
          clips[i] = CODES[two & 0xffff] as number;
          if (i + 1 < end) clips[i + 1] = CODES[two >>> 16] as number;
        }
      }
    }
  }
  return uint8([batch, size, size], mask);
}

/** Clips [B, T, H, W, 3] whose values are pixels (0-255) everywhere, those of the noise beyond that range too. */
export function decodeErased(clips: Tensor, erased: Tensor, { mean, std }: Normalization): Tensor {
  const [batch, height, width] = erased.shape as [number, number, number];
  const mask = tf.reshape(erased, [batch, 1, height, width, 1]);
  const gain = tf.tensor1d(std.map((s) => (255 * s) / PER_UNIT - 1));
  const offset = tf.tensor1d(mean.map((m, c) => 255 * (m - ((std[c] as number) * ZERO) / PER_UNIT)));
  return tf.add(tf.mul(clips, tf.add(1, tf.mul(mask, gain))), tf.mul(mask, offset));
}
