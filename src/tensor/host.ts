/**
 * Tensors in host memory: what crosses the boundary between the loop and an engine, and what weight files hold.
 * Row-major. tfjs has no uint8 tensor, so a uint8 input reaches a step's `run` as float32 values 0-255.
 */

export type DType = 'float32' | 'int32' | 'uint8';

export interface TensorSpec {
  readonly shape: readonly number[];
  readonly dtype: DType;
}
export type TensorSpecs = Readonly<Record<string, TensorSpec>>;

export interface HostTensor extends TensorSpec {
  readonly data: Float32Array | Int32Array | Uint8Array;
}
export type HostTensors = Record<string, HostTensor>;

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

export function float32(shape: readonly number[], data: Float32Array): HostTensor {
  return { shape, dtype: 'float32', data };
}

export function int32(shape: readonly number[], data: Int32Array): HostTensor {
  return { shape, dtype: 'int32', data };
}

export function uint8(shape: readonly number[], data: Uint8Array): HostTensor {
  return { shape, dtype: 'uint8', data };
}

/** A float32 scalar. */
export function scalar(value: number): HostTensor {
  return float32([], Float32Array.of(value));
}

export function zeros(shape: readonly number[], dtype: DType): HostTensor {
  const size = sizeOf(shape);
  switch (dtype) {
    case 'float32':
      return float32(shape, new Float32Array(size));
    case 'int32':
      return int32(shape, new Int32Array(size));
    case 'uint8':
      return uint8(shape, new Uint8Array(size));
  }
}
