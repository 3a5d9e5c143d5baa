/**
 * Writes nodes, into the graph or into the body of a function. References differ between the two: `node` and `node:1`
 * there, `node:output:0` and `node:output:1` here; a function's argument is its bare name.
 */
import type { Message } from '../../formats/protobuf.ts';
import type { GraphDType } from '../graph.ts';
import type { Ref, TensorflowWriter } from '../kernels/kernel.ts';
import { outputName } from './output-names.ts';
import { type ConstantTensor, type NodeAttributes, nodeDef } from './protocol.ts';

export interface Writer extends TensorflowWriter {
  /** NodeDefs, in the order of writing. */
  readonly written: readonly Message[];
  node(op: string, inputs: readonly Ref[], attributes: NodeAttributes): Ref;
  nodes(op: string, inputs: readonly Ref[], attributes: NodeAttributes, outputs: number): Ref[];
  /** A node that others find by its name, which is taken as it is. */
  named(name: string, op: string, inputs: readonly Ref[], attributes: NodeAttributes): Ref;
  /** A node that makes nothing. @returns the control input that waits for it */
  effect(op: string, inputs: readonly Ref[], attributes: NodeAttributes): Ref;
  constant(tensor: ConstantTensor): Ref;
  /** Nodes that `write` writes carry the scope in their names and wait for `after`. */
  inside<T>(scope: string, after: readonly Ref[], write: () => T): T;
}

/** The reference to a node that says: after it. */
export function control(ref: Ref): Ref {
  return ref.startsWith('^') ? ref : `^${ref.split(':', 1)[0]}`;
}

/** @param prefix of the names of all nodes; with a slash at its end, or empty */
export function nodeWriter(place: 'graph' | 'function', prefix: string): Writer {
  const written: Message[] = [];
  const constants = new Map<string, Ref>();
  let count = 0;
  let where = '';
  let controls: readonly Ref[] = [];

  const output = (name: string, op: string, index: number): Ref => {
    if (place === 'function') return `${name}:${outputName(op)}:${index}`;
    return index === 0 ? name : `${name}:${index}`;
  };
  const put = (name: string, op: string, inputs: readonly Ref[], attributes: NodeAttributes): void => {
    written.push(nodeDef(name, op, inputs, attributes));
  };
  const fresh = (op: string): string => `${prefix}${where}${op}_${count++}`;

  const nodes: Writer['nodes'] = (op, inputs, attributes, outputs) => {
    const name = fresh(op);
    put(name, op, [...inputs, ...controls], attributes);
    return Array.from({ length: outputs }, (_, i) => output(name, op, i));
  };
  const constant: Writer['constant'] = (tensor) => {
    // Constants wait for nothing, so that all nodes may share them.
    const name = `${prefix}Const_${count++}`;
    put(name, 'Const', [], { dtype: { type: tensor.dtype }, value: { tensor } });
    return output(name, 'Const', 0);
  };
  const shared = (key: string, write: () => Ref): Ref => {
    const ref = constants.get(key) ?? write();
    constants.set(key, ref);
    return ref;
  };
  const inside: Writer['inside'] = (scope, after, write) => {
    const former = { where, controls };
    // Not in functions: those of equal blocks must be equal.
    where = scope === '' || place === 'function' ? '' : `${scope.replace(/[^\w./-]/g, '_')}/`;
    controls = [...new Set(after.map(control))];
    try {
      return write();
    } finally {
      ({ where, controls } = former);
    }
  };
  /** Written in float32, for 16 bits have no array here; whoever runs it folds the cast. */
  const scalar = (value: number, dtype: GraphDType): Ref => {
    switch (dtype) {
      case 'float32':
        return constant({ shape: [], dtype, data: Float32Array.of(value) });
      case 'int32':
        return constant({ shape: [], dtype, data: Int32Array.of(value) });
      case 'uint8':
      case 'bool':
        return constant({ shape: [], dtype, data: Uint8Array.of(value) });
      case 'bfloat16':
      case 'float16': {
        const exact = constant({ shape: [], dtype: 'float32', data: Float32Array.of(value) });
        const attributes = { SrcT: { type: 'float32' }, DstT: { type: dtype } } as const;
        return inside('', [], () => nodes('Cast', [exact], attributes, 1)[0] as Ref);
      }
    }
  };

  return {
    written,
    nodes,
    node: (op, inputs, attributes) => nodes(op, inputs, attributes, 1)[0] as Ref,
    named: (name, op, inputs, attributes) => {
      put(name, op, inputs, attributes);
      return output(name, op, 0);
    },
    effect: (op, inputs, attributes) => {
      const name = fresh(op);
      put(name, op, inputs, attributes);
      return `^${name}`;
    },
    constant,
    int32s: (values) =>
      shared(`[${values}]`, () => constant({ shape: [values.length], dtype: 'int32', data: Int32Array.from(values) })),
    scalar: (value, dtype) => shared(`${dtype} ${Object.is(value, -0) ? '-0' : value}`, () => scalar(value, dtype)),
    inside,
  };
}
