/**
 * FacT, Factor-Tuning (Jie and Deng, AAAI 2023, arXiv:2212.03145): the changes of all linear layers as one tensor of low rank.
 * With m = hidden / D, a block has 4 + 2m matrices of D × D: q, k, v, the projection, m row blocks of fc1 and m column blocks of
 * fc2. Each of them changes by s · V Σ U, with U [r, D] and V [D, r] for all of them and V starting at zero.
 *
 *   fact-tt   Σ is its own: r × r in each attention layer, [m r, r] in fc1, [r, m r] in fc2           (tensor train)
 *   fact-tk   Σ = C ×₃ p, of a core C [r, r, r] for all, and a row p [r] of P [matrices, r] for each   (Tucker)
 *
 *   y = W x + b + s · V dropout(Σ (U x))
 *
 * In the original Tucker form the m matrices of fc1 come out of C ×₃ P as [r, r, m] and are read as [r, m r], so that block and
 * column interleave; for fc2 as [m r, r]. This order is kept, so that checkpoints can be exchanged.
 */
import { z } from 'zod';
import { configError } from '../errors/index.ts';
import { type BlockShape, blockShapes, blockTokens } from '../model/backbone.ts';
import type { LinearSite } from '../model/taps.ts';
import type { HostTensors } from '../tensor/host.ts';
import { linear } from '../tensor/ops/linear.ts';
import { type Lookup, type ParameterSpec, uniform, xavier, zeros } from '../tensor/parameters.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { blocksOption, chosenBlocks } from './chosen-blocks.ts';
import { type Dropping, dropoutOption, dropout as dropping } from './dropout.ts';
import { SITES } from './layer-sizes.ts';
import { columnsOf, type Matrix, matrix, matrixOf, product, rowsOf, times } from './merge/matrix.ts';
import { foldAtSites } from './merge/sites.ts';
import { defineMethod, type Method } from './method.ts';
import { perBlock } from './per-block.ts';
import { vitOnly } from './vit-only.ts';

const optionsOf = (rank: number) =>
  z.strictObject({
    rank: z.int().min(1).default(rank).describe(`r, the rank (paper: by data set, up to ${rank})`),
    scale: z.number().default(1).describe('s, the factor of the change (paper: 0.01, 0.1, 1, 10 or 100 by data set)'),
    dropout: dropoutOption(0.1, 'Dropout behind Σ (paper: 0.1)'),
    blocks: blocksOption,
  });

const [U, V] = ['fact.u.weight', 'fact.v.weight'];
const [CORE, ROWS] = ['fact.core', 'fact.rows'];

/** How Σ of a layer is made. `[out, in]` below is [r, r], for fc1 [m r, r], for fc2 [r, m r]. */
interface Middle {
  readonly shared: readonly ParameterSpec[];
  own(i: number, ratio: number): readonly ParameterSpec[];
  /** Σ [out, in] of a site. @param place the block's rank among the chosen */
  sigma(parameter: Lookup, i: number, place: number, site: LinearSite, ratio: number): Tensor;
  /** The same on the host. */
  matrix(tensors: HostTensors, i: number, place: number, site: LinearSite, ratio: number): Matrix;
}

function factMethod(
  name: string,
  summary: string,
  usualRank: number,
  middleOf: (rank: number, blocks: number, ratio: number) => Middle,
): Method {
  return defineMethod({
    name,
    summary,
    options: optionsOf(usualRank),
    attach(backbone, { rank: r, scale, dropout, blocks }) {
      const vit = vitOnly(backbone, name);
      const D = vit.width;
      const ratio = vit.mlpRatio;
      if (!Number.isInteger(ratio)) {
        throw configError(`method ${name} cuts the MLP into blocks of the width, but its ratio is ${ratio}`, {
          remedy: 'use a backbone whose mlpRatio is a whole number',
        });
      }
      const chosen = chosenBlocks(blocks, blockShapes(vit));
      const places = new Map([...chosen.keys()].map((i, place) => [i, place]));
      const middle = middleOf(r, chosen.size, ratio);
      const parts = perBlock(chosen, (i, shape) => {
        const dropped = new Map(SITES.map((site) => [site, droppedAt(site, i, shape, r, ratio, dropout)]));
        return {
          parameters: middle.own(i, ratio),
          noise: [...dropped.values()].flatMap(({ noise }) => noise),
          taps: (parameter, forward) => ({
            linear: (site, input, output) => {
              const sigma = middle.sigma(parameter, i, places.get(i) as number, site, ratio);
              const small = linear(byParts(input, parameter(U), site === 'fc2' ? ratio : 1), sigma);
              const drop = dropped.get(site) as Dropping;
              const up = byParts(drop.apply(small, forward), parameter(V), site === 'fc1' ? ratio : 1);
              return tf.add(output, tf.mul(up, scale));
            },
          }),
        };
      });
      return {
        ...parts,
        parameters: [
          { name: U, shape: [r, D], init: uniform(1 / Math.sqrt(D)) },
          { name: V, shape: [D, r], init: zeros },
          ...middle.shared,
          ...parts.parameters,
        ],
        merge: (tensors) =>
          foldAtSites(tensors, chosen, SITES, (i, site) => {
            const sigma = middle.matrix(tensors, i, places.get(i) as number, site, ratio);
            return times(unfold(matrixOf(tensors, V), sigma, matrixOf(tensors, U), r), scale);
          }),
      };
    },
  });
}

