/** Random erasing (Zhong et al., 2020) as VideoMAE fine-tunes with it: which rectangle of a clip becomes noise. */
import { type Random, rng } from '../../tensor/random.ts';
import type { Window } from '../../video/window.ts';

/** Share of the picture that a rectangle takes, drawn uniformly. */
const AREA = [0.02, 1 / 3] as const;
/** Its shape (height / width), drawn uniformly in the logarithm. */
const ASPECT = [0.3, 1 / 0.3] as const;
const TRIES = 100;

/** What the rectangle of a clip is drawn from, and then its noise. @param clip its number in the batch */
export function erasingRandom(seed: number, epoch: number, batchOfEpoch: number, clip: number): Random {
  return rng(seed, 'erasing', epoch, batchOfEpoch, clip);
}

/**
 * One rectangle for all frames of a clip of side `size`, or undefined for a clip that stays whole: with probability
 * 1 − `probability`, or where none of 100 fits.
 */
export function drawErasing(probability: number, size: number, random: Random): Window | undefined {
  if (random.uniform() >= probability) return undefined;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const area = size * size * (AREA[0] + (AREA[1] - AREA[0]) * random.uniform());
    const aspect = ASPECT[0] * (ASPECT[1] / ASPECT[0]) ** random.uniform();
    const height = Math.round(Math.sqrt(area * aspect));
    const width = Math.round(Math.sqrt(area / aspect));
    if (height >= size || width >= size || height === 0 || width === 0) continue;
    const y = random.integer(size - height + 1);
    return { x: random.integer(size - width + 1), y, width, height };
  }
  return undefined;
}
