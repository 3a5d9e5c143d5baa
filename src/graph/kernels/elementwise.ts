/** Kernels that compute each element by itself: arithmetic with broadcasting, functions of one number, comparisons. */
import type { GraphDType, ValueSpec } from '../graph.ts';
import { at, broadcast, defineKernel, first, type Kernel, type OnnxWriter, type Ref } from './kernel.ts';

const NO_ATTRIBUTES = {};

/** An op of two operands; `onnx` writes those that ONNX lacks out of others. */
function binary(
  name: string,
  tensorflow: string,
  onnx: string | ((write: OnnxWriter, a: Ref, b: Ref) => Ref),
  result: 'operands' | 'bool' = 'operands',
): Kernel {
  return defineKernel<object>({
    name,
    inputs: ['a', 'b'],
    infer: (inputs) => {
      const [a, b] = [first(inputs), at(inputs, 1)];
      if (a.dtype !== b.dtype) throw new TypeError(`${name} of ${a.dtype} and ${b.dtype}`);
      return { shape: broadcast(a.shape, b.shape), dtype: result === 'bool' ? 'bool' : a.dtype };
    },
    tensorflow: (write, { refs, inputs }) =>
      write.node(
        tensorflow,
        refs,
        tensorflow.startsWith('Logical') ? NO_ATTRIBUTES : { T: { type: first(inputs).dtype } },
      ),
    onnx: (write, { refs }) =>
      typeof onnx === 'string' ? write.node(onnx, refs) : onnx(write, at(refs, 0), at(refs, 1)),
  });
}

/** An op of one operand. */
function unary(
  name: string,
  tensorflow: string,
  onnx: string | ((write: OnnxWriter, x: Ref, dtype: GraphDType) => Ref),
): Kernel {
  return defineKernel<object>({
    name,
    inputs: ['x'],
    infer: (inputs) => first(inputs),
    tensorflow: (write, { refs, inputs }) => write.node(tensorflow, refs, { T: { type: first(inputs).dtype } }),
    onnx: (write, { refs, inputs }) =>
      typeof onnx === 'string' ? write.node(onnx, refs) : onnx(write, at(refs, 0), first(inputs).dtype),
  });
}

const predicate = (name: string, onnx: string): Kernel => ({
  ...unary(name, name, onnx),
  infer: (inputs) => [{ shape: first(inputs).shape, dtype: 'bool' }],
});

const sameSpec = (inputs: readonly ValueSpec[]): ValueSpec => first(inputs);

