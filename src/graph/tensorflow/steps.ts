/**
 * A step over variables: reads what it needs, computes, and assigns what changed once all is read. Its outputs wait for
 * the assignments, so that fetching them does everything; fetches of one step reach no node of another.
 */
import type { Graph, GraphDType, Value } from '../graph.ts';
import type { Ref } from '../kernels/kernel.ts';
import type { Library } from './functions.ts';
import { type Refs, refTo, writeNodes, xlaCall } from './nodes.ts';
import { type Argument, functionDef } from './protocol.ts';
import { type Variable, writeCast, writeDone } from './variables.ts';
import { control, nodeWriter, type Writer } from './writer.ts';

export interface StepResults {
  /** Output → what to fetch; float32 or int32. */
  readonly outputs: ReadonlyMap<string, Ref>;
  /** To fetch where there are no outputs. */
  readonly done: Ref;
}

export type Variables = ReadonlyMap<string, Variable>;

/** The type in which a value comes to the host. */
export const hostType = ({ dtype }: Value): GraphDType => (dtype === 'int32' ? 'int32' : 'float32');

const variableOf = (variables: Variables, name: string): Variable => {
  const variable = variables.get(name);
  if (variable === undefined) throw new TypeError(`there is no state ${name}`);
  return variable;
};

/** @throws TypeError for state that is not among the variables, and for what the kernel table does not know */
export function writeStep(
  writer: Writer,
  graph: Graph,
  variables: Variables,
  inputs: ReadonlyMap<string, Ref>,
  library: Library,
): StepResults {
  const refs: Refs = new Map([...graph.inputs].map(([name, value]) => [value, inputs.get(name) as Ref]));
  const reads: Ref[] = [];
  for (const [name, value] of graph.state) {
    const { handle, stored } = variableOf(variables, name);
    const read = writer.node('ReadVariableOp', [handle], { dtype: { type: stored } });
    reads.push(read);
    refs.set(value, writeCast(writer, read, stored, value.dtype));
  }
  writeNodes(writer, graph, refs, library);
  const changed = [...graph.changed];
  const controls: Ref[] = [];
  if (changed.length > 0) {
    const allRead = writer.effect('NoOp', reads.map(control), {});
    const assigned = changed.map(([name, value]) => {
      const { handle, stored } = variableOf(variables, name);
      const ref = writeCast(writer, refTo(refs, value), value.dtype, stored);
      return writer.effect('AssignVariableOp', [handle, ref, allRead], { dtype: { type: stored } });
    });
    controls.push(writer.effect('NoOp', assigned, {}));
  }
  const outputs = [...graph.outputs].map(([name, value]) => {
    const ref = writeCast(writer, refTo(refs, value), value.dtype, hostType(value));
    return [name, writer.node('Identity', [ref, ...controls], { T: { type: hostType(value) } })] as const;
  });
  return { outputs: new Map(outputs), done: writeDone(writer, controls) };
}

/** The step as one function, called by a node that has XLA compile it. Variables are arguments too. */
export function writeCompiledStep(
  writer: Writer,
  name: string,
  graph: Graph,
  variables: Variables,
  inputs: ReadonlyMap<string, Ref>,
  library: Library,
): StepResults {
  const used = [...new Set([...graph.state.keys(), ...graph.changed.keys()])];
  const handles = used.map((state, i): Argument & { state: string } => ({ name: `v${i}`, dtype: 'resource', state }));
  const fed = [...graph.inputs].map(([input, { dtype }], i) => ({ name: `x${i}`, dtype, input }));
  const body = nodeWriter('function', '');
  const inside = writeStep(
    body,
    graph,
    new Map(handles.map(({ name: handle, state }) => [state, { ...variableOf(variables, state), handle }])),
    new Map(fed.map(({ name: argument, input }) => [input, argument])),
    library,
  );
  const results: (Argument & { readonly dtype: GraphDType; readonly ref: Ref })[] = [
    ...[...graph.outputs].map(([output, value], i) => ({
      name: `y${i}`,
      dtype: hostType(value),
      ref: inside.outputs.get(output) as Ref,
    })),
    { name: 'done', dtype: 'int32', ref: inside.done },
  ];
  library.add(functionDef(name, [...handles, ...fed], results, body.written));
  const given = [
    ...used.map((state) => variableOf(variables, state).handle),
    ...fed.map(({ input }) => inputs.get(input) as Ref),
  ];
  const made = writer.nodes(
    'StatefulPartitionedCall',
    given,
    xlaCall(name, [...handles, ...fed], results),
    results.length,
  );
  return {
    outputs: new Map([...graph.outputs.keys()].map((output, i) => [output, made[i] as Ref])),
    done: made.at(-1) as Ref,
  };
}
