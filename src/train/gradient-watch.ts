import { divergedError } from '../errors/index.ts';
import type { ParameterSpec } from '../tensor/parameters.ts';

/** Updates with a rate above 0 within which every trained tensor must have had a gradient. */
const UPDATES = 3;

export interface GradientWatch {
  /**
   * After an update: its rate and the largest magnitude of each gradient.
   * @throws PetlVideoError (diverged) at the third update that acted, with the names of the tensors that nothing moves
   */
  update(lr: number, largest: ArrayLike<number>): void;
}

/**
 * A trained tensor that gets no gradient is a fault that would otherwise show as a poor result days later. Three updates,
 * because an adapter that starts at zero has a gradient below it only from the second on. Gradients are watched and not
 * values: in a warm-up behind a head of std 2e-5 the first steps can be smaller than a float's resolution.
 */
export function gradientWatch(
  trained: readonly ParameterSpec[],
  isUnreached: (name: string) => boolean = () => false,
): GradientWatch {
  const still = new Set(trained.map(({ name }) => name).filter((name) => !isUnreached(name)));
  let acted = 0;
  return {
    update(lr, largest) {
      if (acted >= UPDATES) return;
      trained.forEach(({ name }, i) => {
        if ((largest[i] as number) > 0) still.delete(name);
      });
      if (lr > 0) acted++;
      if (acted < UPDATES || still.size === 0) return;
      throw divergedError(`${still.size} trained tensors do not move: they had no gradient in ${UPDATES} updates`, {
        at: [...still].join(', '),
        remedy: 'check the method’s options: a scale of 0, or a bottleneck so small that its ReLU is never active',
      });
    },
  };
}