export const elementwise: readonly Kernel[] = [
  binary('Add', 'AddV2', 'Add'),
  binary('Sub', 'Sub', 'Sub'),
  binary('Multiply', 'Mul', 'Mul'),
  binary('RealDiv', 'RealDiv', 'Div'),
  binary('FloorDiv', 'FloorDiv', (write, a, b) => write.node('Floor', [write.node('Div', [a, b])])),
  {
    ...binary('Pow', 'Pow', 'Pow'),
    // onnxruntime's WebGPU fails where one operand is broadcast along the last axis.
    onnx: (write, { refs, inputs, outputs }) => {
      const shape = first(outputs).shape;
      const whole = refs.map((ref, i) =>
        `${at(inputs, i).shape}` === `${shape}` ? ref : write.node('Expand', [ref, write.int64s(shape)]),
      );
      return [write.node('Pow', whole)];
    },
  },
  binary('Maximum', 'Maximum', 'Max'),
  binary('Minimum', 'Minimum', 'Min'),
  binary('SquaredDifference', 'SquaredDifference', (write, a, b) => {
    const difference = write.node('Sub', [a, b]);
    return write.node('Mul', [difference, difference]);
  }),
  binary('Equal', 'Equal', 'Equal', 'bool'),
  binary('NotEqual', 'NotEqual', (write, a, b) => write.node('Not', [write.node('Equal', [a, b])]), 'bool'),
  binary('Greater', 'Greater', 'Greater', 'bool'),
  binary('GreaterEqual', 'GreaterEqual', 'GreaterOrEqual', 'bool'),
  binary('Less', 'Less', 'Less', 'bool'),
  binary('LessEqual', 'LessEqual', 'LessOrEqual', 'bool'),
  binary('LogicalAnd', 'LogicalAnd', 'And', 'bool'),
  binary('LogicalOr', 'LogicalOr', 'Or', 'bool'),

  unary('Identity', 'Identity', 'Identity'),
  unary('Neg', 'Neg', 'Neg'),
  unary('Abs', 'Abs', 'Abs'),
  unary('Sign', 'Sign', 'Sign'),
  unary('Exp', 'Exp', 'Exp'),
  unary('Log', 'Log', 'Log'),
  unary('Sqrt', 'Sqrt', 'Sqrt'),
  unary('Rsqrt', 'Rsqrt', (write, x) => write.node('Reciprocal', [write.node('Sqrt', [x])])),
  unary('Square', 'Square', (write, x) => write.node('Mul', [x, x])),
  unary('Reciprocal', 'Reciprocal', 'Reciprocal'),
  unary('Floor', 'Floor', 'Floor'),
  unary('Ceil', 'Ceil', 'Ceil'),
  unary('Round', 'Round', 'Round'),
  unary('Sin', 'Sin', 'Sin'),
  unary('Cos', 'Cos', 'Cos'),
  unary('Erf', 'Erf', 'Erf'),
  unary('Relu', 'Relu', 'Relu'),
  unary('Relu6', 'Relu6', (write, x, dtype) => write.node('Clip', [x, write.scalar(0, dtype), write.scalar(6, dtype)])),
  unary('Sigmoid', 'Sigmoid', 'Sigmoid'),
  unary('Tanh', 'Tanh', 'Tanh'),
  unary('Softplus', 'Softplus', 'Softplus'),
  predicate('IsNan', 'IsNaN'),
  predicate('IsInf', 'IsInf'),

  defineKernel<object>({
    name: 'IsFinite',
    inputs: ['x'],
    infer: (inputs) => ({ shape: first(inputs).shape, dtype: 'bool' }),
    tensorflow: (write, { refs, inputs }) => write.node('IsFinite', refs, { T: { type: first(inputs).dtype } }),
    onnx: (write, { refs }) =>
      write.node('Not', [write.node('Or', [write.node('IsNaN', refs), write.node('IsInf', refs)])]),
  }),
  defineKernel<object>({
    name: 'LogicalNot',
    inputs: ['x'],
    infer: sameSpec,
    tensorflow: (write, { refs }) => write.node('LogicalNot', refs, NO_ATTRIBUTES),
    onnx: (write, { refs }) => write.node('Not', refs),
  }),
  defineKernel<{ alpha: number }>({
    name: 'LeakyRelu',
    inputs: ['x'],
    infer: sameSpec,
    tensorflow: (write, { refs, inputs, attributes }) =>
      write.node('LeakyRelu', refs, { T: { type: first(inputs).dtype }, alpha: { float: attributes.alpha } }),
    onnx: (write, { refs, attributes }) => write.node('LeakyRelu', refs, { alpha: { float: attributes.alpha } }),
  }),
  defineKernel<{ clipValueMin: number; clipValueMax: number }>({
    name: 'ClipByValue',
    inputs: ['x'],
    infer: sameSpec,
    tensorflow: (write, { refs, inputs, attributes }) => {
      const { dtype } = first(inputs);
      const bounds = [write.scalar(attributes.clipValueMin, dtype), write.scalar(attributes.clipValueMax, dtype)];
      return write.node('ClipByValue', [...refs, ...bounds], { T: { type: dtype } });
    },
    onnx: (write, { refs, inputs, attributes }) => {
      const { dtype } = first(inputs);
      const bounds = [write.scalar(attributes.clipValueMin, dtype), write.scalar(attributes.clipValueMax, dtype)];
      return write.node('Clip', [...refs, ...bounds]);
    },
  }),
  /** 1 above zero, else alpha: the gradient of ReLU. */
  defineKernel<{ alpha: number }>({
    name: 'Step',
    inputs: ['x'],
    infer: sameSpec,
    tensorflow: (write, { refs, inputs, attributes }) => {
      const { dtype } = first(inputs);
      const above = write.node('Greater', [...refs, write.scalar(0, dtype)], { T: { type: dtype } });
      const [one, alpha] = [write.scalar(1, dtype), write.scalar(attributes.alpha, dtype)];
      return write.node('SelectV2', [above, one, alpha], { T: { type: dtype } });
    },
    onnx: (write, { refs, inputs, attributes }) => {
      const { dtype } = first(inputs);
      const above = write.node('Greater', [...refs, write.scalar(0, dtype)]);
      return write.node('Where', [above, write.scalar(1, dtype), write.scalar(attributes.alpha, dtype)]);
    },
  }),
  /** Where the condition holds the one, else the other; all of one shape, or the condition a scalar. */
  defineKernel<object>({
    name: 'Select',
    inputs: ['condition', 't', 'e'],
    infer: (inputs) => {
      const [condition, t] = [first(inputs), at(inputs, 1)];
      if (condition.shape.length > 0 && condition.shape.length !== t.shape.length) {
        throw new TypeError(
          `Select by [${condition.shape}] in [${t.shape}]: the condition needs the rank of the values`,
        );
      }
      return { shape: broadcast(condition.shape, t.shape), dtype: t.dtype };
    },
    tensorflow: (write, { refs, outputs }) => write.node('SelectV2', refs, { T: { type: first(outputs).dtype } }),
    onnx: (write, { refs }) => write.node('Where', refs),
  }),
  defineKernel<object>({
    name: 'AddN',
    inputs: 'list',
    infer: sameSpec,
    tensorflow: (write, { refs, inputs }) =>
      write.node('AddN', refs, { N: { int: refs.length }, T: { type: first(inputs).dtype } }),
    onnx: (write, { refs }) => write.node('Sum', refs),
  }),
  defineKernel<{ dtype: GraphDType }>({
    name: 'Cast',
    inputs: ['x'],
    infer: (inputs, { dtype }) => ({ shape: first(inputs).shape, dtype }),
    tensorflow: (write, { refs, inputs, attributes }) => {
      const from = first(inputs).dtype;
      return write.node('Cast', refs, { SrcT: { type: from }, DstT: { type: attributes.dtype } });
    },
    onnx: (write, { refs, attributes }) => write.node('Cast', refs, { to: write.dtype(attributes.dtype) }),
  }),
];
