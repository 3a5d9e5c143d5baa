/**
 * ARC, Adapter Re-Composing (Dong et al., NeurIPS 2023, arXiv:2310.06234): every block uses the same projections U, which it
 * re-scales by a vector of its own.
 *
 *   A(z) = z + dropout(z U ∘ λ) Uᵀ + b        z [B, N, D], U [D, d] shared by all blocks of a stage, λ [1, d], b [D]
 *
 * `att`: after norm1, in front of q, k, v; λ starts at 0, so that A starts as the identity. `mlp`: after norm2, in front of
 * fc1; λ starts Xavier uniform, which disturbs the backbone by about a tenth: so the original has it. On a Swin Transformer
 * the second adapter stands on the residual stream, before norm2, and then cannot be folded into a layer.
 *
 * Without dropout A(z) = z M + b with M = I + U diag(λ) Uᵀ, so a linear layer W behind it becomes W M, with bias + W b.
 */
import { z } from 'zod';
import { type BlockShape, blockShapes, blockTokens, isSwin } from '../model/backbone.ts';
import type { HostTensors } from '../tensor/host.ts';
import { linear } from '../tensor/ops/linear.ts';
import { type ParameterSpec, xavier, zeros } from '../tensor/parameters.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { blocksOption, chosenBlocks } from './chosen-blocks.ts';
import { dropoutOption, dropout as dropping } from './dropout.ts';
import { addToFc1, addToQkv } from './merge/block-layers.ts';
import { columns, type Matrix, matrixOf, product, transposed } from './merge/matrix.ts';
import { type Attached, defineMethod, type Method } from './method.ts';
import { type BlockPart, perBlock } from './per-block.ts';

type Place = 'att' | 'mlp';

const options = z.strictObject({
  bottleneck: z.int().min(1).default(50).describe('d, columns of the shared projection (paper: 50)'),
  dropout: dropoutOption(0.1, 'Dropout in the bottleneck (paper: 0.1)'),
  share: z
    .enum(['stage', 'none'])
    .default('stage')
    .describe(
      'Whether the blocks share their projections (stage: all of a ViT, each stage of a Swin) or have their own',
    ),
  blocks: blocksOption,
});

function arcMethod(name: string, summary: string, places: readonly Place[]): Method {
  return defineMethod({
    name,
    summary,
    options,
    attach(backbone, { bottleneck: d, dropout, share, blocks }) {
      const chosen = chosenBlocks(blocks, blockShapes(backbone));
      const projectionOf = (place: Place, i: number, { stage }: BlockShape): string =>
        share === 'stage' ? `arc.${stage}.${place}.projection` : `blocks.${i}.arc_${place}.projection`;
      const projections = new Map<string, ParameterSpec>();
      for (const [i, shape] of chosen) {
        for (const place of places) {
          const projection = projectionOf(place, i, shape);
          projections.set(projection, { name: projection, shape: [shape.width, d], init: xavier(d, shape.width) });
        }
      }
      const parts = perBlock(chosen, (i, shape) =>
        places.map((place) => {
          const tap = place === 'att' ? 'attnIn' : isSwin(backbone) ? 'midway' : 'mlpIn';
          return adapter(tap, place, i, shape, projectionOf(place, i, shape), d, dropout);
        }),
      );
      return {
        ...parts,
        parameters: [...projections.values(), ...parts.parameters],
        ...(isSwin(backbone) && places.includes('mlp')
          ? {}
          : { merge: (tensors) => merge(tensors, [...chosen], places, projectionOf) }),
      };
    },
  });
}

export const arc = arcMethod('arc', 'Adapters re-composed from projections that all blocks share (Dong et al. 2023)', [
  'att',
  'mlp',
]);

export const arcAtt = arcMethod('arc-att', 'ARC in front of attention alone (Dong et al. 2023)', ['att']);

const own = (place: Place, i: number, suffix: string): string => `blocks.${i}.arc_${place}.${suffix}`;

function adapter(
  tap: 'attnIn' | 'mlpIn' | 'midway',
  place: Place,
  i: number,
  shape: BlockShape,
  projection: string,
  d: number,
  dropout: number,
): BlockPart {
  const D = shape.width;
  const [scale, bias] = [own(place, i, 'scale'), own(place, i, 'bias')];
  const dropped = dropping(own(place, i, 'dropout'), [blockTokens(shape), d], dropout);
  return {
    parameters: [
      { name: scale, shape: [1, d], init: place === 'att' ? zeros : xavier(1, d) },
      { name: bias, shape: [D], init: zeros },
    ],
    noise: dropped.noise,
    taps: (parameter, forward) => ({
      [tap]: (z: Tensor): Tensor => {
        const U = parameter(projection);
        const [batch, tokens] = z.shape as [number, number];
        const down = tf.reshape(tf.matMul(tf.reshape(z, [-1, D]), U as never), [batch, tokens, d]);
        const small = dropped.apply(tf.mul(down, parameter(scale)), forward);
        return tf.add(z, linear(small, U, parameter(bias)));
      },
    }),
  };
}

function merge(
  tensors: HostTensors,
  chosen: readonly (readonly [number, BlockShape])[],
  places: readonly Place[],
  projectionOf: (place: Place, i: number, shape: BlockShape) => string,
): ReturnType<NonNullable<Attached['merge']>> {
  const merged: HostTensors = {};
  for (const [i, shape] of chosen) {
    for (const place of places) {
      const U = matrixOf(tensors, projectionOf(place, i, shape));
      const scaled = scaleColumns(U, matrixOf(tensors, own(place, i, 'scale')).data);
      const b = columns(matrixOf(tensors, own(place, i, 'bias')).data);
      const add = place === 'att' ? addToQkv : addToFc1;
      // W M = W + (W U ∘ λ) Uᵀ
      Object.assign(
        merged,
        add(tensors, i, (W) => ({ weight: product(product(W, scaled), transposed(U)), bias: product(W, b) })),
      );
    }
  }
  return merged;
}

function scaleColumns({ rows, cols, data }: Matrix, factors: ArrayLike<number>): Matrix {
  return { rows, cols, data: data.map((value, at) => value * (factors[at % cols] as number)) };
}
