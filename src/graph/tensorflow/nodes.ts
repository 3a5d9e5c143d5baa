/** The nodes of a graph through the kernel table, and clusters as calls of functions that XLA compiles. */
import type { Graph, Node, Value } from '../graph.ts';
import { kernelOf } from '../kernels/index.ts';
import type { Ref } from '../kernels/kernel.ts';
import type { ClusterAttributes } from '../passes/clusters.ts';
import type { NodeAttributes, TensorflowDType } from './protocol.ts';
import type { Writer } from './writer.ts';

/** The references of the values that are written. */
export type Refs = Map<Value, Ref>;

/** Where the functions of clusters are kept. */
export interface Clusters {
  /** The name of the function of a cluster. Equal bodies share one function, so that XLA compiles it once. */
  cluster(body: Graph): string;
}

/** @throws TypeError for a value that nothing has written */
export function refTo(refs: Refs, value: Value): Ref {
  const ref = refs.get(value);
  if (ref === undefined) throw new TypeError(`a ${value.dtype} [${value.shape}] is used before it is made`);
  return ref;
}

/**
 * Writes constants and nodes, and enters what they make into `refs`.
 *
 * @param refs holds the graph's inputs and state
 * @throws TypeError for kernels that are not in the table, or that a pass should have taken apart
 */
export function writeNodes(writer: Writer, graph: Graph, refs: Refs, library: Clusters): void {
  for (const [value, data] of graph.constants) {
    refs.set(value, writer.constant({ shape: value.shape, dtype: value.dtype, data }));
  }
  for (const node of graph.nodes) {
    const after = (node.after ?? []).map((value) => refTo(refs, value));
    const made = writer.inside(node.scope, after, () => writeNode(writer, node, refs, library));
    node.outputs.forEach((output, i) => {
      refs.set(output, made[i] as Ref);
    });
  }
}

function writeNode(writer: Writer, node: Node, refs: Refs, library: Clusters): readonly Ref[] {
  const { kernel, inputs, attributes, outputs } = node;
  const given = inputs.map((input) => refTo(refs, input));
  if (kernel !== 'Cluster') return kernelOf(kernel).tensorflow(writer, { refs: given, inputs, attributes, outputs });
  const { body } = attributes as unknown as ClusterAttributes;
  return writer.nodes(
    'StatefulPartitionedCall',
    given,
    xlaCall(library.cluster(body), inputs, outputs),
    outputs.length,
  );
}

/** The attributes of a call whose function XLA compiles as a whole. On the function itself they would be ignored. */
export function xlaCall(
  name: string,
  inputs: readonly { readonly dtype: TensorflowDType }[],
  outputs: readonly { readonly dtype: TensorflowDType }[],
): NodeAttributes {
  return {
    Tin: { types: inputs.map(({ dtype }) => dtype) },
    Tout: { types: outputs.map(({ dtype }) => dtype) },
    f: { function: name },
    _XlaMustCompile: { bool: true },
  };
}
