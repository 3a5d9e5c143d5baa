/**
 * Which values of a line make each value of its resized line, and with what weight.
 *
 * Separable triangle ("bilinear"): pixel centres lie at halves, output i looks at c = (i + 0.5) s - 0.5 with s = inputs /
 * outputs and weighs input j with 1 - |j - c| / max(s, 1): interpolation when enlarging, an average that does not alias
 * when shrinking. Positions outside take the value at the edge, as in ffmpeg's scaler; PIL leaves them out and gives
 * their weight to those inside, which is another value only within a pixel or two of the edge of a shrunk picture.
 */

/** One unit of weight, in 14 bits as ffmpeg's scaler has it. */
const ONE = 1 << 14;

export interface Taps {
  readonly outputs: number;
  /** Weights of each output, even; those not needed are 0 and stand behind. */
  readonly count: number;
  /** First input of each output. */
  readonly first: Int32Array;
  /** `count` for each output, together exactly 1 in 14 bits. */
  readonly weights: Int16Array;
}

/** @param flip the outputs in reverse order */
export function makeTaps(inputs: number, outputs: number, flip = false): Taps {
  const scale = inputs / outputs;
  const center = (i: number): number => (flip ? outputs - 0.5 - i : i + 0.5) * scale - 0.5;
  return tapsAround(center, outputs, Math.max(scale, 1), inputs);
}

/** Taps of outputs that lie around positions of the inputs, `reach` to either side. */
export function tapsAround(center: (output: number) => number, outputs: number, reach: number, inputs: number): Taps {
  const count = 2 * Math.ceil(Math.ceil(2 * reach) / 2);
  const first = new Int32Array(outputs);
  const weights = new Int16Array(outputs * count);
  const raw = new Float64Array(count);
  for (let i = 0; i < outputs; i++) {
    const c = center(i);
    const from = Math.floor(c - reach) + 1;
    const to = Math.ceil(c + reach) - 1;
    const start = Math.min(Math.max(from, 0), inputs - 1);
    first[i] = start;
    raw.fill(0);
    let sum = 0;
    for (let j = from; j <= to; j++) {
      const at = Math.min(Math.max(j, start), inputs - 1) - start;
      const weight = 1 - Math.abs(j - c) / reach;
      raw[at] = (raw[at] as number) + weight;
      sum += weight;
    }
    let left = ONE;
    let largest = 0;
    for (let k = 0; k < count; k++) {
      const weight = Math.round(((raw[k] as number) / sum) * ONE);
      weights[i * count + k] = weight;
      left -= weight;
      if ((raw[k] as number) > (raw[largest] as number)) largest = k;
    }
    // What rounding left over goes where it is the smallest share.
    weights[i * count + largest] = (weights[i * count + largest] as number) + left;
  }
  return { outputs, count, first, weights };
}