/** The same [out, in] weight on each of `parts` equal parts of x's last axis, side by side. */
function byParts(x: Tensor, weight: Tensor, parts: number): Tensor {
  if (parts === 1) return linear(x, weight);
  const [batch, tokens, width] = x.shape as [number, number, number];
  const apart = tf.reshape(x, [batch, tokens * parts, width / parts]);
  return tf.reshape(linear(apart, weight), [batch, tokens, -1]);
}

function droppedAt(site: LinearSite, i: number, shape: BlockShape, r: number, ratio: number, rate: number): Dropping {
  const width = site === 'fc1' ? ratio * r : r;
  return dropping(`blocks.${i}.fact.${site}.dropout`, [blockTokens(shape), width], rate);
}

/** V Σ U, block by block: Σ [a r, b r] makes [a D, b D]. */
function unfold(v: Matrix, sigma: Matrix, u: Matrix, r: number): Matrix {
  const [down, across] = [sigma.rows / r, sigma.cols / r];
  const D = v.rows;
  const whole = matrix(down * D, across * D, new Float64Array(down * D * across * D));
  for (let a = 0; a < down; a++) {
    for (let b = 0; b < across; b++) {
      const part = product(product(v, columnsOf(rowsOf(sigma, a * r, (a + 1) * r), b * r, (b + 1) * r)), u);
      for (let row = 0; row < D; row++) {
        whole.data.set(part.data.subarray(row * D, (row + 1) * D), ((a * D + row) * across + b) * D);
      }
    }
  }
  return whole;
}

const sigmaShape = (site: LinearSite, r: number, ratio: number): readonly [number, number] =>
  site === 'fc1' ? [ratio * r, r] : site === 'fc2' ? [r, ratio * r] : [r, r];

function tensorTrain(r: number): Middle {
  const name = (i: number, site: LinearSite): string => `blocks.${i}.fact.${site}.weight`;
  return {
    shared: [],
    own: (i, ratio) =>
      SITES.map((site) => {
        const shape = sigmaShape(site, r, ratio);
        return { name: name(i, site), shape, init: uniform(1 / Math.sqrt(shape[1])) };
      }),
    sigma: (parameter, i, _place, site) => parameter(name(i, site)),
    matrix: (tensors, i, _place, site) => matrixOf(tensors, name(i, site)),
  };
}

/** The matrices of a block in P: q, k, v, projection, fc1, fc2. */
function slicesOf(site: LinearSite, ratio: number): { from: number; count: number } {
  if (site === 'fc1') return { from: 4, count: ratio };
  if (site === 'fc2') return { from: 4 + ratio, count: ratio };
  return { from: SITES.indexOf(site), count: 1 };
}

function tucker(r: number, blocks: number, ratio: number): Middle {
  const perBlockCount = 4 + 2 * ratio;
  const matrices = blocks * perBlockCount;
  return {
    shared: [
      { name: CORE, shape: [r, r, r], init: xavier(r * r, r * r) },
      { name: ROWS, shape: [matrices, r], init: xavier(r, matrices) },
    ],
    own: () => [],
    sigma: (parameter, _i, place, site) => {
      const { from, count } = slicesOf(site, ratio);
      const rows = tf.slice(parameter(ROWS), [place * perBlockCount + from, 0], [count, r]);
      // [r · r, r] by [count, r] → [r, r, count], of which x U Σ' is written with Σ' [in, out].
      const made = tf.matMul(tf.reshape(parameter(CORE), [r * r, r]), rows as never, false, true);
      const [out, inputs] = sigmaShape(site, r, ratio);
      return tf.transpose(tf.reshape(made, [inputs, out]));
    },
    matrix: (tensors, _i, place, site) => {
      const { from, count } = slicesOf(site, ratio);
      const first = place * perBlockCount + from;
      const core = matrixOf(tensors, CORE);
      const rows = rowsOf(matrixOf(tensors, ROWS), first, first + count);
      const made = new Float64Array(r * r * count);
      for (let ab = 0; ab < r * r; ab++) {
        for (let j = 0; j < count; j++) {
          let total = 0;
          for (let c = 0; c < r; c++) total += (core.data[ab * r + c] as number) * (rows.data[j * r + c] as number);
          made[ab * count + j] = total;
        }
      }
      const [out, inputs] = sigmaShape(site, r, ratio);
      const sigma = matrix(out, inputs, new Float64Array(made.length));
      for (let i = 0; i < inputs; i++) {
        for (let o = 0; o < out; o++) sigma.data[o * inputs + i] = made[i * out + o] as number;
      }
      return sigma;
    },
  };
}

export const factTt = factMethod(
  'fact-tt',
  'Changes of all layers as a tensor train (Jie and Deng 2023)',
  16,
  tensorTrain,
);
export const factTk = factMethod('fact-tk', 'Changes of all layers as a Tucker tensor (Jie and Deng 2023)', 32, tucker);
