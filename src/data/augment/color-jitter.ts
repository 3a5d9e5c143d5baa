/** Color jitter as torchvision has it (and timm by its `color_jitter`): brightness, contrast and saturation in any order. */
import type { Random } from '../../tensor/random.ts';
import type { Operation } from '../../video/augment/operations.ts';

const NAMES = ['brightness', 'contrast', 'color'] as const;

/** @param strength each factor is uniform in 1 ± strength, never below 0 */
export function drawColorJitter(strength: number, random: Random): Operation[] {
  const least = Math.max(0, 1 - strength);
  const drawn = NAMES.map((name): Operation => ({ name, factor: least + (1 + strength - least) * random.uniform() }));
  for (let i = drawn.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [drawn[i], drawn[j]] = [drawn[j] as Operation, drawn[i] as Operation];
  }
  return drawn;
}
