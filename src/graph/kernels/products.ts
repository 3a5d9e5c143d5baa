/**
 * Matrix products, and attention as one node. Attention is not written by any runtime: a pass takes it apart, in the
 * way that the runtime and the memory at hand ask for.
 */
import type { GraphDType } from '../graph.ts';
import { at, broadcast, defineKernel, first, type Kernel, type OnnxWriter, type Ref } from './kernel.ts';

export interface ProductAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

const swapped = (rank: number): number[] => {
  const axes = Array.from({ length: rank }, (_, i) => i);
  return [...axes.slice(0, -2), rank - 1, rank - 2];
};

const transposed = (write: OnnxWriter, ref: Ref, rank: number, transpose: boolean): Ref =>
  transpose ? write.node('Transpose', [ref], { perm: swapped(rank) }) : ref;

const unwritten = (name: string) => (): never => {
  throw new TypeError(`${name} was not taken apart before the graph was written`);
};

export const products: readonly Kernel[] = [
  /** a · b over the last two axes; those before them broadcast. */
  defineKernel<ProductAttributes>({
    name: 'BatchMatMul',
    inputs: ['a', 'b'],
    infer: (inputs, { transposeA, transposeB }) => {
      const [a, b] = [first(inputs), at(inputs, 1)];
      const [rows, depth] = (transposeA ? [...a.shape].reverse() : a.shape.slice(-2)) as [number, number];
      const [depthB, columns] = (transposeB ? [...b.shape].reverse() : b.shape.slice(-2)) as [number, number];
      if (depth !== depthB || a.dtype !== b.dtype) {
        throw new TypeError(`a product of ${a.dtype} [${a.shape}] and ${b.dtype} [${b.shape}]`);
      }
      return { shape: [...broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2)), rows, columns], dtype: a.dtype };
    },
    tensorflow: (write, { refs, inputs, attributes: { transposeA, transposeB } }) => {
      const { shape, dtype } = first(inputs);
      // MatMul is the form that fusions and the weight cache know.
      if (shape.length === 2 && at(inputs, 1).shape.length === 2) {
        const given = { T: { type: dtype }, transpose_a: { bool: transposeA }, transpose_b: { bool: transposeB } };
        return write.node('MatMul', refs, given);
      }
      return write.node('BatchMatMulV2', refs, {
        T: { type: dtype },
        adj_x: { bool: transposeA },
        adj_y: { bool: transposeB },
      });
    },
    onnx: (write, { refs, inputs, attributes: { transposeA, transposeB } }) => {
      const [a, b] = [first(inputs), at(inputs, 1)];
      if (a.shape.length === 2 && b.shape.length === 2) {
        return write.node('Gemm', refs, { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 });
      }
      return write.node('MatMul', [
        transposed(write, at(refs, 0), a.shape.length, transposeA),
        transposed(write, at(refs, 1), b.shape.length, transposeB),
      ]);
    },
  }),

  /** softmax(q · kᵀ) · v for q [..., N, d], k and v [..., M, d] → [..., N, d]. */
  defineKernel<object>({
    name: 'Attention',
    inputs: ['q', 'k', 'v'],
    infer: (inputs) => first(inputs),
    tensorflow: unwritten('Attention'),
    onnx: unwritten('Attention'),
  }),
  /** From the gradient dO of attention's result o those of q, k and v. */
  defineKernel<object>({
    name: 'AttentionGradient',
    inputs: ['q', 'k', 'v', 'o', 'dO'],
    many: true,
    infer: (inputs) => [first(inputs), at(inputs, 1), at(inputs, 2)],
    tensorflow: unwritten('AttentionGradient'),
    onnx: unwritten('AttentionGradient'),
  }),
  /** softmax(q · kᵀ + bias) · v; the bias has the last axes of the scores [B, ..., N, M], but not the first. */
  defineKernel<object>({
    name: 'BiasedAttention',
    inputs: ['q', 'k', 'v', 'bias'],
    infer: (inputs) => first(inputs),
    tensorflow: unwritten('BiasedAttention'),
    onnx: unwritten('BiasedAttention'),
  }),
  /** The bias's gradient is summed over the axes that it lacks. */
  defineKernel<object>({
    name: 'BiasedAttentionGradient',
    inputs: ['q', 'k', 'v', 'bias', 'o', 'dO'],
    many: true,
    infer: (inputs) => [first(inputs), at(inputs, 1), at(inputs, 2), at(inputs, 3)],
    tensorflow: unwritten('BiasedAttentionGradient'),
    onnx: unwritten('BiasedAttentionGradient'),
  }),
];

/** Kernels whose time is in multiplications: they take the low precision. */
export const PRODUCT_KERNELS: ReadonlySet<string> = new Set([
  'BatchMatMul',
  'Conv2D',
  'Conv2DBackpropInput',
  'Conv2DBackpropFilter',
  'Conv3D',
  'Conv3DBackpropInputV2',
  'Conv3DBackpropFilterV2',
  'DepthwiseConv2dNative',
  'DepthwiseConv2dNativeBackpropInput',
  'DepthwiseConv2dNativeBackpropFilter',
]);

export const isFloat = (dtype: GraphDType): boolean =>
  dtype === 'float32' || dtype === 'bfloat16' || dtype === 'float16';
