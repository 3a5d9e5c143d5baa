/**
 * AIM, Adapting Image Models (Yang et al., ICLR 2023, arXiv:2302.03024): an image backbone takes the frames of a clip one by one,
 * and its own frozen attention is used a second time, over time. A(z) = W₂ GELU(W₁ z + b₁) + b₂ with D / 4 in the middle, W₂ and
 * b₂ starting at zero:
 *
 *   x ← x + A_t(attention over time(norm1 x))                  each token to those at its place in all frames
 *   x ← x + (a + A_s(a)),  a = attention(norm1 x)              within the frame
 *   x ← x + MLP(norm2 x) + s · A_m(norm2 x)
 *
 * With `temporalAdapters: 2` (SSv2) another adapter, with a skip, stands in front of the attention over time. To each frame a
 * trained embedding of its time is added, from zero; where the class token is pooled the norm before it is trained too.
 * Drop path acts on the first and on the last branch, at the rate of the block.
 *
 * It asks for `backbone.attention: per-frame`; on single frames, attention over time sees one token.
 */
import { z } from 'zod';
import { configError } from '../errors/index.ts';
import { blockShapes, blockTokens } from '../model/backbone.ts';
import { gelu } from '../tensor/ops/gelu.ts';
import { linear } from '../tensor/ops/linear.ts';
import { type Lookup, normal, type ParameterSpec, zeros } from '../tensor/parameters.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { blocksOption, chosenBlocks } from './chosen-blocks.ts';
import { branchDropPath } from './dropout.ts';
import { defineMethod } from './method.ts';
import { perBlock } from './per-block.ts';
import { vitOnly } from './vit-only.ts';

const options = z.strictObject({
  scale: z.number().default(0.5).describe('s, the factor of the adapter beside the MLP (paper: 0.5; SSv2: 1)'),
  temporalAdapters: z
    .union([z.literal(1), z.literal(2)])
    .default(1)
    .describe('Adapters of attention over time: behind it, or (2, SSv2) in front of it too'),
  blocks: blocksOption,
});

const TIME = 'aim.temporal_embedding';

export const aim = defineMethod({
  name: 'aim',
  summary: 'An image backbone whose attention serves time as well (Yang et al. 2023)',
  options,
  attach(backbone, { scale, temporalAdapters, blocks }) {
    const vit = vitOnly(backbone, 'aim');
    const shapes = blockShapes(vit);
    const first = shapes[0];
    if (first !== undefined && first.grid.time > 1) {
      throw configError(
        'method aim takes the frames of a clip one by one, but here attention is joint over all of it',
        {
          remedy: 'set backbone.attention: per-frame, over the weights of an image backbone',
        },
      );
    }
    const D = vit.width;
    const frames = first?.groups ?? 1;
    const parts = perBlock(chosenBlocks(blocks, shapes), (i) => {
      const at = (adapter: string): string => `blocks.${i}.aim_${adapter}`;
      const adapters = ['time', ...(temporalAdapters === 2 ? ['time_in'] : []), 'space', 'mlp'];
      const [overTime, besideMlp] = ['time', 'mlp'].map((adapter) =>
        branchDropPath(`${at(adapter)}.drop_path`, vit, i),
      ) as [ReturnType<typeof branchDropPath>, ReturnType<typeof branchDropPath>];
      return {
        parameters: adapters.flatMap((adapter) => adapterParameters(at(adapter), D)),
        noise: [...overTime.noise, ...besideMlp.noise],
        taps: (parameter, forward) => {
          const adapt = (adapter: string, x: Tensor): Tensor => bottleneck(x, at(adapter), parameter);
          return {
            enter: (x, { norm1, attendAcross }) => {
              const h = norm1(x);
              const into = temporalAdapters === 2 ? tf.add(h, adapt('time_in', h)) : h;
              return tf.add(x, overTime.apply(adapt('time', attendAcross(into)), forward));
            },
            attnOut: (a) => tf.add(a, adapt('space', a)),
            mlpBypass: (_x, h) => besideMlp.apply(tf.mul(adapt('mlp', h), scale), forward),
          };
        },
      };
    });
    return {
      ...parts,
      parameters: [{ name: TIME, shape: [1, frames, D], init: zeros }, ...parts.parameters],
      trains: (name) => /^norm\./.test(name),
      whole: (parameter) => ({
        positioned: (x) => {
          const batch = x.shape[0] as number;
          const tokens = blockTokens(shapes[0] as (typeof shapes)[number]);
          const byFrame = tf.reshape(x, [batch, frames, tokens / frames, D]);
          return tf.reshape(tf.add(byFrame, tf.reshape(parameter(TIME), [1, frames, 1, D])), [batch, tokens, D]);
        },
      }),
    };
  },
});

function adapterParameters(name: string, D: number): ParameterSpec[] {
  const d = Math.floor(D / 4);
  return [
    { name: `${name}.down.weight`, shape: [d, D], init: normal(0.02) },
    { name: `${name}.down.bias`, shape: [d], init: zeros },
    { name: `${name}.up.weight`, shape: [D, d], init: zeros },
    { name: `${name}.up.bias`, shape: [D], init: zeros },
  ];
}

function bottleneck(x: Tensor, name: string, parameter: Lookup): Tensor {
  const own = (suffix: string): Tensor => parameter(`${name}.${suffix}`);
  return linear(gelu(linear(x, own('down.weight'), own('down.bias'))), own('up.weight'), own('up.bias'));
}
