/** Kernels that fold axes away, and those that normalise along one: sums, extremes, softmax. */
import type { ValueSpec } from '../graph.ts';
import { at, axesOf, defineKernel, first, type Kernel } from './kernel.ts';

type Axis = number | readonly number[] | null | undefined;

const folded = (shape: readonly number[], axes: readonly number[], keep: boolean): number[] =>
  shape.flatMap((extent, i) => (axes.includes(i) ? (keep ? [1] : []) : [extent]));

function reduction<A extends { keepDims: boolean }>(
  name: string,
  tensorflow: string,
  onnx: string,
  axis: (attributes: A) => Axis,
): Kernel {
  const axes = ({ shape }: ValueSpec, attributes: A): number[] => axesOf(axis(attributes), shape.length);
  return defineKernel<A>({
    name,
    inputs: ['x'],
    infer: (inputs, attributes) => {
      const x = first(inputs);
      return { shape: folded(x.shape, axes(x, attributes), attributes.keepDims), dtype: x.dtype };
    },
    tensorflow: (write, { refs, inputs, attributes }) => {
      const x = first(inputs);
      const logical = tensorflow === 'All' || tensorflow === 'Any';
      return write.node(tensorflow, [at(refs, 0), write.int32s(axes(x, attributes))], {
        ...(logical ? {} : { T: { type: x.dtype } }),
        Tidx: { type: 'int32' },
        keep_dims: { bool: attributes.keepDims },
      });
    },
    onnx: (write, { refs, inputs, attributes }) => {
      const over = axes(first(inputs), attributes);
      // Without axes ONNX would fold all of them.
      if (over.length === 0) return write.node('Identity', [at(refs, 0)]);
      return write.node(onnx, [at(refs, 0), write.int64s(over)], { keepdims: attributes.keepDims ? 1 : 0 });
    },
  });
}

const byAxis = (attributes: { axis: Axis }): Axis => attributes.axis;

/** Along the last axis. */
const along = (name: string): Kernel =>
  defineKernel<object>({
    name,
    inputs: ['logits'],
    infer: (inputs) => first(inputs),
    tensorflow: (write, { refs, inputs }) => write.node(name, refs, { T: { type: first(inputs).dtype } }),
    onnx: (write, { refs }) => write.node(name, refs, { axis: -1 }),
  });

export const reductions: readonly Kernel[] = [
  reduction<{ axis: Axis; keepDims: boolean }>('Sum', 'Sum', 'ReduceSum', byAxis),
  reduction<{ axis: Axis; keepDims: boolean }>('Mean', 'Mean', 'ReduceMean', byAxis),
  reduction<{ axis: Axis; keepDims: boolean }>('Prod', 'Prod', 'ReduceProd', byAxis),
  reduction<{ axis: Axis; keepDims: boolean }>('Min', 'Min', 'ReduceMin', byAxis),
  reduction<{ reductionIndices: Axis; keepDims: boolean }>(
    'Max',
    'Max',
    'ReduceMax',
    ({ reductionIndices }) => reductionIndices,
  ),
  along('Softmax'),
  defineKernel<{ axis: number }>({
    name: 'ArgMax',
    inputs: ['x'],
    infer: (inputs, { axis }) => {
      const { shape } = first(inputs);
      return { shape: folded(shape, axesOf(axis, shape.length), false), dtype: 'int32' };
    },
    tensorflow: (write, { refs, inputs, attributes }) => {
      const { shape, dtype } = first(inputs);
      const axis = write.scalar(at(axesOf(attributes.axis, shape.length), 0), 'int32');
      return write.node('ArgMax', [at(refs, 0), axis], {
        T: { type: dtype },
        Tidx: { type: 'int32' },
        output_type: { type: 'int32' },
      });
    },
    onnx: (write, { refs, inputs, attributes }) => {
      const axis = at(axesOf(attributes.axis, first(inputs).shape.length), 0);
      const found = write.node('ArgMax', refs, { axis, keepdims: 0 });
      return write.node('Cast', [found], { to: write.dtype('int32') });
    },
  }),
  defineKernel<{ axis: number; exclusive: boolean; reverse: boolean }>({
    name: 'Cumsum',
    inputs: ['x'],
    infer: (inputs) => first(inputs),
    tensorflow: (write, { refs, inputs, attributes }) => {
      const { shape, dtype } = first(inputs);
      const axis = write.scalar(at(axesOf(attributes.axis, shape.length), 0), 'int32');
      return write.node('Cumsum', [at(refs, 0), axis], {
        T: { type: dtype },
        Tidx: { type: 'int32' },
        exclusive: { bool: attributes.exclusive },
        reverse: { bool: attributes.reverse },
      });
    },
    onnx: (write, { refs, inputs, attributes }) => {
      const axis = write.scalar(at(axesOf(attributes.axis, first(inputs).shape.length), 0), 'int32');
      return write.node('CumSum', [at(refs, 0), axis], {
        exclusive: attributes.exclusive ? 1 : 0,
        reverse: attributes.reverse ? 1 : 0,
      });
    },
  }),
];
