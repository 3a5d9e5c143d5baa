/**
 * Which values of a line make each value of its resized line, and with what weight, as Pillow's `Image.resize` has it
 * (libImaging/Resample.c): the filter grows with the shrinking, what lies outside has no part, and weights are rounded to
 * 22 bits, each by itself.
 */

/** `bicubic` is Keys' with a = −0.5; `area` is Pillow's BOX. */
export type Filter = 'bilinear' | 'bicubic' | 'area';

const BITS = 22;

interface Kernel {
  readonly support: number;
  weight(distance: number): number;
}

const KERNELS: Readonly<Record<Filter, Kernel>> = {
  area: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(1 - Math.abs(x), 0) },
  bicubic: {
    support: 2,
    weight(distance) {
      const a = -0.5;
      const x = Math.abs(distance);
      if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
    },
  },
};

export interface PillowTaps {
  readonly outputs: number;
  /** Weights of each output, even; those not needed are 0 and stand behind. */
  readonly count: number;
  /** First input of each output. */
  readonly first: Int32Array;
  /** `count` for each output, 2^22 being 1. */
  readonly weights: Int32Array;
}

/** @param flip the outputs in reverse order; `from` and `outputs` which of the `total` outputs are wanted */
export function pillowTaps(
  filter: Filter,
  inputs: number,
  total: number,
  { from = 0, outputs = total, flip = false }: { from?: number; outputs?: number; flip?: boolean } = {},
): PillowTaps {
  const { support: reach, weight } = KERNELS[filter];
  const scale = inputs / total;
  const stretch = Math.max(scale, 1);
  const support = reach * stretch;
  const count = 2 * Math.ceil((Math.ceil(support) * 2 + 1) / 2);
  const first = new Int32Array(outputs);
  const weights = new Int32Array(outputs * count);
  const raw = new Float64Array(count);
  const inverse = 1 / stretch;
  for (let i = 0; i < outputs; i++) {
    const output = from + (flip ? outputs - 1 - i : i);
    const center = (output + 0.5) * scale;
    const start = Math.max(Math.trunc(center - support + 0.5), 0);
    const many = Math.min(Math.trunc(center + support + 0.5), inputs) - start;
    let sum = 0;
    for (let k = 0; k < many; k++) {
      raw[k] = weight((k + start - center + 0.5) * inverse);
      sum += raw[k] as number;
    }
    first[i] = start;
    for (let k = 0; k < many; k++) {
      const share = sum === 0 ? (raw[k] as number) : (raw[k] as number) / sum;
      weights[i * count + k] = Math.trunc(share * 2 ** BITS + (share < 0 ? -0.5 : 0.5));
    }
  }
  return { outputs, count, first, weights };
}
