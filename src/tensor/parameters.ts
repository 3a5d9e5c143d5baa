/** Named parameters: their shapes, how they start, and the look-up that models are written with. */
import { float32, type HostTensors, sizeOf } from './host.ts';
import { type Random, rng } from './random.ts';
import type { Tensor } from './tf.ts';

export type Init =
  | { readonly kind: 'constant'; readonly value: number }
  /** Uniform in ±bound. */
  | { readonly kind: 'uniform'; readonly bound: number }
  | { readonly kind: 'normal'; readonly std: number; readonly mean: number }
  /** Zeros, but for what `fill` writes. */
  | { readonly kind: 'filled'; readonly fill: (data: Float32Array, random: Random) => void };

export interface ParameterSpec {
  /** As in VideoMAE, `blocks.3.attn.qkv.weight`; methods append, `blocks.3.adaptmlp.down.weight`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly init: Init;
}

/** The tensor of a name; throws on a name that the model does not have. */
export type Lookup = (name: string) => Tensor;

export const zeros: Init = { kind: 'constant', value: 0 };
export const ones: Init = { kind: 'constant', value: 1 };
export const uniform = (bound: number): Init => ({ kind: 'uniform', bound });
export const normal = (std: number, mean = 0): Init => ({ kind: 'normal', std, mean });
/** Xavier uniform (Glorot and Bengio 2010) for a tensor of these fans. */
export const xavier = (fanIn: number, fanOut: number): Init => uniform(Math.sqrt(6 / (fanIn + fanOut)));

/** Starting values. Each tensor has its own random stream, so adding a parameter leaves the others as they were. */
export function initialise(specs: readonly ParameterSpec[], seed: number): HostTensors {
  const tensors: HostTensors = {};
  for (const { name, shape, init } of specs) {
    const data = new Float32Array(sizeOf(shape));
    fill(data, init, rng(seed, `init/${name}`));
    tensors[name] = float32(shape, data);
  }
  return tensors;
}

function fill(data: Float32Array, init: Init, random: Random): void {
  switch (init.kind) {
    case 'constant':
      data.fill(init.value);
      break;
    case 'uniform':
      for (let i = 0; i < data.length; i++) data[i] = (2 * random.uniform() - 1) * init.bound;
      break;
    case 'normal':
      for (let i = 0; i < data.length; i++) data[i] = init.mean + random.normal() * init.std;
      break;
    case 'filled':
      init.fill(data, random);
  }
}

/** Number of elements of all specs. */
export function countParameters(specs: readonly ParameterSpec[]): number {
  return specs.reduce((total, { shape }) => total + sizeOf(shape), 0);
}
