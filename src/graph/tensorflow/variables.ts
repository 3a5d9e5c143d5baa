/** State in resource variables, which stay on the device from run to run, and the ways to set and to read each. */
import type { TensorSpec, TensorSpecs } from '../../tensor/host.ts';
import type { Graph, GraphDType } from '../graph.ts';
import type { Ref } from '../kernels/kernel.ts';
import type { Writer } from './writer.ts';

/** How to get at one tensor of the state: what to feed and what to fetch. */
export interface StateEntry {
  /** The type of the variable; that of the specification is cast to it and from it. */
  readonly stored: GraphDType;
  /** Fed in the type of the specification. */
  readonly value: Ref;
  /** Fed as it is stored, with a tensor that libtensorflow made: it is not copied. */
  readonly storedValue: Ref;
  /** Fetched, it assigns what is fed. */
  readonly assigned: Ref;
  /** Fetched, it assigns zeros. */
  readonly zeroed: Ref;
  /** In the type of the specification, and as it is stored. */
  readonly read: Ref;
  readonly storedRead: Ref;
}

export interface Variable {
  /** The resource. */
  readonly handle: Ref;
  readonly stored: GraphDType;
}

/** What tfjs has for a tensor of this spec: it knows no bytes. */
const tracedType = ({ dtype }: TensorSpec): GraphDType => (dtype === 'int32' ? 'int32' : 'float32');

/** The type in which each tensor is stored, by name: what the steps that read it agree on, else its own. */
export function storedTypes(state: TensorSpecs, graphs: readonly Graph[]): ReadonlyMap<string, GraphDType> {
  return new Map(
    Object.entries(state).map(([name, spec]) => {
      const asked = new Set(graphs.flatMap((graph) => graph.state.get(name)?.dtype ?? []));
      const [only] = asked;
      return [name, asked.size === 1 && only !== undefined ? only : tracedType(spec)];
    }),
  );
}

/** The value in another type; itself where it has it. */
export function writeCast(writer: Writer, ref: Ref, from: GraphDType, to: GraphDType): Ref {
  return from === to ? ref : writer.node('Cast', [ref], { SrcT: { type: from }, DstT: { type: to } });
}

/**
 * The value in memory of its own. What is fed may lie in the memory of a JavaScript array, which must not become a
 * variable's: its owner writes to it, and it may be freed on JavaScript's thread alone.
 */
export function writeCopy(writer: Writer, ref: Ref, dtype: GraphDType): Ref {
  return writer.node('DeepCopy', [ref], { T: { type: dtype } });
}

/** A scalar of int32 that is there when all of `controls` have run. */
export function writeDone(writer: Writer, controls: readonly Ref[]): Ref {
  return writer.node('Identity', [writer.scalar(1, 'int32'), ...controls], { T: { type: 'int32' } });
}

/** @param at the name of the variable's node; @param name what the session's resources call it */
export function writeVariable(
  writer: Writer,
  at: string,
  name: string,
  spec: TensorSpec,
  stored: GraphDType,
): { variable: Variable; entry: StateEntry } {
  const { shape, dtype } = spec;
  const type = { dtype: { type: stored } };
  const handle = writer.named(at, 'VarHandleOp', [], { ...type, shape: { shape }, shared_name: { text: name } });
  const assign = (ref: Ref): Ref => writeDone(writer, [writer.effect('AssignVariableOp', [handle, ref], type)]);
  const value = writer.named(`${at}/value`, 'Placeholder', [], { dtype: { type: dtype }, shape: { shape } });
  const storedValue = dtype === stored ? writeCopy(writer, value, dtype) : writeCast(writer, value, dtype, stored);
  const zeros = writer.node('Fill', [writer.int32s(shape), writer.scalar(0, stored)], {
    T: { type: stored },
    index_type: { type: 'int32' },
  });
  const storedRead = writer.node('ReadVariableOp', [handle], type);
  const entry: StateEntry = {
    stored,
    value,
    storedValue,
    assigned: assign(storedValue),
    zeroed: assign(zeros),
    read: writeCast(writer, storedRead, stored, tracedType(spec)),
    storedRead,
  };
  return { variable: { handle, stored }, entry };
}
