/** A SavedModel that holds any number of steps over one state: what a session of the engine runs. */
import { encode } from '../../formats/protobuf.ts';
import type { TensorSpecs } from '../../tensor/host.ts';
import type { Graph, GraphDType } from '../graph.ts';
import type { Ref } from '../kernels/kernel.ts';
import { functionLibrary } from './functions.ts';
import { graphDef, savedModel } from './protocol.ts';
import { type StepResults, type Variables, writeCompiledStep, writeStep } from './steps.ts';
import { type StateEntry, storedTypes, writeCopy, writeVariable } from './variables.ts';
import { nodeWriter } from './writer.ts';

/** The tag to load the model with. */
export const SESSION_TAG = 'session';

export interface NamedGraph {
  /** Of the step, for profiles. */
  readonly name: string;
  readonly graph: Graph;
}

export interface StepEntry extends StepResults {
  /** Input → what to feed. */
  readonly inputs: ReadonlyMap<string, Ref>;
}

export interface SessionModel {
  /** The bytes of saved_model.pb. */
  readonly file: Uint8Array;
  readonly state: ReadonlyMap<string, StateEntry>;
  /** In the order in which they were given. */
  readonly steps: readonly StepEntry[];
}

export interface EmitOptions {
  /** Whether XLA compiles each step as a whole. */
  readonly wholeSteps: boolean;
}

/** @throws TypeError for state that is not in `state`, and for what the kernel table does not know */
export function emitSessionModel(
  state: TensorSpecs,
  steps: readonly NamedGraph[],
  { wholeSteps }: EmitOptions,
): SessionModel {
  const library = functionLibrary();
  const writer = nodeWriter('graph', 'state/');
  const types = storedTypes(
    state,
    steps.map(({ graph }) => graph),
  );
  const stored = Object.entries(state).map(([name, spec], i) => {
    const type = types.get(name) as GraphDType;
    return { name, ...writeVariable(writer, `state/${i}`, name, spec, type) };
  });
  const variables: Variables = new Map(stored.map(({ name, variable }) => [name, variable]));
  const written = steps.map(({ name, graph }, i) => {
    const prefix = `step${i}.${name.replace(/[^\w.-]/g, '_')}`;
    const own = nodeWriter('graph', `${prefix}/`);
    const feeds = new Map<string, Ref>();
    const inputs = new Map<string, Ref>();
    for (const [input, { dtype, shape }] of graph.inputs) {
      const at = `${prefix}/input${feeds.size}`;
      const feed = own.named(at, 'Placeholder', [], { dtype: { type: dtype }, shape: { shape } });
      feeds.set(input, feed);
      // Bytes are cast before anything else, which copies them.
      inputs.set(input, dtype === 'uint8' ? feed : writeCopy(own, feed, dtype));
    }
    const results = wholeSteps
      ? writeCompiledStep(own, `step${i}`, graph, variables, inputs, library)
      : writeStep(own, graph, variables, inputs, library);
    return { entry: { inputs: feeds, ...results }, nodes: own.written };
  });
  const nodes = [...writer.written, ...written.flatMap((step) => step.nodes)];
  return {
    file: encode(savedModel(graphDef(nodes, library.functions), SESSION_TAG)),
    state: new Map(stored.map(({ name, entry }) => [name, entry])),
    steps: written.map(({ entry }) => entry),
  };
}
