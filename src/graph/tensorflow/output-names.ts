/**
 * What ops call their output. Inside a function a value is named `node:output:index`, so the name must be known; every
 * op that is written here has one output, or one that is a list. From the op registry of libtensorflow 2.21.
 */

const OPS_BY_OUTPUT: Readonly<Record<string, string>> = {
  y:
    'Abs Cast Ceil Cos Erf Exp Floor IsFinite IsInf IsNan Log LogicalNot Neg Reciprocal Round Rsqrt Sigmoid Sign Sin ' +
    'Sqrt Square Tanh Transpose',
  z:
    'AddV2 Equal FloorDiv Greater GreaterEqual Less LessEqual LogicalAnd LogicalOr Maximum Minimum Mul NotEqual Pow ' +
    'RealDiv SquaredDifference Sub',
  output:
    'All Any ArgMax BatchMatMulV2 BroadcastTo ClipByValue ConcatV2 Const Conv2D Conv2DBackpropFilter ' +
    'Conv2DBackpropInput Conv3D Conv3DBackpropFilterV2 Conv3DBackpropInputV2 DepthwiseConv2dNative ' +
    'DepthwiseConv2dNativeBackpropFilter DepthwiseConv2dNativeBackpropInput Fill GatherV2 Identity Max Mean Min OneHot ' +
    'Pack PadV2 Prod Reshape ReverseV2 SelectV2 Slice SplitV StatefulPartitionedCall Sum Tile Unpack ' +
    'UnsortedSegmentSum',
  activations: 'LeakyRelu Relu Relu6 Softplus',
  sum: 'AddN',
  out: 'Cumsum',
  product: 'MatMul',
  softmax: 'Softmax',
  value: 'ReadVariableOp',
};

const OUTPUT_BY_OP: ReadonlyMap<string, string> = new Map(
  Object.entries(OPS_BY_OUTPUT).flatMap(([output, ops]) => ops.split(' ').map((op) => [op, output] as const)),
);

/** @throws TypeError for an op that is not in the table */
export function outputName(op: string): string {
  const name = OUTPUT_BY_OP.get(op);
  if (name === undefined)
    throw new TypeError(`what ${op} calls its output is not in src/graph/tensorflow/output-names.ts`);
  return name;
}
