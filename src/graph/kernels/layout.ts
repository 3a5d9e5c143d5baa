/** Kernels that move elements and compute nothing: shapes, slices, concatenation, padding. */
import { sizeOf } from '../../tensor/host.ts';
import type { ValueSpec } from '../graph.ts';
import { at, axesOf, defineKernel, first, type Kernel, type OnnxWriter, type Ref } from './kernel.ts';

/** −1 stands for what is left. */
function reshaped(shape: readonly number[], asked: readonly number[]): number[] {
  const known = sizeOf(asked.filter((extent) => extent !== -1));
  const result = asked.map((extent) => (extent === -1 ? sizeOf(shape) / known : extent));
  if (sizeOf(result) !== sizeOf(shape)) throw new TypeError(`[${shape}] does not reshape to [${asked}]`);
  return result;
}

const onnxReshape = (write: OnnxWriter, x: Ref, shape: readonly number[]): Ref =>
  write.node('Reshape', [x, write.int64s(shape)], shape.includes(0) ? { allowzero: 1 } : {});

function reshapeLike<A>(name: string, input: string, shapeOf: (from: ValueSpec, attributes: A) => number[]): Kernel {
  return defineKernel<A>({
    name,
    inputs: [input],
    infer: (inputs, attributes) => ({ shape: shapeOf(first(inputs), attributes), dtype: first(inputs).dtype }),
    tensorflow: (write, { refs, outputs }) => {
      const { shape, dtype } = first(outputs);
      return write.node('Reshape', [at(refs, 0), write.int32s(shape)], {
        T: { type: dtype },
        Tshape: { type: 'int32' },
      });
    },
    onnx: (write, { refs, outputs }) => onnxReshape(write, at(refs, 0), first(outputs).shape),
  });
}

const sizesOf = ({ shape }: ValueSpec, { begin, size }: SliceAttributes): number[] => {
  const begins = typeof begin === 'number' ? [begin] : begin;
  const sizes = typeof size === 'number' ? [size] : size;
  return shape.map((extent, i) => {
    const asked = sizes[i] ?? -1;
    return asked === -1 ? extent - (begins[i] ?? 0) : asked;
  });
};
interface SliceAttributes {
  readonly begin: number | readonly number[];
  readonly size: number | readonly number[];
}
const beginsOf = ({ shape }: ValueSpec, { begin }: SliceAttributes): number[] => {
  const begins = typeof begin === 'number' ? [begin] : begin;
  return shape.map((_, i) => begins[i] ?? 0);
};

const splitSizes = ({ shape }: ValueSpec, { numOrSizeSplits, axis }: SplitAttributes): number[] => {
  const [along] = axesOf(axis, shape.length) as [number];
  const extent = at(shape, along);
  if (typeof numOrSizeSplits === 'number') return Array(numOrSizeSplits).fill(extent / numOrSizeSplits);
  const known = numOrSizeSplits.filter((size) => size !== -1).reduce((a, b) => a + b, 0);
  return numOrSizeSplits.map((size) => (size === -1 ? extent - known : size));
};
interface SplitAttributes {
  readonly numOrSizeSplits: number | readonly number[];
  readonly axis: number;
}

const replaced = (shape: readonly number[], axis: number, extent: number): number[] =>
  shape.map((old, i) => (i === axis ? extent : old));

