/** Elements that lie in another order than row-major. Strides count elements. */
import { elements } from './stored-tensor.ts';

const VIEWS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array };

export type ElementBytes = keyof typeof VIEWS;

export function isRowMajor(shape: readonly number[], stride: readonly number[]): boolean {
  let expected = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && stride[i] !== expected) return false;
    expected *= shape[i] as number;
  }
  return true;
}

/** Copies strided elements of `size` bytes, from the start of `span`, into row-major order. */
export function toRowMajor(
  span: Buffer<ArrayBuffer>,
  shape: readonly number[],
  stride: readonly number[],
  size: ElementBytes,
): Buffer<ArrayBuffer> {
  const source = new VIEWS[size](span.buffer);
  const target = new VIEWS[size](elements(shape));
  const index = shape.map(() => 0);
  let from = 0;
  for (let i = 0; i < target.length; i++) {
    target[i] = source[from] as number & bigint;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += stride[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      from -= (shape[axis] as number) * (stride[axis] as number);
      index[axis] = 0;
    }
  }
  return Buffer.from(target.buffer);
}
