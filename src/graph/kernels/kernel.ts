/**
 * What the table says of one kernel: what it makes of what, and how each runtime writes it. A new kernel is one entry.
 */
import type { Attributes, GraphDType, Value, ValueSpec } from '../graph.ts';

/** The name of a value in the file that is written. */
export type Ref = string;

/** An attribute of a TensorFlow node. */
export type TensorflowAttribute =
  | { readonly type: GraphDType | 'int64' }
  | { readonly bool: boolean }
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly text: string }
  | { readonly shape: readonly number[] };

/** Writes TensorFlow nodes. Attributes that the op definition gives a default may be left out. */
export interface TensorflowWriter {
  node(op: string, inputs: readonly Ref[], attributes: Readonly<Record<string, TensorflowAttribute>>): Ref;
  /** Of an op with several outputs, or one that is a list. */
  nodes(
    op: string,
    inputs: readonly Ref[],
    attributes: Readonly<Record<string, TensorflowAttribute>>,
    outputs: number,
  ): Ref[];
  /** A vector of int32. */
  int32s(values: readonly number[]): Ref;
  scalar(value: number, dtype: GraphDType): Ref;
}

/** An attribute of an ONNX node. */
export type OnnxAttribute = number | readonly number[] | { readonly float: number } | { readonly text: string };

/** Writes ONNX nodes of opset 20. */
export interface OnnxWriter {
  node(op: string, inputs: readonly Ref[], attributes?: Readonly<Record<string, OnnxAttribute>>): Ref;
  nodes(
    op: string,
    inputs: readonly Ref[],
    attributes: Readonly<Record<string, OnnxAttribute>>,
    outputs: number,
  ): Ref[];
  /** A vector of int64. */
  int64s(values: readonly number[]): Ref;
  scalar(value: number, dtype: GraphDType): Ref;
  /** ONNX's number of a type, for Cast. */
  dtype(dtype: GraphDType): number;
}

/** A node at the time of writing: what it was given is written already. */
export interface Placed<A> {
  readonly inputs: readonly Value[];
  readonly refs: readonly Ref[];
  readonly attributes: A;
  readonly outputs: readonly Value[];
}

export interface Kernel<A = Attributes> {
  readonly name: string;
  /** The names under which tfjs hands the inputs over; `list` where it hands over an array. */
  readonly inputs: readonly string[] | 'list';
  /** Whether tfjs expects a list of tensors back, be it of one. */
  readonly many?: true;
  /** Shapes and types of the outputs. */
  infer(inputs: readonly ValueSpec[], attributes: A): readonly ValueSpec[];
  /** References to the outputs. */
  tensorflow(write: TensorflowWriter, node: Placed<A>): readonly Ref[];
  onnx(write: OnnxWriter, node: Placed<A>): readonly Ref[];
}

export interface Spelled<A> {
  readonly name: string;
  readonly inputs: readonly string[] | 'list';
  readonly many?: true;
  infer(inputs: readonly ValueSpec[], attributes: A): ValueSpec | readonly ValueSpec[];
  tensorflow(write: TensorflowWriter, node: Placed<A>): Ref | readonly Ref[];
  onnx(write: OnnxWriter, node: Placed<A>): Ref | readonly Ref[];
}

const listed = <T>(one: T | readonly T[]): readonly T[] => (Array.isArray(one) ? (one as readonly T[]) : [one as T]);

/** Checks the attributes' type where the kernel is written, and forgets it, so that all kernels fit in one table. */
export function defineKernel<A>(kernel: Spelled<A>): Kernel {
  return {
    name: kernel.name,
    inputs: kernel.inputs,
    ...(kernel.many === undefined ? {} : { many: kernel.many }),
    infer: (inputs, attributes) => listed<ValueSpec>(kernel.infer(inputs, attributes as A)),
    tensorflow: (write, node) => listed<Ref>(kernel.tensorflow(write, node as Placed<A>)),
    onnx: (write, node) => listed<Ref>(kernel.onnx(write, node as Placed<A>)),
  };
}

/** The one spec of inputs that a rule is about. */
export function first(inputs: readonly ValueSpec[]): ValueSpec {
  return at(inputs, 0);
}

export function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`there is no item ${index} among ${items.length}`);
  return item;
}

/** NumPy's broadcasting. @throws TypeError for shapes that do not go together */
export function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [x, y] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    if (x !== y && x !== 1 && y !== 1) throw new TypeError(`[${a}] and [${b}] do not broadcast`);
    return x === 1 ? y : x;
  });
}

/** Axes counted from the front, in order; all of them where none is named. */
export function axesOf(axis: number | readonly number[] | null | undefined, rank: number): number[] {
  if (axis === null || axis === undefined) return Array.from({ length: rank }, (_, i) => i);
  return (typeof axis === 'number' ? [axis] : [...axis]).map((i) => (i < 0 ? i + rank : i)).sort((a, b) => a - b);
}
