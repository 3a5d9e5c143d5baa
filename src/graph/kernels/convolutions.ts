/**
 * Convolutions and both their gradients, over two or three spatial axes, channels last as tfjs has them.
 *
 * TensorFlow has an op for each. ONNX has channels first, and no gradients: the gradient for the input is a convolution of
 * the output's gradient, and the gradient for the filter is one of the input with the output's gradient, in which batch
 * and channels change places and stride and dilation too.
 */
import type { ValueSpec } from '../graph.ts';
import { at, defineKernel, first, type Kernel, type OnnxWriter, type Ref, type TensorflowAttribute } from './kernel.ts';

type Padding = 'valid' | 'same' | number | readonly (readonly [number, number])[];

interface ConvolutionAttributes {
  readonly strides: number | readonly number[];
  readonly pad: Padding;
  readonly dilations?: number | readonly number[];
  readonly dataFormat?: string;
  readonly inputShape?: readonly number[];
  readonly filterShape?: readonly number[];
}

/** A convolution with its numbers resolved, one per spatial axis. */
interface Geometry {
  readonly axes: 2 | 3;
  readonly depthwise: boolean;
  /** [batch, ...spatial, channels]. */
  readonly input: readonly number[];
  /** [...spatial, in, out], or [...spatial, in, multiplier] of a depthwise one. */
  readonly filter: readonly number[];
  readonly output: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const perAxis = (given: number | readonly number[] | undefined, axes: number): number[] =>
  typeof given === 'number' ? Array(axes).fill(given) : given === undefined ? Array(axes).fill(1) : [...given];

function geometry(
  axes: 2 | 3,
  depthwise: boolean,
  input: readonly number[],
  filter: readonly number[],
  attributes: ConvolutionAttributes,
): Geometry {
  const { pad, dataFormat } = attributes;
  if (dataFormat?.startsWith('NC')) throw new TypeError(`convolutions are channels last here, not ${dataFormat}`);
  const [strides, dilations] = [perAxis(attributes.strides, axes), perAxis(attributes.dilations, axes)];
  const spans = strides.map((_, i) => (at(filter, i) - 1) * at(dilations, i) + 1);
  const pads = strides.map((stride, i): readonly [number, number] => {
    if (pad === 'valid') return [0, 0];
    if (typeof pad === 'number') return [pad, pad];
    if (pad !== 'same') return at(pad, i + 1);
    const extent = at(input, i + 1);
    const total = Math.max((Math.ceil(extent / stride) - 1) * stride + at(spans, i) - extent, 0);
    return [Math.floor(total / 2), total - Math.floor(total / 2)];
  });
  const [before, after] = [pads.map(([b]) => b), pads.map(([, a]) => a)];
  const spatial = strides.map((stride, i) => {
    const room = at(input, i + 1) + at(before, i) + at(after, i) - at(spans, i);
    return Math.floor(room / stride) + 1;
  });
  const [inputs, outputs] = [at(filter, axes), at(filter, axes + 1)];
  const channels = depthwise ? inputs * outputs : outputs;
  return {
    axes,
    depthwise,
    input,
    filter,
    output: [at(input, 0), ...spatial, channels],
    strides,
    dilations,
    before,
    after,
  };
}

function tensorflowAttributes(
  g: Geometry,
  { pad }: ConvolutionAttributes,
  dtype: ValueSpec['dtype'],
): Record<string, TensorflowAttribute> {
  const padding = pad === 'same' ? 'SAME' : pad === 'valid' ? 'VALID' : 'EXPLICIT';
  if (padding === 'EXPLICIT' && g.axes === 3) throw new TypeError('TensorFlow pads three axes by same or valid only');
  const explicit = [[0, 0], ...g.before.map((b, i) => [b, at(g.after, i)]), [0, 0]].flat();
  return {
    T: { type: dtype },
    strides: { ints: [1, ...g.strides, 1] },
    dilations: { ints: [1, ...g.dilations, 1] },
    padding: { text: padding },
    data_format: { text: g.axes === 2 ? 'NHWC' : 'NDHWC' },
    ...(padding === 'EXPLICIT' ? { explicit_paddings: { ints: explicit } } : {}),
  };
}

const spatialAxes = (axes: number, from: number): number[] => Array.from({ length: axes }, (_, i) => from + i);
const reshape = (write: OnnxWriter, x: Ref, shape: readonly number[]): Ref =>
  write.node('Reshape', [x, write.int64s(shape)]);
/** [batch, ...spatial, channels] → [batch, channels, ...spatial]. */
const channelsFirst = (write: OnnxWriter, x: Ref, axes: number): Ref =>
  write.node('Transpose', [x], { perm: [0, axes + 1, ...spatialAxes(axes, 1)] });
const channelsLast = (write: OnnxWriter, x: Ref, axes: number): Ref =>
  write.node('Transpose', [x], { perm: [0, ...spatialAxes(axes, 2), 1] });
const groupsOf = (g: Geometry): number => (g.depthwise ? at(g.input, g.axes + 1) : 1);

/** The filter as ONNX has it: [out, in per group, ...spatial]. */
function onnxFilter(write: OnnxWriter, filter: Ref, g: Geometry): Ref {
  const spatial = spatialAxes(g.axes, 0);
  if (!g.depthwise) return write.node('Transpose', [filter], { perm: [g.axes + 1, g.axes, ...spatial] });
  const byChannel = write.node('Transpose', [filter], { perm: [g.axes, g.axes + 1, ...spatial] });
  return reshape(write, byChannel, [at(g.output, g.axes + 1), 1, ...g.filter.slice(0, g.axes)]);
}

function onnxForward(write: OnnxWriter, x: Ref, filter: Ref, g: Geometry): Ref {
  const y = write.node('Conv', [channelsFirst(write, x, g.axes), onnxFilter(write, filter, g)], {
    strides: g.strides,
    dilations: g.dilations,
    pads: [...g.before, ...g.after],
    group: groupsOf(g),
  });
  return channelsLast(write, y, g.axes);
}

/**
 * A convolution, by the mirrored filter, of the output's gradient with zeros in between where the stride skipped. ONNX has
 * ConvTranspose for this, which onnxruntime's WebGPU lacks over three axes, and computes wrongly by groups of several.
 */
function onnxInputGradient(write: OnnxWriter, dy: Ref, filter: Ref, g: Geometry): Ref {
  const { axes, strides, dilations } = g;
  const taps = g.filter.slice(0, axes);
  const spans = taps.map((extent, i) => (extent - 1) * at(dilations, i));
  const before = spans.map((span, i) => span - at(g.before, i));
  const after = strides.map(
    (stride, i) => at(g.input, i + 1) + at(g.before, i) - (at(g.output, i + 1) - 1) * stride - 1,
  );
  if ([...before, ...after].some((pad) => pad < 0)) throw new TypeError('a convolution is padded beyond its filter');
  const byChannel = write.node('Transpose', [filter], { perm: [axes, axes + 1, ...spatialAxes(axes, 0)] });
  const apart = spreadApart(write, channelsFirst(write, dy, axes), g);
  const dx = write.node('Conv', [apart, mirrored(write, byChannel, axes)], {
    dilations,
    pads: [...before, ...after],
    group: groupsOf(g),
  });
  return channelsLast(write, dx, axes);
}

/** With stride − 1 zeros between neighbours: [batch, channels, ...spatial]. */
function spreadApart(write: OnnxWriter, dy: Ref, { axes, strides, output }: Geometry): Ref {
  if (strides.every((stride) => stride === 1)) return dy;
  const outer = [at(output, 0), at(output, axes + 1)];
  const extents = output.slice(1, -1);
  const single = reshape(write, dy, [...outer, ...extents.flatMap((extent) => [extent, 1])]);
  const nothing = Array(2 + 2 * axes).fill(0);
  const pads = [...nothing, 0, 0, ...strides.flatMap((stride) => [0, stride - 1])];
  const padded = write.node('Pad', [single, write.int64s(pads)]);
  const wide = reshape(write, padded, [...outer, ...extents.map((extent, i) => extent * at(strides, i))]);
  const ends = extents.map((extent, i) => (extent - 1) * at(strides, i) + 1);
  return write.node('Slice', [
    wide,
    write.int64s(ends.map(() => 0)),
    write.int64s(ends),
    write.int64s(spatialAxes(axes, 2)),
  ]);
}

/** A filter [out, in, ...spatial] read backwards along the spatial axes. */
function mirrored(write: OnnxWriter, filter: Ref, axes: number): Ref {
  const all = (number: number): Ref => write.int64s(Array(axes).fill(number));
  const end = all(-Number.MAX_SAFE_INTEGER);
  return write.node('Slice', [filter, all(-1), end, write.int64s(spatialAxes(axes, 2)), all(-1)]);
}

function onnxFilterGradient(write: OnnxWriter, x: Ref, dy: Ref, g: Geometry): Ref {
  const { axes } = g;
  const [batch, channels, outputs] = [at(g.input, 0), at(g.input, axes + 1), at(g.output, axes + 1)];
  const spatial = spatialAxes(axes, 1);
  const channelsByBatch = (ref: Ref): Ref => write.node('Transpose', [ref], { perm: [axes + 1, 0, ...spatial] });
  const swapped = channelsByBatch(x);
  const asInput = g.depthwise ? reshape(write, swapped, [1, channels * batch, ...g.input.slice(1, -1)]) : swapped;
  const wide = write.node('Conv', [asInput, channelsByBatch(dy)], {
    strides: g.dilations,
    dilations: g.strides,
    pads: [...g.before, ...g.after],
    group: groupsOf(g),
  });
  // Where the stride left inputs over, there are more positions than the filter has.
  const taps = g.filter.slice(0, axes);
  const axes64 = write.int64s(spatialAxes(axes, 2));
  const cut = write.node('Slice', [wide, write.int64s(taps.map(() => 0)), write.int64s(taps), axes64]);
  if (!g.depthwise) return write.node('Transpose', [cut], { perm: [...spatialAxes(axes, 2), 0, 1] });
  const byChannel = reshape(write, cut, [channels, outputs / channels, ...taps]);
  return write.node('Transpose', [byChannel], { perm: [...spatialAxes(axes, 2), 0, 1] });
}

interface Names {
  readonly forward: string;
  readonly input: string;
  readonly filter: string;
}

/** `tensorflow` where TensorFlow calls the gradients otherwise than tfjs. */
function convolution(axes: 2 | 3, depthwise: boolean, tfjs: Names, tensorflow: Names): Kernel[] {
  const forward = (inputs: readonly ValueSpec[], a: ConvolutionAttributes): Geometry =>
    geometry(axes, depthwise, first(inputs).shape, at(inputs, 1).shape, a);
  const ofInput = (inputs: readonly ValueSpec[], a: ConvolutionAttributes): Geometry =>
    geometry(axes, depthwise, a.inputShape as readonly number[], at(inputs, 1).shape, a);
  const ofFilter = (inputs: readonly ValueSpec[], a: ConvolutionAttributes): Geometry =>
    geometry(axes, depthwise, first(inputs).shape, a.filterShape as readonly number[], a);
  return [
    defineKernel<ConvolutionAttributes>({
      name: tfjs.forward,
      inputs: ['x', 'filter'],
      infer: (inputs, a) => ({ shape: forward(inputs, a).output, dtype: first(inputs).dtype }),
      tensorflow: (write, { refs, inputs, attributes }) =>
        write.node(
          tensorflow.forward,
          refs,
          tensorflowAttributes(forward(inputs, attributes), attributes, first(inputs).dtype),
        ),
      onnx: (write, { refs, inputs, attributes }) =>
        onnxForward(write, at(refs, 0), at(refs, 1), forward(inputs, attributes)),
    }),
    defineKernel<ConvolutionAttributes>({
      name: tfjs.input,
      inputs: ['dy', 'filter'],
      infer: (inputs, a) => ({ shape: ofInput(inputs, a).input, dtype: first(inputs).dtype }),
      tensorflow: (write, { refs, inputs, attributes }) => {
        const g = ofInput(inputs, attributes);
        return write.node(
          tensorflow.input,
          [write.int32s(g.input), at(refs, 1), at(refs, 0)],
          tensorflowAttributes(g, attributes, first(inputs).dtype),
        );
      },
      onnx: (write, { refs, inputs, attributes }) =>
        onnxInputGradient(write, at(refs, 0), at(refs, 1), ofInput(inputs, attributes)),
    }),
    defineKernel<ConvolutionAttributes>({
      name: tfjs.filter,
      inputs: ['x', 'dy'],
      infer: (inputs, a) => ({ shape: ofFilter(inputs, a).filter, dtype: first(inputs).dtype }),
      tensorflow: (write, { refs, inputs, attributes }) => {
        const g = ofFilter(inputs, attributes);
        return write.node(
          tensorflow.filter,
          [at(refs, 0), write.int32s(g.filter), at(refs, 1)],
          tensorflowAttributes(g, attributes, first(inputs).dtype),
        );
      },
      onnx: (write, { refs, inputs, attributes }) =>
        onnxFilterGradient(write, at(refs, 0), at(refs, 1), ofFilter(inputs, attributes)),
    }),
  ];
}

const conv2d = { forward: 'Conv2D', input: 'Conv2DBackpropInput', filter: 'Conv2DBackpropFilter' };
const conv3d = { forward: 'Conv3D', input: 'Conv3DBackpropInputV2', filter: 'Conv3DBackpropFilterV2' };
const depthwise = {
  forward: 'DepthwiseConv2dNative',
  input: 'DepthwiseConv2dNativeBackpropInput',
  filter: 'DepthwiseConv2dNativeBackpropFilter',
};

export const convolutions: readonly Kernel[] = [
  ...convolution(2, false, conv2d, conv2d),
  ...convolution(3, false, conv3d, conv3d),
  ...convolution(2, true, depthwise, depthwise),
];
