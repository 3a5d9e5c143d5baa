/** The layers of a Vision Transformer as plain loops in float64: what the tfjs ops are held against. */
import { type Exact, exact } from './exact.ts';

const last = ({ shape }: Exact): number => shape.at(-1) as number;

/** The rows along the last axis, each through `change`. */
function rows(x: Exact, change: (row: Float64Array) => ArrayLike<number>, width = last(x)): Exact {
  const from = last(x);
  const count = x.data.length / from;
  const out = new Float64Array(count * width);
  for (let r = 0; r < count; r++) out.set(Float64Array.from(change(x.data.slice(r * from, (r + 1) * from))), r * width);
  return exact([...x.shape.slice(0, -1), width], out);
}

export function linear(x: Exact, weight: Exact, bias?: Exact): Exact {
  const [outputs, inputs] = weight.shape as [number, number];
  return rows(
    x,
    (row) =>
      Float64Array.from({ length: outputs }, (_, o) => {
        let sum = bias === undefined ? 0 : (bias.data[o] as number);
        for (let i = 0; i < inputs; i++) sum += (row[i] as number) * (weight.data[o * inputs + i] as number);
        return sum;
      }),
    outputs,
  );
}

export function layerNorm(x: Exact, weight: Exact, bias: Exact, epsilon: number): Exact {
  return rows(x, (row) => {
    const mean = row.reduce((a, b) => a + b, 0) / row.length;
    const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / row.length;
    return row.map(
      (v, i) => ((v - mean) / Math.sqrt(variance + epsilon)) * (weight.data[i] as number) + (bias.data[i] as number),
    );
  });
}

/** erf by its series of positive terms: 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!! */
export function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

export function gelu(x: Exact): Exact {
  return exact(
    x.shape,
    x.data.map((v) => (v * (1 + erf(v / Math.SQRT2))) / 2),
  );
}

export function softmaxRow(row: ArrayLike<number>): number[] {
  const values = Array.from(row);
  const largest = Math.max(...values);
  const powers = values.map((v) => Math.exp(v - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / sum);
}

/** q, k, v [B, heads, N, d]. */
export function attention(q: Exact, k: Exact, v: Exact): Exact {
  const [B, H, N, d] = q.shape as [number, number, number, number];
  const out = new Float64Array(q.data.length);
  for (let group = 0; group < B * H; group++) {
    const at = (x: Exact, token: number, i: number): number => x.data[(group * N + token) * d + i] as number;
    for (let a = 0; a < N; a++) {
      const scores = Array.from({ length: N }, (_, b) => {
        let sum = 0;
        for (let i = 0; i < d; i++) sum += at(q, a, i) * at(k, b, i);
        return sum / Math.sqrt(d);
      });
      softmaxRow(scores).forEach((weight, b) => {
        for (let i = 0; i < d; i++)
          out[(group * N + a) * d + i] = (out[(group * N + a) * d + i] as number) + weight * at(v, b, i);
      });
    }
  }
  return exact(q.shape, out);
}

/** Multi-head attention from the fused projection [B, N, 3D], q | k | v, heads contiguous → [B, N, D]. */
export function multiHead(fused: Exact, heads: number): Exact {
  const [B, N, three] = fused.shape as [number, number, number];
  const D = three / 3;
  const d = D / heads;
  const third = (which: number): Exact => {
    const data = new Float64Array(B * N * D);
    for (let b = 0; b < B; b++)
      for (let h = 0; h < heads; h++)
        for (let n = 0; n < N; n++)
          for (let i = 0; i < d; i++)
            data[((b * heads + h) * N + n) * d + i] = fused.data[(b * N + n) * three + which * D + h * d + i] as number;
    return exact([B, heads, N, d], data);
  };
  const o = attention(third(0), third(1), third(2));
  const out = new Float64Array(B * N * D);
  for (let b = 0; b < B; b++)
    for (let h = 0; h < heads; h++)
      for (let n = 0; n < N; n++)
        for (let i = 0; i < d; i++)
          out[(b * N + n) * D + h * d + i] = o.data[((b * heads + h) * N + n) * d + i] as number;
  return exact([B, N, D], out);
}

/** Mean over the batch of −Σ t · log softmax(z). */
export function crossEntropy(logits: Exact, targets: Exact): Exact {
  const [B, K] = logits.shape as [number, number];
  let sum = 0;
  for (let b = 0; b < B; b++) {
    const row = logits.data.slice(b * K, (b + 1) * K);
    const largest = Math.max(...row);
    const log = largest + Math.log(row.reduce((a, z) => a + Math.exp(z - largest), 0));
    row.forEach((z, k) => {
      sum -= (targets.data[b * K + k] as number) * (z - log);
    });
  }
  return exact([], [sum / B]);
}

/** Means and variances of the columns of x [B, D]; the variance's divisor is B − `less`. */
export function columnStatistics(x: Exact, less: 0 | 1): { mean: Float64Array; variance: Float64Array } {
  const [B, D] = x.shape as [number, number];
  const column = (j: number): number[] => Array.from({ length: B }, (_, b) => x.data[b * D + j] as number);
  const mean = Float64Array.from({ length: D }, (_, j) => column(j).reduce((a, v) => a + v, 0) / B);
  const variance = Float64Array.from(
    { length: D },
    (_, j) => column(j).reduce((a, v) => a + (v - (mean[j] as number)) ** 2, 0) / (B - less),
  );
  return { mean, variance };
}

export function batchNorm(x: Exact, mean: ArrayLike<number>, variance: ArrayLike<number>, epsilon: number): Exact {
  return rows(x, (row) => row.map((v, j) => (v - (mean[j] as number)) / Math.sqrt((variance[j] as number) + epsilon)));
}

export function add(...terms: readonly [Exact, ...Exact[]]): Exact {
  const [first] = terms;
  return exact(
    first.shape,
    first.data.map((_, i) => terms.reduce((sum, { data }) => sum + (data[i] as number), 0)),
  );
}
