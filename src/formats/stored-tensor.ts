/**
 * Tensors as weight files store them, and what they become in memory: float32, int32 or uint8, row-major.
 * Files are little-endian, as is every machine that Node's typed arrays meet here.
 */
import { fromBfloat16, fromFloat16 } from './narrow-floats.ts';
import type { Fault } from './random-access.ts';

/** Element types by their safetensors names, and their bytes. */
export const STORED_BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

export type StoredDType = keyof typeof STORED_BYTES;

export interface StoredSpec {
  readonly shape: readonly number[];
  readonly dtype: StoredDType;
}

/** A tensor in memory; `data.length` is the product of `shape`. */
export interface LoadedTensor {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'uint8';
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** A file of named tensors, opened; tensors are read one by one when asked for. */
export interface TensorFile {
  readonly file: string;
  readonly format: 'safetensors' | 'torch' | 'npz';
  readonly specs: ReadonlyMap<string, StoredSpec>;
  /** What the file says about itself beside the tensors. */
  readonly metadata: ReadonlyMap<string, string>;
  /** The keys that led to the tensors, as `model` in a torch checkpoint; none where they are at the top. */
  readonly path: readonly string[];
  /** Python objects that the file holds beside the tensors and that were not built: `argparse.Namespace`, … */
  readonly inert: readonly string[];
  /** Floats of any width → float32, integers → int32, bytes and booleans → uint8. @throws weights error */
  read(name: string): Promise<LoadedTensor>;
  close(): Promise<void>;
}

export function elements(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/**
 * Decodes the elements in `bytes`, which start at byte 0 of a buffer of their own.
 *
 * @throws `fault` for an integer that int32 cannot hold
 */
export function decode(
  bytes: Buffer<ArrayBuffer>,
  { shape, dtype }: StoredSpec,
  fault: Fault,
  at: string,
): LoadedTensor {
  const { buffer } = bytes;
  switch (dtype) {
    case 'F32':
      return { shape, dtype: 'float32', data: new Float32Array(buffer) };
    case 'F64':
      return { shape, dtype: 'float32', data: Float32Array.from(new Float64Array(buffer)) };
    case 'F16':
      return { shape, dtype: 'float32', data: fromFloat16(new Uint16Array(buffer)) };
    case 'BF16':
      return { shape, dtype: 'float32', data: fromBfloat16(new Uint16Array(buffer)) };
    case 'I64':
      return { shape, dtype: 'int32', data: toInt32(new BigInt64Array(buffer), fault, at) };
    case 'U64':
      return { shape, dtype: 'int32', data: toInt32(new BigUint64Array(buffer), fault, at) };
    case 'U32':
      return { shape, dtype: 'int32', data: toInt32(new Uint32Array(buffer), fault, at) };
    case 'U16':
      return { shape, dtype: 'int32', data: Int32Array.from(new Uint16Array(buffer)) };
    case 'I32':
      return { shape, dtype: 'int32', data: new Int32Array(buffer) };
    case 'I16':
      return { shape, dtype: 'int32', data: Int32Array.from(new Int16Array(buffer)) };
    case 'I8':
      return { shape, dtype: 'int32', data: Int32Array.from(new Int8Array(buffer)) };
    case 'U8':
    case 'BOOL':
      return { shape, dtype: 'uint8', data: new Uint8Array(buffer) };
  }
}

function toInt32(wide: BigInt64Array | BigUint64Array | Uint32Array, fault: Fault, at: string): Int32Array {
  const values = new Int32Array(wide.length);
  for (let i = 0; i < wide.length; i++) {
    const value = Number(wide[i]);
    values[i] = value;
    if (values[i] !== value) {
      throw fault(`the ${8 * wide.BYTES_PER_ELEMENT}-bit integer ${wide[i]} does not fit into 32 bits`, { at });
    }
  }
  return values;
}