export const layout: readonly Kernel[] = [
  reshapeLike<{ shape: number[] }>('Reshape', 'x', ({ shape }, asked) => reshaped(shape, asked.shape)),
  reshapeLike<{ dim: number }>('ExpandDims', 'input', ({ shape }, { dim }) => {
    const at0 = dim < 0 ? dim + shape.length + 1 : dim;
    return [...shape.slice(0, at0), 1, ...shape.slice(at0)];
  }),

  defineKernel<{ perm: number[] }>({
    name: 'Transpose',
    inputs: ['x'],
    infer: (inputs, { perm }) => ({ shape: perm.map((i) => at(first(inputs).shape, i)), dtype: first(inputs).dtype }),
    tensorflow: (write, { refs, inputs, attributes }) =>
      write.node('Transpose', [at(refs, 0), write.int32s(attributes.perm)], {
        T: { type: first(inputs).dtype },
        Tperm: { type: 'int32' },
      }),
    onnx: (write, { refs, attributes }) => write.node('Transpose', refs, { perm: attributes.perm }),
  }),

  defineKernel<SliceAttributes>({
    name: 'Slice',
    inputs: ['x'],
    infer: (inputs, attributes) => ({ shape: sizesOf(first(inputs), attributes), dtype: first(inputs).dtype }),
    tensorflow: (write, { refs, inputs, attributes, outputs }) =>
      write.node(
        'Slice',
        [at(refs, 0), write.int32s(beginsOf(first(inputs), attributes)), write.int32s(first(outputs).shape)],
        { T: { type: first(inputs).dtype }, Index: { type: 'int32' } },
      ),
    onnx: (write, { refs, inputs, attributes, outputs }) => {
      const begins = beginsOf(first(inputs), attributes);
      const ends = begins.map((begin, i) => begin + at(first(outputs).shape, i));
      return write.node('Slice', [
        at(refs, 0),
        write.int64s(begins),
        write.int64s(ends),
        write.int64s(begins.map((_, i) => i)),
      ]);
    },
  }),

  defineKernel<{ axis: number }>({
    name: 'Concat',
    inputs: 'list',
    infer: (inputs, { axis }) => {
      const { shape, dtype } = first(inputs);
      const [along] = axesOf(axis, shape.length) as [number];
      const extent = inputs.reduce((sum, input) => sum + at(input.shape, along), 0);
      return { shape: replaced(shape, along, extent), dtype };
    },
    tensorflow: (write, { refs, inputs, attributes }) => {
      const { shape, dtype } = first(inputs);
      const axis = write.scalar(at(axesOf(attributes.axis, shape.length), 0), 'int32');
      return write.node('ConcatV2', [...refs, axis], {
        N: { int: refs.length },
        T: { type: dtype },
        Tidx: { type: 'int32' },
      });
    },
    onnx: (write, { refs, inputs, attributes }) =>
      write.node('Concat', refs, { axis: at(axesOf(attributes.axis, first(inputs).shape.length), 0) }),
  }),

  defineKernel<{ axis: number }>({
    name: 'Pack',
    inputs: 'list',
    infer: (inputs, { axis }) => {
      const { shape, dtype } = first(inputs);
      return { shape: [...shape.slice(0, axis), inputs.length, ...shape.slice(axis)], dtype };
    },
    tensorflow: (write, { refs, inputs, attributes }) =>
      write.node('Pack', refs, {
        N: { int: refs.length },
        T: { type: first(inputs).dtype },
        axis: { int: attributes.axis },
      }),
    onnx: (write, { refs, attributes }) => {
      const rows = refs.map((ref) => write.node('Unsqueeze', [ref, write.int64s([attributes.axis])]));
      return write.node('Concat', rows, { axis: attributes.axis });
    },
  }),

  defineKernel<{ axis: number }>({
    name: 'Unpack',
    inputs: ['value'],
    many: true,
    infer: (inputs, { axis }) => {
      const { shape, dtype } = first(inputs);
      const [along] = axesOf(axis, shape.length) as [number];
      return Array.from({ length: at(shape, along) }, () => ({ shape: shape.filter((_, i) => i !== along), dtype }));
    },
    tensorflow: (write, { refs, inputs, attributes, outputs }) => {
      const { shape, dtype } = first(inputs);
      const axis = at(axesOf(attributes.axis, shape.length), 0);
      const given = { num: { int: outputs.length }, T: { type: dtype }, axis: { int: axis } };
      return write.nodes('Unpack', refs, given, outputs.length);
    },
    onnx: (write, { refs, inputs, attributes, outputs }) => {
      const axis = at(axesOf(attributes.axis, first(inputs).shape.length), 0);
      const ones = write.int64s(outputs.map(() => 1));
      const rows = write.nodes('Split', [at(refs, 0), ones], { axis }, outputs.length);
      return rows.map((row) => write.node('Squeeze', [row, write.int64s([axis])]));
    },
  }),

  defineKernel<SplitAttributes>({
    name: 'SplitV',
    inputs: ['x'],
    many: true,
    infer: (inputs, attributes) => {
      const { shape, dtype } = first(inputs);
      const [along] = axesOf(attributes.axis, shape.length) as [number];
      return splitSizes(first(inputs), attributes).map((size) => ({ shape: replaced(shape, along, size), dtype }));
    },
    tensorflow: (write, { refs, inputs, attributes, outputs }) => {
      const { shape, dtype } = first(inputs);
      const axis = write.scalar(at(axesOf(attributes.axis, shape.length), 0), 'int32');
      return write.nodes(
        'SplitV',
        [at(refs, 0), write.int32s(splitSizes(first(inputs), attributes)), axis],
        { T: { type: dtype }, Tlen: { type: 'int32' }, num_split: { int: outputs.length } },
        outputs.length,
      );
    },
    onnx: (write, { refs, inputs, attributes, outputs }) => {
      const axis = at(axesOf(attributes.axis, first(inputs).shape.length), 0);
      const sizes = write.int64s(splitSizes(first(inputs), attributes));
      return write.nodes('Split', [at(refs, 0), sizes], { axis }, outputs.length);
    },
  }),

  defineKernel<{ reps: number[] }>({
    name: 'Tile',
    inputs: ['x'],
    infer: (inputs, { reps }) => ({
      shape: first(inputs).shape.map((extent, i) => extent * at(reps, i)),
      dtype: first(inputs).dtype,
    }),
    tensorflow: (write, { refs, inputs, attributes }) =>
      write.node('Tile', [at(refs, 0), write.int32s(attributes.reps)], {
        T: { type: first(inputs).dtype },
        Tmultiples: { type: 'int32' },
      }),
    onnx: (write, { refs, attributes }) => write.node('Tile', [at(refs, 0), write.int64s(attributes.reps)]),
  }),

  defineKernel<{ shape: number[] }>({
    name: 'BroadcastTo',
    inputs: ['x'],
    infer: (inputs, { shape }) => ({ shape, dtype: first(inputs).dtype }),
    tensorflow: (write, { refs, outputs }) => {
      const { shape, dtype } = first(outputs);
      return write.node('BroadcastTo', [at(refs, 0), write.int32s(shape)], {
        T: { type: dtype },
        Tidx: { type: 'int32' },
      });
    },
    onnx: (write, { refs, outputs }) => write.node('Expand', [at(refs, 0), write.int64s(first(outputs).shape)]),
  }),

  defineKernel<{ paddings: [number, number][]; constantValue: number }>({
    name: 'PadV2',
    inputs: ['x'],
    infer: (inputs, { paddings }) => ({
      shape: first(inputs).shape.map((extent, i) => extent + at(at(paddings, i), 0) + at(at(paddings, i), 1)),
      dtype: first(inputs).dtype,
    }),
    tensorflow: (write, { refs, inputs, attributes: { paddings, constantValue } }) => {
      const { dtype } = first(inputs);
      const flat = write.node('Reshape', [write.int32s(paddings.flat()), write.int32s([paddings.length, 2])], {
        T: { type: 'int32' },
        Tshape: { type: 'int32' },
      });
      return write.node('PadV2', [at(refs, 0), flat, write.scalar(constantValue, dtype)], {
        T: { type: dtype },
        Tpaddings: { type: 'int32' },
      });
    },
    onnx: (write, { refs, inputs, attributes: { paddings, constantValue } }) => {
      const pads = [...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)];
      return write.node('Pad', [at(refs, 0), write.int64s(pads), write.scalar(constantValue, first(inputs).dtype)]);
    },
  }),

  defineKernel<{ dims: number | number[] }>({
    name: 'Reverse',
    inputs: ['x'],
    infer: (inputs) => first(inputs),
    tensorflow: (write, { refs, inputs, attributes }) => {
      const { shape, dtype } = first(inputs);
      const axes = write.int32s(axesOf(attributes.dims, shape.length));
      return write.node('ReverseV2', [at(refs, 0), axes], { T: { type: dtype }, Tidx: { type: 'int32' } });
    },
    onnx: (write, { refs, inputs, attributes }) => {
      const axes = axesOf(attributes.dims, first(inputs).shape.length);
      const all = (number: number): Ref => write.int64s(axes.map(() => number));
      // An end of −∞ means: through the first element.
      const end = all(-Number.MAX_SAFE_INTEGER);
      return write.node('Slice', [at(refs, 0), all(-1), end, write.int64s(axes), all(-1)]);
    },
  }),
];
