/** Swin Transformers of a few thousand parameters and the definition that they are held against, in float64. */
import { NORMALIZATIONS } from '../../../src/model/options.ts';
import { type SwinOptions, stagesOf } from '../../../src/model/swin/options.ts';
import { swinParameters, swinPoolParameters } from '../../../src/model/swin/swin.ts';
import * as plain from '../../tensor/definitions.ts';
import { draw, type Exact, exact } from '../../tensor/exact.ts';
import { convolve, type ExactParameters } from '../tiny-vit.ts';

/** Grids of 8 and 4, windows of 2, each second block shifted by one. */
export const tinySwin: SwinOptions = {
  frames: 1,
  size: 16,
  patch: 2,
  window: 2,
  width: 8,
  depths: [2, 2],
  heads: [2, 4],
  mlpRatio: 2,
  dropPath: 0,
  normalization: NORMALIZATIONS.imagenet,
};

export function drawSwin(swin: SwinOptions): ExactParameters {
  const specs = [...swinParameters(swin), ...swinPoolParameters(swin)];
  return Object.fromEntries(
    specs.map(({ name, shape }) => [name, draw(name, shape, 0.3, /norm\d?\.weight$/.test(name) ? 1 : 0)]),
  );
}

/** What a method does to block i of the definition. */
export interface PlainSwinTaps {
  /** Added to what attention is given, h [B, N, D]. */
  readonly attnIn?: (i: number, h: Exact) => Exact;
  /** Added to the MLP's output; a is the stream after attention, [B, N, D]. */
  readonly mlp?: (i: number, a: Exact) => Exact;
}

/** Features [B, D of the last stage], from the paper's formulas. */
export function plainSwinFeatures(
  swin: SwinOptions,
  p: ExactParameters,
  clips: Exact,
  taps: PlainSwinTaps = {},
): Exact {
  const get = (name: string): Exact => {
    const value = p[name];
    if (value === undefined) throw new Error(`no parameter ${name}`);
    return value;
  };
  const norm = (x: Exact, name: string): Exact => plain.layerNorm(x, get(`${name}.weight`), get(`${name}.bias`), 1e-5);
  const { mean, std } = swin.normalization;
  const pixels = clips.data.map((v, i) => (v / 255 - (mean[i % 3] as number)) / (std[i % 3] as number));
  const [kernel, bias] = [get('patch_embed.proj.weight'), get('patch_embed.proj.bias')];
  let x = norm(convolve({ ...swin, tubelet: 1 }, exact(clips.shape, pixels), kernel, bias), 'patch_embed.norm');
  const stages = stagesOf(swin);
  for (const stage of stages) {
    for (let j = 0; j < stage.depth; j++) {
      const i = stage.first + j;
      const own = (name: string): Exact => get(`blocks.${i}.${name}`);
      const dense = (y: Exact, name: string): Exact => plain.linear(y, own(`${name}.weight`), own(`${name}.bias`));
      const normed = norm(x, `blocks.${i}.norm1`);
      const h = plain.add(normed, ...(taps.attnIn === undefined ? [] : [taps.attnIn(i, normed)]));
      const fused = dense(h, 'attn.qkv');
      const mixed = windowAttention(fused, own('attn.relative_position_bias_table'), {
        side: stage.side,
        window: stage.window,
        heads: stage.heads,
        // The paper's rule, told again: every second block, by half a window, where there is more than one.
        shift: j % 2 === 1 && stage.side > stage.window ? Math.floor(stage.window / 2) : 0,
      });
      const a = plain.add(x, dense(mixed, 'attn.proj'));
      const m = dense(plain.gelu(dense(norm(a, `blocks.${i}.norm2`), 'mlp.fc1')), 'mlp.fc2');
      x = plain.add(a, m, ...(taps.mlp === undefined ? [] : [taps.mlp(i, a)]));
    }
    if (stage.index < stages.length - 1) {
      const four = norm(fourNeighbours(x, stage.side), `merges.${stage.index}.norm`);
      x = plain.linear(four, get(`merges.${stage.index}.reduction.weight`));
    }
  }
  return meanOfTokens(norm(x, 'norm'));
}

interface Windows {
  readonly side: number;
  readonly window: number;
  readonly heads: number;
  readonly shift: number;
}

/**
 * Each token attends to those that share its window: the lines between windows stand at `shift` + multiples of `window`, and the
 * picture's edge parts too.
 */
function windowAttention(fused: Exact, table: Exact, { side, window, heads, shift }: Windows): Exact {
  const [B, N, three] = fused.shape as [number, number, number];
  const D = three / 3;
  const d = D / heads;
  const at = (b: number, n: number, which: number, h: number, k: number): number =>
    fused.data[(b * N + n) * three + which * D + h * d + k] as number;
  const cell = (place: number): number => Math.floor((place - shift) / window);
  const out = new Float64Array(B * N * D);
  for (let b = 0; b < B; b++)
    for (let n = 0; n < N; n++) {
      const [row, column] = [Math.floor(n / side), n % side];
      const others = Array.from({ length: N }, (_, m) => m).filter(
        (m) => cell(Math.floor(m / side)) === cell(row) && cell(m % side) === cell(column),
      );
      for (let h = 0; h < heads; h++) {
        const scores = others.map((m) => {
          let sum = 0;
          for (let k = 0; k < d; k++) sum += at(b, n, 0, h, k) * at(b, m, 1, h, k);
          const [down, right] = [row - Math.floor(m / side), column - (m % side)];
          const place = (down + window - 1) * (2 * window - 1) + right + window - 1;
          return sum / Math.sqrt(d) + (table.data[place * heads + h] as number);
        });
        plain.softmaxRow(scores).forEach((weight, o) => {
          for (let k = 0; k < d; k++) {
            const into = (b * N + n) * D + h * d + k;
            out[into] = (out[into] as number) + weight * at(b, others[o] as number, 2, h, k);
          }
        });
      }
    }
  return exact([B, N, D], out);
}

/** Above left, below left, above right, below right. */
function fourNeighbours(x: Exact, side: number): Exact {
  const [B, N, D] = x.shape as [number, number, number];
  const out: number[] = [];
  for (let b = 0; b < B; b++)
    for (let row = 0; row < side; row += 2)
      for (let column = 0; column < side; column += 2)
        for (const [down, right] of [
          [0, 0],
          [1, 0],
          [0, 1],
          [1, 1],
        ] as const)
          for (let k = 0; k < D; k++)
            out.push(x.data[(b * N + (row + down) * side + column + right) * D + k] as number);
  return exact([B, N / 4, 4 * D], out);
}

function meanOfTokens(x: Exact): Exact {
  const [B, N, D] = x.shape as [number, number, number];
  const out = new Float64Array(B * D);
  for (let b = 0; b < B; b++)
    for (let n = 0; n < N; n++)
      for (let k = 0; k < D; k++)
        out[b * D + k] = (out[b * D + k] as number) + (x.data[(b * N + n) * D + k] as number) / N;
  return exact([B, D], out);
}
