/** The functions of a model: bodies of clusters, each once, and whole steps. */
import { encode, type Message } from '../../formats/protobuf.ts';
import type { Graph } from '../graph.ts';
import { type Clusters, type Refs, refTo, writeNodes } from './nodes.ts';
import { functionDef } from './protocol.ts';
import { nodeWriter } from './writer.ts';

export interface Library extends Clusters {
  /** FunctionDefs. */
  readonly functions: readonly Message[];
  add(definition: Message): void;
}

export function functionLibrary(): Library {
  const functions: Message[] = [];
  const names = new Map<string, string>();
  const library: Library = {
    functions,
    add: (definition) => functions.push(definition),
    cluster: (body) => {
      const define = clusterFunction(body, library);
      const content = Buffer.from(encode(define(''))).toString('latin1');
      const known = names.get(content);
      if (known !== undefined) return known;
      const name = `cluster_${names.size}`;
      names.set(content, name);
      functions.push(define(name));
      return name;
    },
  };
  return library;
}

/** The definition of a cluster's body under a name. Inputs and outputs are x0, x1, … and y0, y1, … */
function clusterFunction(body: Graph, library: Clusters): (name: string) => Message {
  const writer = nodeWriter('function', '');
  const given = [...body.inputs.values()];
  const refs: Refs = new Map(given.map((value, i) => [value, `x${i}`]));
  writeNodes(writer, body, refs, library);
  const inputs = given.map(({ dtype }, i) => ({ name: `x${i}`, dtype }));
  const outputs = [...body.outputs.values()].map((value, i) => ({
    name: `y${i}`,
    dtype: value.dtype,
    ref: refTo(refs, value),
  }));
  return (name) => functionDef(name, inputs, outputs, writer.written);
}
