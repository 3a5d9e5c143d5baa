/** Tensors in float64 and the comparison of an op and its gradient with a definition written on them. */
import assert from 'node:assert/strict';
import { sizeOf } from '../../src/tensor/host.ts';
import { rng } from '../../src/tensor/random.ts';
import { type Tensor, tf } from '../../src/tensor/tf.ts';

export interface Exact {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export function exact(shape: readonly number[], data: ArrayLike<number>): Exact {
  assert.equal(data.length, sizeOf(shape));
  return { shape, data: Float64Array.from(data) };
}

/** Normal numbers that float32 holds, so that op and definition start from the same. */
export function draw(name: string, shape: readonly number[], scale = 1, shift = 0): Exact {
  const random = rng(7, name);
  return exact(
    shape,
    Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(random.normal() * scale + shift)),
  );
}

export function upload({ shape, data }: Exact): Tensor {
  return tf.tensor(Float32Array.from(data), [...shape], 'float32');
}

/** Largest difference, as a share of the largest number expected. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  assert.equal(actual.length, expected.length);
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const apart = Math.abs((actual[i] as number) - (expected[i] as number));
    assert.ok(!Number.isNaN(apart), `element ${i} is ${actual[i]}, expected ${expected[i]}`);
    difference = Math.max(difference, apart);
    largest = Math.max(largest, Math.abs(expected[i] as number));
  }
  return difference / Math.max(largest, Number.MIN_VALUE);
}

export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what = '',
): void {
  const error = relativeError(actual, expected);
  assert.ok(error <= tolerance, `${what}: relative error ${error} > ${tolerance}`);
}

/** d f / d x by central differences. */
export function numericGradient(f: (x: Exact) => number, x: Exact, step = 1e-5): Float64Array {
  return x.data.map((value, i) => {
    const at = (moved: number): number => f({ ...x, data: x.data.with(i, moved) });
    return (at(value + step) - at(value - step)) / (2 * step);
  });
}

export const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
};

/** Checks the value and all gradients, for random output gradients. */
export function checkOp(
  inputs: readonly Exact[],
  op: (...tensors: Tensor[]) => Tensor,
  definition: (...inputs: Exact[]) => Exact,
  tolerance: number,
): void {
  const expected = definition(...inputs);
  const tensors = inputs.map(upload);
  const value = op(...tensors);
  assert.deepEqual(value.shape, expected.shape);
  assertClose(value.dataSync(), expected.data, tolerance, 'value');

  const outputGradient = draw('output gradient', expected.shape);
  const gradients = tf.grads((...args: Tensor[]) => tf.sum(tf.mul(op(...args), upload(outputGradient))))(tensors);
  inputs.forEach((input, i) => {
    const numeric = numericGradient(
      (moved) => dot(definition(...inputs.with(i, moved)).data, outputGradient.data),
      input,
    );
    assert.deepEqual(gradients[i]?.shape, input.shape);
    assertClose((gradients[i] as Tensor).dataSync(), numeric, tolerance, `gradient of input ${i}`);
  });
}
