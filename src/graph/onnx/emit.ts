/**
 * A graph as an ONNX file. State is fed like inputs, and what it is after the run is fetched like outputs: a file with
 * the weights inside ends at 2 GB, and would be a second copy of them. Weights that never change may be stored all the
 * same, in the file or beside it, where a runtime needs them so.
 */
import { bytesOf } from '../../formats/view-bytes.ts';
import { type Graph, type GraphDType, producers, usedValues, type Value } from '../graph.ts';
import { kernelOf } from '../kernels/index.ts';
import type { Ref } from '../kernels/kernel.ts';
import { holdBack } from './order.ts';
import { encodeModel, type StoredTensor, type TensorSignature } from './protocol.ts';
import { type OpenModel, openModel } from './writer.ts';

export interface OnnxOptions {
  readonly name: string;
  /** State that is stored rather than fed. */
  readonly stored?: ReadonlyMap<string, StoredWeights>;
  /** Whether inputs and outputs have the step's names, for others to feed; else `input/…` and `output/…`, which differ. */
  readonly plainNames?: boolean;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** In the type that the graph's state has. */
export type StoredWeights = StoredTensor['data'];

/** What a caller fetches is float32 or int32: booleans and short floats are widened. */
export interface FetchedSignature extends TensorSignature {
  readonly dtype: 'float32' | 'int32';
}

/** The file, and what its inputs and outputs are called; those that the graph does not use are left out. */
export interface OnnxProgram {
  readonly model: Uint8Array;
  readonly inputs: ReadonlyMap<string, TensorSignature>;
  readonly state: ReadonlyMap<string, TensorSignature>;
  readonly changed: ReadonlyMap<string, FetchedSignature>;
  readonly outputs: ReadonlyMap<string, FetchedSignature>;
}

/** @throws RangeError for stored weights of more than 2 GB: put them beside the file */
export function emitOnnx(graph: Graph, options: OnnxOptions): OnnxProgram {
  const { name, stored = new Map<string, StoredWeights>(), plainNames = false, metadata = {} } = options;
  const open = openModel();
  const refs = new Map<Value, Ref>();
  const used = usedValues(graph);
  const fed = (values: ReadonlyMap<string, Value>, prefix: string): Map<string, TensorSignature> => {
    const kept = [...values].filter(([, of]) => used.has(of));
    for (const [key, of] of kept) refs.set(of, `${prefix}${key}`);
    return new Map(kept.map(([key, of]) => [key, { name: `${prefix}${key}`, shape: of.shape, dtype: of.dtype }]));
  };
  const inputs = fed(graph.inputs, plainNames ? '' : 'input/');
  const allState = fed(graph.state, 'state/');
  for (const [key, signature] of allState) {
    const data = stored.get(key);
    if (data !== undefined) open.store({ ...signature, data });
  }
  const state = new Map([...allState].filter(([key]) => !stored.has(key)));
  for (const [of, data] of graph.constants) {
    if (used.has(of)) refs.set(of, open.store({ ...of, name: open.fresh('constant'), data: bytesOf(data) }));
  }
  writeNodes(open, graph, refs);
  const fetched = (values: ReadonlyMap<string, Value>, prefix: string): Map<string, FetchedSignature> =>
    new Map([...values].map(([key, of]) => [key, fetch(open, known(refs, of), of, `${prefix}${key}`)]));
  const changed = fetched(graph.changed, 'changed/');
  const outputs = fetched(graph.outputs, plainNames ? '' : 'output/');
  const model = encodeModel({
    name,
    nodes: open.written,
    stored: open.stored,
    inputs: [...inputs.values(), ...state.values()],
    outputs: [...changed.values(), ...outputs.values()],
    metadata,
  });
  return { model, inputs, state, changed, outputs };
}

function writeNodes(open: OpenModel, graph: Graph, refs: Map<Value, Ref>): void {
  const makers = producers(graph);
  const held = holdBack(open, makers);
  for (const node of graph.nodes) {
    open.enter(node.scope);
    const given = node.inputs.map((input) => held(node, input, known(refs, input), (of) => known(refs, of)));
    const { inputs, attributes, outputs } = node;
    const made = kernelOf(node.kernel).onnx(open, { inputs, refs: given, attributes, outputs });
    outputs.forEach((output, i) => {
      refs.set(output, made[i] as Ref);
    });
  }
  open.enter('');
}

const FETCHED: Readonly<Record<GraphDType, FetchedSignature['dtype']>> = {
  float32: 'float32',
  int32: 'int32',
  bool: 'float32',
  uint8: 'float32',
  bfloat16: 'float32',
  float16: 'float32',
};

/** Gives a value the name of an output. It may have several, or be an input: each output has a node of its own. */
function fetch(open: OpenModel, ref: Ref, { shape, dtype }: Value, name: string): FetchedSignature {
  const wide = FETCHED[dtype];
  if (wide === dtype) open.place('Identity', [ref], [name]);
  else open.place('Cast', [ref], [name], { to: open.dtype(wide) });
  return { name, shape, dtype: wide };
}

function known(refs: ReadonlyMap<Value, Ref>, of: Value): Ref {
  const ref = refs.get(of);
  if (ref === undefined) throw new TypeError(`a value [${of.shape}] is used before it is there`);
  return ref;
}
