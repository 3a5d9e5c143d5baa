/**
 * Which values of a line make each value of its resized line, and with what weight.
 *
 * Separable triangle ("bilinear"): pixel centres lie at halves, output i looks at c = (i + 0.5) s - 0.5 with s = inputs /
 * outputs and weighs input j with 1 - |j - c| / max(s, 1): interpolation when enlarging, an average that does not alias
 * when shrinking. Positions outside take the value at the edge, as in ffmpeg's scaler; PIL leaves them out and gives
 * their weight to those inside, which is another value only within a pixel or two of the edge of a shrunk picture.
 */

/** One unit of weight, in 14 bits as ffmpeg's scaler has it. */
export const ONE = 1 << 14;

export interface Taps {
  readonly outputs: number;
  /** Weights of each output, even; those not needed are 0 and stand behind. */
  readonly count: number;
  /** First input of each output. */
  readonly first: Int32Array;
  /** `count` for each output, together exactly `ONE`. */
  readonly weights: Int16Array;
}

export function makeTaps(inputs: number, outputs: number): Taps {
  const scale = inputs / outputs;
  const reach = Math.max(scale, 1);
  const rows = Array.from({ length: outputs }, (_, i) => tapsAround((i + 0.5) * scale - 0.5, reach, inputs));
  const longest = Math.max(...rows.map(({ weights }) => weights.length));
  const count = longest + (longest % 2);
  const first = Int32Array.from(rows, (row) => row.first);
  const weights = new Int16Array(outputs * count);
  for (const [i, row] of rows.entries()) weights.set(row.weights, i * count);
  return { outputs, count, first, weights };
}

function tapsAround(center: number, reach: number, inputs: number): { first: number; weights: number[] } {
  const last = inputs - 1;
  const inside = (position: number): number => Math.min(Math.max(position, 0), last);
  const from = Math.floor(center - reach) + 1;
  const to = Math.ceil(center + reach) - 1;
  const first = inside(from);
  const raw = new Array<number>(inside(to) - first + 1).fill(0);
  let sum = 0;
  for (let j = from; j <= to; j++) {
    const weight = 1 - Math.abs(j - center) / reach;
    raw[inside(j) - first] = (raw[inside(j) - first] as number) + weight;
    sum += weight;
  }
  const weights = raw.map((weight) => Math.round((weight / sum) * ONE));
  // What rounding left over goes where it is the smallest share.
  const largest = weights.indexOf(Math.max(...weights));
  weights[largest] = (weights[largest] as number) + ONE - weights.reduce((a, b) => a + b, 0);
  return { first, weights };
}
