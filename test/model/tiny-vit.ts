/** A Vision Transformer small enough for loops in float64, and its definition in such loops. */
import type { Forward } from '../../src/model/forward.ts';
import type { VitOptions } from '../../src/model/options.ts';
import { NORMALIZATIONS, tokensOf } from '../../src/model/options.ts';
import { backboneParameters, poolParameters } from '../../src/model/vit.ts';
import type { Lookup } from '../../src/tensor/parameters.ts';
import * as plain from '../tensor/definitions.ts';
import { draw, type Exact, exact, upload } from '../tensor/exact.ts';

export const tinyVit: VitOptions = {
  frames: 2,
  size: 8,
  patch: 4,
  tubelet: 2,
  width: 8,
  depth: 2,
  heads: 2,
  mlpRatio: 2,
  bias: 'qv',
  positions: 'sincos',
  clsToken: false,
  pool: 'mean',
  attention: 'joint',
  dropPath: 0,
  normalization: NORMALIZATIONS.imagenet,
};

export const tinyImageVit: VitOptions = {
  ...tinyVit,
  frames: 1,
  tubelet: 1,
  bias: 'qkv',
  positions: 'learned',
  clsToken: true,
  pool: 'cls',
};

export const evaluation: Forward = {
  training: false,
  noise: (name) => {
    throw new Error(`evaluation asked for ${name}`);
  },
};

export type ExactParameters = Readonly<Record<string, Exact>>;

/** Every parameter drawn at random, biases and norms too, so that none is without effect. */
export function drawBackbone(vit: VitOptions): ExactParameters {
  const specs = [...backboneParameters(vit), ...poolParameters(vit)];
  return Object.fromEntries(
    specs.map(({ name, shape }) => [name, draw(name, shape, 0.3, /norm\d?\.weight$/.test(name) ? 1 : 0)]),
  );
}

export function lookup(parameters: ExactParameters): Lookup {
  const tensors = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, upload(value)]));
  return (name) => {
    const tensor = tensors[name];
    if (tensor === undefined) throw new Error(`no parameter ${name}`);
    return tensor;
  };
}

/** Whole pixel values, [B, T, H, W, 3]. */
export function drawClips(vit: VitOptions, batch: number): Exact {
  const { shape, data } = draw('clips', [batch, vit.frames, vit.size, vit.size, 3]);
  return exact(
    shape,
    data.map((v) => Math.min(255, Math.max(0, Math.round(128 + 60 * v)))),
  );
}

/** The 3-D convolution written out; clips [B, T, H, W, 3] with values as the convolution sees them → [B, N, D]. */
export function convolve(
  vit: Pick<VitOptions, 'tubelet' | 'patch' | 'size' | 'width'>,
  clips: Exact,
  weight: Exact,
  bias: Exact,
): Exact {
  const { tubelet: t, patch: p, size, width: D } = vit;
  const [B, T] = clips.shape as [number, number];
  const side = size / p;
  const out: number[] = [];
  for (let b = 0; b < B; b++)
    for (let time = 0; time < T / t; time++)
      for (let row = 0; row < side; row++)
        for (let column = 0; column < side; column++)
          for (let o = 0; o < D; o++) {
            let sum = bias.data[o] as number;
            for (let c = 0; c < 3; c++)
              for (let dt = 0; dt < t; dt++)
                for (let dy = 0; dy < p; dy++)
                  for (let dx = 0; dx < p; dx++) {
                    const pixel = (((b * T + time * t + dt) * size + row * p + dy) * size + column * p + dx) * 3 + c;
                    const kernel = (((o * 3 + c) * t + dt) * p + dy) * p + dx;
                    sum += (clips.data[pixel] as number) * (weight.data[kernel] as number);
                  }
            out.push(sum);
          }
  return exact([B, (T / t) * side * side, D], out);
}

/** Row `row` of every video's tokens, or the mean of rows from `row` on. */
function pooled(x: Exact, from: number, rows: number): Exact {
  const [B, N, D] = x.shape as [number, number, number];
  return exact(
    [B, D],
    Array.from({ length: B * D }, (_, at) => {
      const [b, j] = [Math.floor(at / D), at % D];
      let sum = 0;
      for (let n = from; n < from + rows; n++) sum += x.data[(b * N + n) * D + j] as number;
      return sum / rows;
    }),
  );
}

/** What a method does to block i of the definition. */
export interface PlainTaps {
  /** Added to the MLP's output m; a is the stream after attention. */
  readonly mlp?: (i: number, a: Exact, m: Exact) => Exact;
}

/** Features [B, D], from the formulas of VideoMAE and ViT. */
export function plainFeatures(vit: VitOptions, p: ExactParameters, clips: Exact, taps: PlainTaps = {}): Exact {
  const get = (name: string): Exact => {
    const value = p[name];
    if (value === undefined) throw new Error(`no parameter ${name}`);
    return value;
  };
  const { mean, std } = vit.normalization;
  const pixels = clips.data.map((v, i) => (v / 255 - (mean[i % 3] as number)) / (std[i % 3] as number));
  const patches = convolve(
    vit,
    exact(clips.shape, pixels),
    get('patch_embed.proj.weight'),
    get('patch_embed.proj.bias'),
  );
  const { width: D } = vit;
  const [B] = clips.shape as [number];
  const N = tokensOf(vit);
  const extra = vit.clsToken ? 1 : 0;
  let x = exact(
    [B, N, D],
    Array.from({ length: B * N * D }, (_, at) => {
      const [b, n, j] = [Math.floor(at / (N * D)), Math.floor(at / D) % N, at % D];
      const token =
        n < extra
          ? (get('cls_token').data[j] as number)
          : (patches.data[(b * (N - extra) + n - extra) * D + j] as number);
      if (vit.positions === 'learned') return token + (get('pos_embed').data[n * D + j] as number);
      if (n < extra) return token;
      const angle = (n - extra) / 10000 ** ((2 * Math.floor(j / 2)) / D);
      return token + (j % 2 === 0 ? Math.sin(angle) : Math.cos(angle));
    }),
  );
  for (let i = 0; i < vit.depth; i++) {
    const own = (name: string): Exact => get(`blocks.${i}.${name}`);
    const bias =
      vit.bias === 'qkv'
        ? own('attn.qkv.bias')
        : exact([3 * D], [...own('attn.q_bias').data, ...new Float64Array(D), ...own('attn.v_bias').data]);
    const h = plain.layerNorm(x, own('norm1.weight'), own('norm1.bias'), 1e-6);
    const mixed = plain.multiHead(plain.linear(h, own('attn.qkv.weight'), bias), vit.heads);
    const a = plain.add(x, plain.linear(mixed, own('attn.proj.weight'), own('attn.proj.bias')));
    const h2 = plain.layerNorm(a, own('norm2.weight'), own('norm2.bias'), 1e-6);
    const hidden = plain.gelu(plain.linear(h2, own('mlp.fc1.weight'), own('mlp.fc1.bias')));
    const m = plain.linear(hidden, own('mlp.fc2.weight'), own('mlp.fc2.bias'));
    x = plain.add(a, m, ...(taps.mlp === undefined ? [] : [taps.mlp(i, a, m)]));
  }
  return vit.pool === 'cls'
    ? plain.layerNorm(pooled(x, 0, 1), get('norm.weight'), get('norm.bias'), 1e-6)
    : plain.layerNorm(pooled(x, extra, N - extra), get('fc_norm.weight'), get('fc_norm.bias'), 1e-6);
}
