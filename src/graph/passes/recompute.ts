/**
 * Computes the inside of blocks again in the backward pass in place of keeping it (Chen et al. 2016, "Training Deep Nets
 * with Sublinear Memory Cost"): of a block only what it is given survives until its gradients are due. One more forward
 * pass of all blocks buys the memory of all but one.
 *
 * A copy waits for the gradient of the block's result, for it would otherwise be computed, and kept, in the forward pass.
 */
import { consumers, type Graph, isBackward, type Node, type Value, value, withInputs } from '../graph.ts';

/** `blocks.3`: the part of the model that a node was written in, of those that are computed again. */
const BLOCK = /^blocks\.\d+$/;

export function recomputeBlocks(graph: Graph): Graph {
  const users = consumers(graph);
  const blocks = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    if (BLOCK.test(node.scope)) blocks.set(node.scope, [...(blocks.get(node.scope) ?? []), node]);
  }
  /** The backward node before which a copy stands → the copy. */
  const copies = new Map<Node, readonly Node[]>();
  const renamings = new Map<Value, Value>();
  const gradients = gradientsBefore(graph);
  for (const nodes of blocks.values()) {
    const kept = nodes.flatMap((node) => node.outputs).filter((of) => (users.get(of) ?? []).some(isBackward));
    const takers = new Set(kept.flatMap((of) => (users.get(of) ?? []).filter(isBackward)));
    const taker = graph.nodes.find((node) => takers.has(node));
    const wait = taker === undefined ? undefined : gradients.get(taker);
    if (taker === undefined || wait === undefined) continue;
    const copy = copyOf(nodes, kept, wait);
    copies.set(taker, copy.nodes);
    for (const [from, to] of copy.renamed) renamings.set(from, to);
  }
  const rename = (of: Value): Value => renamings.get(of) ?? of;
  const nodes = graph.nodes.flatMap((node) =>
    isBackward(node) ? [...(copies.get(node) ?? []), withInputs(node, rename)] : [node],
  );
  return { ...graph, nodes };
}

/** For each backward node the last value before it that stems from the loss. */
function gradientsBefore(graph: Graph): ReadonlyMap<Node, Value> {
  const before = new Map<Node, Value>();
  const made = new Set<Value>();
  let last: Value | undefined;
  for (const node of graph.nodes) {
    if (!isBackward(node)) continue;
    if (last !== undefined) before.set(node, last);
    if (node.inputs.some((input) => made.has(input))) last = node.outputs[0];
    for (const output of node.outputs) made.add(output);
  }
  return before;
}

function copyOf(
  nodes: readonly Node[],
  kept: readonly Value[],
  wait: Value,
): { nodes: Node[]; renamed: Map<Value, Value> } {
  const needed = new Set(kept);
  const live = nodes.toReversed().filter((node) => {
    if (!node.outputs.some((of) => needed.has(of))) return false;
    for (const input of node.inputs) needed.add(input);
    return true;
  });
  const renamed = new Map<Value, Value>();
  const rename = (of: Value): Value => renamed.get(of) ?? of;
  const copied = live.reverse().map((node) => {
    const inputs = node.inputs.map(rename);
    const outputs = node.outputs.map(({ shape, dtype }) => value(shape, dtype));
    node.outputs.forEach((of, i) => {
      renamed.set(of, outputs[i] as Value);
    });
    return { ...node, inputs, outputs, scope: '', after: [wait] };
  });
  return { nodes: copied, renamed };
}
