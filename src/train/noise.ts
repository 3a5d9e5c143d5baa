import type { NoiseSpec } from '../model/forward.ts';
import { type HostTensors, sizeOf, uint8 } from '../tensor/host.ts';
import { bulkBits, rng } from '../tensor/random.ts';

/** The masks of one batch, [B, ...shape] of 0 and 1, named as the gradients step takes them. */
export function drawNoise(
  noise: readonly NoiseSpec[],
  batch: number,
  seed: number,
  epoch: number,
  batchOfEpoch: number,
): HostTensors {
  const tensors: HostTensors = {};
  for (const { name, shape, keep } of noise) {
    const bits = bulkBits(rng(seed, `noise/${name}`, epoch, batchOfEpoch));
    const threshold = Math.round(keep * 0x100000000);
    const full = [batch, ...shape];
    const mask = new Uint8Array(sizeOf(full));
    for (let i = 0; i < mask.length; i++) mask[i] = bits() < threshold ? 1 : 0;
    tensors[`noise/${name}`] = uint8(full, mask);
  }
  return tensors;
}
