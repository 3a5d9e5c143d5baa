/** A stand-in for random numbers that gives the integers listed, and fails when more are drawn. */
import type { Random } from '../../../src/tensor/random.ts';

export function drawing(...integers: readonly number[]): Random {
  let next = 0;
  const refuse = (): never => {
    throw new Error('nothing but integers was to be drawn');
  };
  return {
    bits: refuse,
    uniform: refuse,
    normal: refuse,
    beta: refuse,
    permutation: refuse,
    integer: (n) => {
      const value = integers[next++];
      if (value === undefined) throw new Error('one more integer was drawn than expected');
      if (value >= n) throw new Error(`${value} is not among 0..${n - 1}`);
      return value;
    },
  };
}
