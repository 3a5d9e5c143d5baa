/** Writes nodes by hand, as passes do: shapes and types follow from the kernel table. */
import { type Attributes, type ConstantData, type GraphDType, type Node, type Value, value } from './graph.ts';
import { kernelOf } from './kernels/index.ts';

export interface Builder {
  readonly nodes: Node[];
  readonly constants: Map<Value, ConstantData>;
  /** The outputs of a new node. */
  many(kernel: string, inputs: readonly Value[], attributes?: Attributes, waits?: readonly Value[]): Value[];
  /** The one output of a new node. */
  one(kernel: string, inputs: readonly Value[], attributes?: Attributes, waits?: readonly Value[]): Value;
  scalar(number: number, dtype?: GraphDType): Value;
  cast(x: Value, dtype: GraphDType): Value;
}

/** @param scope of the nodes that are written; @param after what they wait for where nothing else is said */
export function builder(scope = '', after?: readonly Value[]): Builder {
  const nodes: Node[] = [];
  const constants = new Map<Value, ConstantData>();
  const many: Builder['many'] = (kernel, inputs, attributes = {}, waits = after) => {
    const outputs = kernelOf(kernel)
      .infer(inputs, attributes)
      .map(({ shape, dtype }) => value(shape, dtype));
    nodes.push({ kernel, inputs, attributes, outputs, scope, ...(waits === undefined ? {} : { after: waits }) });
    return outputs;
  };
  const one: Builder['one'] = (...asked) => many(...asked)[0] as Value;
  return {
    nodes,
    constants,
    many,
    one,
    scalar: (number, dtype = 'float32') => one('Fill', [], { shape: [], value: number, dtype }),
    cast: (x, dtype) => (x.dtype === dtype ? x : one('Cast', [x], { dtype })),
  };
}
