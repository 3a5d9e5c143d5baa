/** Kernels that pick elements by index, put them back, and fill: gathers and their gradient, one-hot rows, constants. */
import type { GraphDType, ValueSpec } from '../graph.ts';
import { at, axesOf, defineKernel, first, type Kernel, type OnnxWriter, type Ref } from './kernel.ts';

/** TensorProto.DataType.INT64: a type that values of a graph do not have. */
const ONNX_INT64 = 7;

/** A tensor of one number. */
const onnxFill = (write: OnnxWriter, value: number, { shape, dtype }: ValueSpec): Ref =>
  write.node('Expand', [write.scalar(value, dtype), write.int64s(shape)]);

/** A tensor filled with one number, in the shape of its input or a shape of its own. */
function fill<A>(
  name: string,
  inputs: readonly string[],
  rule: (inputs: readonly ValueSpec[], attributes: A) => ValueSpec & { value: number },
): Kernel {
  const numberOf = (given: readonly ValueSpec[], attributes: A): number => rule(given, attributes).value;
  return defineKernel<A>({
    name,
    inputs,
    infer: (given, attributes) => {
      const { shape, dtype } = rule(given, attributes);
      return { shape, dtype };
    },
    tensorflow: (write, node) => {
      const { shape, dtype } = first(node.outputs);
      const number = write.scalar(numberOf(node.inputs, node.attributes), dtype);
      return write.node('Fill', [write.int32s(shape), number], { T: { type: dtype }, index_type: { type: 'int32' } });
    },
    onnx: (write, node) => onnxFill(write, numberOf(node.inputs, node.attributes), first(node.outputs)),
  });
}

export const indexing: readonly Kernel[] = [
  defineKernel<{ axis: number; batchDims?: number }>({
    name: 'GatherV2',
    inputs: ['x', 'indices'],
    infer: (inputs, { axis, batchDims = 0 }) => {
      const [x, indices] = [first(inputs), at(inputs, 1)];
      if (batchDims !== 0) throw new TypeError('GatherV2 with batch dimensions is not in the kernel table');
      const [along] = axesOf(axis, x.shape.length) as [number];
      return { shape: [...x.shape.slice(0, along), ...indices.shape, ...x.shape.slice(along + 1)], dtype: x.dtype };
    },
    tensorflow: (write, { refs, inputs, attributes }) => {
      const x = first(inputs);
      const axis = write.scalar(at(axesOf(attributes.axis, x.shape.length), 0), 'int32');
      return write.node('GatherV2', [...refs, axis], {
        Tparams: { type: x.dtype },
        Tindices: { type: at(inputs, 1).dtype },
        Taxis: { type: 'int32' },
      });
    },
    onnx: (write, { refs, inputs, attributes }) =>
      write.node('Gather', refs, { axis: at(axesOf(attributes.axis, first(inputs).shape.length), 0) }),
  }),

  /** Rows of x summed by segment: the gradient of a gather. segmentIds [n], x [n, ...] → [numSegments, ...]. */
  defineKernel<{ numSegments: number }>({
    name: 'UnsortedSegmentSum',
    inputs: ['x', 'segmentIds'],
    infer: (inputs, { numSegments }) => {
      const { shape, dtype } = first(inputs);
      return { shape: [numSegments, ...shape.slice(at(inputs, 1).shape.length)], dtype };
    },
    tensorflow: (write, { refs, inputs, attributes }) =>
      write.node('UnsortedSegmentSum', [...refs, write.scalar(attributes.numSegments, 'int32')], {
        T: { type: first(inputs).dtype },
        Tindices: { type: at(inputs, 1).dtype },
        Tnumsegments: { type: 'int32' },
      }),
    onnx: (write, { refs, outputs }) => {
      const ids = write.node('Cast', [at(refs, 1)], { to: ONNX_INT64 });
      const rows = write.node('Unsqueeze', [ids, write.int64s([-1])]);
      const zeros = onnxFill(write, 0, first(outputs));
      return write.node('ScatterND', [zeros, rows, at(refs, 0)], { reduction: { text: 'add' } });
    },
  }),

  defineKernel<{ depth: number; onValue: number; offValue: number; dtype: GraphDType }>({
    name: 'OneHot',
    inputs: ['indices'],
    infer: (inputs, { depth, dtype }) => ({ shape: [...first(inputs).shape, depth], dtype }),
    tensorflow: (write, { refs, inputs, attributes: { depth, onValue, offValue, dtype } }) =>
      write.node(
        'OneHot',
        [at(refs, 0), write.scalar(depth, 'int32'), write.scalar(onValue, dtype), write.scalar(offValue, dtype)],
        { T: { type: dtype }, TI: { type: first(inputs).dtype }, axis: { int: -1 } },
      ),
    // onnxruntime's OneHot knows few types.
    onnx: (write, { refs, attributes: { depth, onValue, offValue, dtype } }) => {
      const indices = write.node('Cast', [at(refs, 0)], { to: ONNX_INT64 });
      const rows = write.node('Unsqueeze', [indices, write.int64s([-1])]);
      const hit = write.node('Equal', [rows, write.int64s(Array.from({ length: depth }, (_, i) => i))]);
      return write.node('Where', [hit, write.scalar(onValue, dtype), write.scalar(offValue, dtype)]);
    },
  }),

  fill<{ shape: number[]; value: number; dtype: GraphDType }>('Fill', [], (_inputs, attributes) => attributes),
  fill<object>('ZerosLike', ['x'], (inputs) => ({ ...first(inputs), value: 0 })),
  fill<object>('OnesLike', ['x'], (inputs) => ({ ...first(inputs), value: 1 })),
];
