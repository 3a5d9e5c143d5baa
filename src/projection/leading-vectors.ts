/**
 * The eigenvectors of the largest eigenvalues of a symmetric matrix, by Lanczos' method with full reorthogonalisation
 * (Golub and Van Loan, "Matrix Computations", chapter 10): exact once the space is as wide as the matrix, and to rounding
 * long before where the eigenvalues differ.
 */
import { rng } from '../tensor/random.ts';

/** How wide the space gets before it is looked at; the last is where it ends, converged or not. */
const WIDTHS = [40, 80, 160, 320];
const CONVERGED = 1e-10;

interface Space {
  readonly basis: Float64Array[];
  readonly images: Float64Array[];
}

/**
 * @param matrix float64 [width, width], symmetric
 * @returns `wanted` vectors of length 1, that of the largest eigenvalue first; the largest number in each is positive
 */
export function leadingVectors(matrix: Float64Array, width: number, wanted: number): Float64Array[] {
  const random = rng(0, 'leading vectors');
  const space: Space = { basis: [], images: [] };
  const any = (): Float64Array => Float64Array.from({ length: width }, () => random.normal());
  for (const size of WIDTHS) {
    grow(space, matrix, Math.min(size, width), any);
    const { found, residual } = largestOf(space, wanted);
    if (size >= width || size === WIDTHS.at(-1) || residual <= CONVERGED) return found.map(oriented);
  }
  return [];
}

/** Widens the space by images of its last vector, each made orthogonal to all before. */
function grow({ basis, images }: Space, matrix: Float64Array, size: number, any: () => Float64Array): void {
  let next = images.at(-1)?.slice() ?? any();
  while (basis.length < size) {
    const before = length(next);
    for (let round = 0; round < 2; round++) for (const vector of basis) add(next, vector, -dot(next, vector));
    const after = length(next);
    // What is left of a space that the matrix maps to itself is rounding: a fresh direction continues.
    if (!(after > 1e-10 * before)) {
      next = any();
      continue;
    }
    const vector = next.map((value) => value / after);
    const image = times(matrix, vector);
    basis.push(vector);
    images.push(image);
    next = image.slice();
  }
}

/** The space's own leading vectors, and by how much the matrix moves them out of their line, of the largest eigenvalue. */
function largestOf({ basis, images }: Space, wanted: number): { found: Float64Array[]; residual: number } {
  const size = basis.length;
  const small = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      const value = dot(basis[i] as Float64Array, images[j] as Float64Array);
      small[i * size + j] = value;
      small[j * size + i] = value;
    }
  }
  const { values, vectors } = jacobi(small, size);
  const order = Array.from(values.keys()).sort((a, b) => (values[b] as number) - (values[a] as number));
  let residual = 0;
  const found = order.slice(0, wanted).map((column) => {
    const vector = new Float64Array(basis[0]?.length ?? 0);
    const off = new Float64Array(vector.length);
    for (let i = 0; i < size; i++) {
      const share = vectors[i * size + column] as number;
      add(vector, basis[i] as Float64Array, share);
      add(off, images[i] as Float64Array, share);
    }
    add(off, vector, -(values[column] as number));
    residual = Math.max(residual, length(off) / Math.max(values[order[0] as number] as number, 1e-300));
    return vector;
  });
  return { found, residual };
}

function oriented(vector: Float64Array): Float64Array {
  const largest = vector.reduce((best, value) => (Math.abs(value) > Math.abs(best) + 1e-12 ? value : best), 0);
  return largest < 0 ? vector.map((value) => -value) : vector;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function length(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}

function add(to: Float64Array, vector: Float64Array, factor: number): void {
  for (let i = 0; i < to.length; i++) to[i] = (to[i] as number) + factor * (vector[i] as number);
}

function times(matrix: Float64Array, vector: Float64Array): Float64Array {
  const width = vector.length;
  return vector.map((_, row) => dot(matrix.subarray(row * width, (row + 1) * width), vector));
}

/** All eigenvalues and, in columns, eigenvectors of a small symmetric matrix, by Jacobi's rotations; writes over it. */
function jacobi(a: Float64Array, n: number): { readonly values: Float64Array; readonly vectors: Float64Array } {
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
  const get = (i: number, j: number): number => a[i * n + j] as number;
  const turn = (m: Float64Array, p: number, q: number, c: number, s: number): void => {
    const [x, y] = [m[p] as number, m[q] as number];
    m[p] = c * x - s * y;
    m[q] = s * x + c * y;
  };
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    let all = 0;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        all += get(i, j) ** 2;
        if (i !== j) off += get(i, j) ** 2;
      }
    }
    if (off <= 1e-28 * all) break;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (Math.abs(get(p, q)) <= 1e-300) continue;
        const theta = (get(q, q) - get(p, p)) / (2 * get(p, q));
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const c = 1 / Math.hypot(t, 1);
        const s = t * c;
        for (let i = 0; i < n; i++) turn(a, i * n + p, i * n + q, c, s);
        for (let i = 0; i < n; i++) turn(a, p * n + i, q * n + i, c, s);
        for (let i = 0; i < n; i++) turn(vectors, i * n + p, i * n + q, c, s);
      }
    }
  }
  return { values: Float64Array.from({ length: n }, (_, i) => get(i, i)), vectors };
}
