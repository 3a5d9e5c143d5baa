import { type Graph, results, type Value } from '../graph.ts';

/** Drops what no result needs: nodes, constants, and state that is not read. Inputs stay: they are the step's contract. */
export function dropDeadCode(graph: Graph): Graph {
  const needed = new Set<Value>(results(graph));
  const nodes = graph.nodes.toReversed().filter((node) => {
    if (!node.outputs.some((output) => needed.has(output))) return false;
    for (const input of [...node.inputs, ...(node.after ?? [])]) needed.add(input);
    return true;
  });
  return {
    ...graph,
    nodes: nodes.reverse(),
    constants: new Map([...graph.constants].filter(([constant]) => needed.has(constant))),
    state: new Map([...graph.state].filter(([, read]) => needed.has(read))),
  };
}
