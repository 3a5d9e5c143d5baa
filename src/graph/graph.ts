/**
 * A step as data: nodes over values whose shapes and types are known. Immutable; a pass is a function from graph to
 * graph. The kernels that nodes name are in `kernels/`, one table for all runtimes.
 */

/** bfloat16 and float16 come into a graph by the precision pass alone: tfjs has neither. */
export type GraphDType = 'float32' | 'int32' | 'bool' | 'uint8' | 'bfloat16' | 'float16';

export interface ValueSpec {
  readonly shape: readonly number[];
  readonly dtype: GraphDType;
}

/** What a node makes, a step is fed, or a constant is. Its identity is the object's. */
export interface Value extends ValueSpec {
  readonly kind: 'value';
}

export type Attributes = Readonly<Record<string, unknown>>;

export interface Node {
  /** Name in the kernel table; tfjs's name where tfjs has one. */
  readonly kernel: string;
  readonly inputs: readonly Value[];
  readonly attributes: Attributes;
  readonly outputs: readonly Value[];
  /** Where in the model it was written, `blocks.3`; empty in the backward pass, which autodiff writes. */
  readonly scope: string;
  /** Does not run before these are there: keeps what is computed again from being computed early. */
  readonly after?: readonly Value[];
}

export type ConstantData = Float32Array | Int32Array | Uint8Array;

export interface Graph {
  /** Fed at each run, in the type of the input's spec. */
  readonly inputs: ReadonlyMap<string, Value>;
  /** The session's state that the step reads, as it is before the run. */
  readonly state: ReadonlyMap<string, Value>;
  /** Row-major; bool as bytes of 0 and 1. */
  readonly constants: ReadonlyMap<Value, ConstantData>;
  /** Each node comes after those that make its inputs. */
  readonly nodes: readonly Node[];
  /** The state that changes, as it is after the run. */
  readonly changed: ReadonlyMap<string, Value>;
  readonly outputs: ReadonlyMap<string, Value>;
}

export function value(shape: readonly number[], dtype: GraphDType): Value {
  return { kind: 'value', shape, dtype };
}

/** Whether autodiff wrote the node, or it stands outside the model: a part of the model names its nodes. */
export const isBackward = (node: Node): boolean => node.scope === '';

/** The node that makes each value; inputs, state and constants have none. */
export function producers(graph: Graph): ReadonlyMap<Value, Node> {
  return new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
}

/** The nodes that use each value. */
export function consumers(graph: Graph): ReadonlyMap<Value, readonly Node[]> {
  const uses = new Map<Value, Node[]>();
  for (const node of graph.nodes) {
    for (const input of new Set([...node.inputs, ...(node.after ?? [])])) {
      const known = uses.get(input);
      if (known === undefined) uses.set(input, [node]);
      else known.push(node);
    }
  }
  return uses;
}

/** What must be there at the end of a run. */
export function results(graph: Graph): Value[] {
  return [...graph.changed.values(), ...graph.outputs.values()];
}

/** The node with other inputs; itself where none changes. */
export function withInputs(node: Node, replace: (value: Value) => Value): Node {
  const inputs = node.inputs.map(replace);
  const after = node.after?.map(replace);
  const same =
    inputs.every((input, i) => input === node.inputs[i]) && after?.every((v, i) => v === node.after?.[i]) !== false;
  return same ? node : { ...node, inputs, ...(after === undefined ? {} : { after }) };
}

/** The results under a replacement of values. */
export function replaceResults(graph: Graph, replace: (value: Value) => Value): Pick<Graph, 'changed' | 'outputs'> {
  const renamed = (values: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> =>
    new Map([...values].map(([name, result]) => [name, replace(result)]));
  return { changed: renamed(graph.changed), outputs: renamed(graph.outputs) };
}

/** What nodes use, wait for, or leave as results. */
export function usedValues(graph: Graph): ReadonlySet<Value> {
  return new Set([...graph.nodes.flatMap(({ inputs, after = [] }) => [...inputs, ...after]), ...results(graph)]);
}

/** Names of the state that the graph reads. */
export function usedState(graph: Graph): string[] {
  const used = usedValues(graph);
  return [...graph.state].flatMap(([name, of]) => (used.has(of) ? [name] : []));
}
