/**
 * The linear layers of a block, when something is folded into them. The key's bias may be added to or not: q · (k + c) is, for
 * one query, the same for all keys, and softmax takes it out again. So where the backbone has no such bias (VideoMAE) the
 * change of it is left out, and nothing changes.
 */
import { float32, type HostTensor, type HostTensors } from '../../tensor/host.ts';
import { type Matrix, matrixOf } from './matrix.ts';

/** What is added to a layer's weight [out, in] and to its bias [out]. */
export interface Change {
  readonly weight?: Matrix;
  readonly bias?: Matrix;
}

/** The change of a layer, from its weight as it is. */
export type ChangeOf = (weight: Matrix) => Change;

/** The fused projection of block i. @returns the changed tensors by name */
export function addToQkv(tensors: HostTensors, i: number, changeOf: ChangeOf): HostTensors {
  const name = (suffix: string): string => `blocks.${i}.attn.${suffix}`;
  const change = changeOf(matrixOf(tensors, name('qkv.weight')));
  return { ...addWeight(tensors, name('qkv.weight'), change.weight), ...addQkvBias(tensors, i, change.bias) };
}

/** `bias` has 3D numbers, for q, k and v. */
export function addQkvBias(tensors: HostTensors, i: number, bias: Matrix | undefined): HostTensors {
  if (bias === undefined) return {};
  const name = (suffix: string): string => `blocks.${i}.attn.${suffix}`;
  if (name('qkv.bias') in tensors) return { [name('qkv.bias')]: sum(tensors[name('qkv.bias')], bias.data) };
  const D = bias.data.length / 3;
  return {
    [name('q_bias')]: sum(tensors[name('q_bias')], bias.data.subarray(0, D)),
    [name('v_bias')]: sum(tensors[name('v_bias')], bias.data.subarray(2 * D)),
  };
}

export const addToFc1 = (tensors: HostTensors, i: number, changeOf: ChangeOf): HostTensors =>
  addToLayer(tensors, `blocks.${i}.mlp.fc1`, changeOf);

/** A layer by its name without `.weight`. */
export function addToLayer(tensors: HostTensors, layer: string, changeOf: ChangeOf): HostTensors {
  const { weight, bias } = changeOf(matrixOf(tensors, `${layer}.weight`));
  return {
    ...addWeight(tensors, `${layer}.weight`, weight),
    ...(bias === undefined ? {} : { [`${layer}.bias`]: sum(tensors[`${layer}.bias`], bias.data) }),
  };
}

function addWeight(tensors: HostTensors, name: string, change: Matrix | undefined): HostTensors {
  return change === undefined ? {} : { [name]: sum(tensors[name], change.data) };
}

function sum(tensor: HostTensor | undefined, change: ArrayLike<number>): HostTensor {
  if (tensor === undefined || tensor.data.length !== change.length) {
    throw new TypeError(`a change of ${change.length} numbers to a tensor of ${tensor?.data.length}`);
  }
  return float32(
    tensor.shape,
    Float32Array.from(tensor.data, (value, at) => value + (change[at] as number)),
  );
}
