/** Small matrices in float64, for folding what was trained into the layers of a backbone. */
import type { HostTensor, HostTensors } from '../../tensor/host.ts';

/** Row-major. */
export interface Matrix {
  readonly rows: number;
  readonly cols: number;
  readonly data: Float64Array;
}

/** A tensor as a matrix: its last axis as columns, all others as rows. */
export function matrixOf(tensors: HostTensors, name: string): Matrix {
  const tensor = tensors[name] as HostTensor;
  const cols = tensor.shape.at(-1) ?? 1;
  return { rows: tensor.data.length / cols, cols, data: Float64Array.from(tensor.data) };
}

export function matrix(rows: number, cols: number, data: ArrayLike<number>): Matrix {
  return { rows, cols, data: Float64Array.from(data) };
}

/** A vector as a single column. */
export function columns(data: ArrayLike<number>): Matrix {
  return matrix(data.length, 1, data);
}

/** a · b. */
export function product(a: Matrix, b: Matrix): Matrix {
  if (a.cols !== b.rows) throw new TypeError(`a product of [${a.rows}, ${a.cols}] and [${b.rows}, ${b.cols}]`);
  const data = new Float64Array(a.rows * b.cols);
  for (let i = 0; i < a.rows; i++) {
    const row = data.subarray(i * b.cols, (i + 1) * b.cols);
    for (let k = 0; k < a.cols; k++) {
      const factor = a.data[i * a.cols + k] as number;
      if (factor === 0) continue;
      const other = k * b.cols;
      for (let j = 0; j < b.cols; j++) row[j] = (row[j] as number) + factor * (b.data[other + j] as number);
    }
  }
  return { rows: a.rows, cols: b.cols, data };
}

export function transposed({ rows, cols, data }: Matrix): Matrix {
  const turned = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) turned[j * rows + i] = data[i * cols + j] as number;
  return { rows: cols, cols: rows, data: turned };
}

export function sum(a: Matrix, b: Matrix): Matrix {
  if (a.rows !== b.rows || a.cols !== b.cols) throw new TypeError('a sum of matrices of two shapes');
  return { rows: a.rows, cols: a.cols, data: a.data.map((value, at) => value + (b.data[at] as number)) };
}

export function times({ rows, cols, data }: Matrix, factor: number): Matrix {
  return { rows, cols, data: data.map((value) => value * factor) };
}

/** Rows `from` to `to` (excluded). */
export function rowsOf({ cols, data }: Matrix, from: number, to: number): Matrix {
  return { rows: to - from, cols, data: data.slice(from * cols, to * cols) };
}

/** Columns `from` to `to` (excluded). */
export function columnsOf(whole: Matrix, from: number, to: number): Matrix {
  return transposed(rowsOf(transposed(whole), from, to));
}
