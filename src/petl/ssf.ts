/**
 * SSF, Scaling and Shifting Features (Lian et al., NeurIPS 2022, arXiv:2210.08823): behind every operation of the backbone
 *
 *   y = γ ∘ x + β        per channel, γ ~ N(1, 0.02), β ~ N(0, 0.02)
 *
 * that is: patch embedding, norm1, q k v, projection, norm2, fc1 (before GELU), fc2, and the norm at the pooling. It is not the
 * identity at the start. Merged: the rows of a linear layer by γ, its bias γ ∘ b + β; a LayerNorm's weight and bias likewise.
 */
import { z } from 'zod';
import { type BlockShape, blockShapes } from '../model/backbone.ts';
import type { LinearSite } from '../model/taps.ts';
import { float32, type HostTensor, type HostTensors } from '../tensor/host.ts';
import { type Lookup, normal, type ParameterSpec } from '../tensor/parameters.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { blocksOption, chosenBlocks } from './chosen-blocks.ts';
import { defineMethod } from './method.ts';
import { perBlock } from './per-block.ts';
import { vitOnly } from './vit-only.ts';

/** The operations of a block: where in our names, and how many channels. */
const OPERATIONS = {
  norm1: ({ width }: BlockShape) => width,
  qkv: ({ width }: BlockShape) => 3 * width,
  proj: ({ width }: BlockShape) => width,
  norm2: ({ width }: BlockShape) => width,
  fc1: ({ hidden }: BlockShape) => hidden,
  fc2: ({ width }: BlockShape) => width,
} as const;

const THIRD: Partial<Record<LinearSite, number>> = { q: 0, k: 1, v: 2 };

const pair = (name: string, channels: number): readonly ParameterSpec[] => [
  { name: `${name}.scale`, shape: [channels], init: normal(0.02, 1) },
  { name: `${name}.shift`, shape: [channels], init: normal(0.02) },
];

const modulate = (parameter: Lookup, name: string, x: Tensor): Tensor =>
  tf.add(tf.mul(x, parameter(`${name}.scale`)), parameter(`${name}.shift`));

const EMBEDDING = 'ssf.patch_embed';
const POOLING = 'ssf.norm';

export const ssf = defineMethod({
  name: 'ssf',
  summary: 'A scale and a shift of every channel behind every operation (Lian et al. 2022)',
  options: z.strictObject({ blocks: blocksOption }),
  attach(backbone, { blocks }) {
    const vit = vitOnly(backbone, 'ssf');
    const chosen = chosenBlocks(blocks, blockShapes(vit));
    const parts = perBlock(chosen, (i, shape) => {
      const at = (operation: string): string => `blocks.${i}.ssf.${operation}`;
      return {
        parameters: Object.entries(OPERATIONS).flatMap(([operation, channels]) => pair(at(operation), channels(shape))),
        noise: [],
        taps: (parameter) => ({
          attnIn: (h) => modulate(parameter, at('norm1'), h),
          mlpIn: (h) => modulate(parameter, at('norm2'), h),
          linear: (site, _input, output) => {
            const third = THIRD[site];
            if (third === undefined) return modulate(parameter, at(site), output);
            const of = (suffix: string): Tensor =>
              tf.slice(parameter(`${at('qkv')}.${suffix}`), [third * shape.width], [shape.width]);
            return tf.add(tf.mul(output, of('scale')), of('shift'));
          },
        }),
      };
    });
    return {
      ...parts,
      parameters: [...pair(EMBEDDING, vit.width), ...parts.parameters, ...pair(POOLING, vit.width)],
      whole: (parameter) => ({
        embedded: (x) => modulate(parameter, EMBEDDING, x),
        pooled: (features) => modulate(parameter, POOLING, features),
      }),
      merge: (tensors) => {
        const norm = vit.pool === 'mean' ? 'fc_norm' : 'norm';
        const merged = { ...mergeLayer(tensors, 'patch_embed.proj', EMBEDDING), ...mergeLayer(tensors, norm, POOLING) };
        for (const i of chosen.keys()) Object.assign(merged, mergeBlock(tensors, i));
        return merged;
      },
    };
  },
});

function mergeBlock(tensors: HostTensors, i: number): HostTensors {
  const at = (operation: string): string => `blocks.${i}.ssf.${operation}`;
  const layers = { norm1: 'norm1', proj: 'attn.proj', norm2: 'norm2', fc1: 'mlp.fc1', fc2: 'mlp.fc2' };
  const merged: HostTensors = {};
  for (const [operation, layer] of Object.entries(layers)) {
    Object.assign(merged, mergeLayer(tensors, `blocks.${i}.${layer}`, at(operation)));
  }
  const attention = (suffix: string): string => `blocks.${i}.attn.${suffix}`;
  const qkv = at('qkv');
  merged[attention('qkv.weight')] = scaleRows(tensors, attention('qkv.weight'), qkv);
  if (attention('qkv.bias') in tensors) {
    merged[attention('qkv.bias')] = shifted(tensors, attention('qkv.bias'), qkv, 0);
  } else {
    // A backbone without a bias of k needs none: softmax takes it out again.
    const D = (tensors[attention('q_bias')] as HostTensor).data.length;
    merged[attention('q_bias')] = shifted(tensors, attention('q_bias'), qkv, 0);
    merged[attention('v_bias')] = shifted(tensors, attention('v_bias'), qkv, 2 * D);
  }
  return merged;
}

/** A linear layer or a LayerNorm: weight and bias by their common name. */
function mergeLayer(tensors: HostTensors, layer: string, operation: string): HostTensors {
  return {
    [`${layer}.weight`]: scaleRows(tensors, `${layer}.weight`, operation),
    [`${layer}.bias`]: shifted(tensors, `${layer}.bias`, operation, 0),
  };
}

function scaleRows(tensors: HostTensors, name: string, operation: string): HostTensor {
  const { shape, data } = tensors[name] as HostTensor;
  const scale = (tensors[`${operation}.scale`] as HostTensor).data;
  const perRow = data.length / scale.length;
  return float32(
    shape,
    Float32Array.from(data, (value, at) => value * (scale[Math.floor(at / perRow)] as number)),
  );
}

/** @param from the channel of the operation that the bias begins at */
function shifted(tensors: HostTensors, name: string, operation: string, from: number): HostTensor {
  const { shape, data } = tensors[name] as HostTensor;
  const scale = (tensors[`${operation}.scale`] as HostTensor).data;
  const shift = (tensors[`${operation}.shift`] as HostTensor).data;
  return float32(
    shape,
    Float32Array.from(data, (value, at) => value * (scale[from + at] as number) + (shift[from + at] as number)),
  );
}
