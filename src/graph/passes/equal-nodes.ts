/**
 * Merges nodes that compute the same of the same. Not across the border of forward and backward pass: what the
 * backward pass computes again, it does to spare the memory of keeping it.
 */
import { type Graph, isBackward, type Node, replaceResults, type Value, withInputs } from '../graph.ts';

export function mergeEqualNodes(graph: Graph): Graph {
  const numbers = new Map<Value, number>();
  const numberOf = (value: Value): number => {
    const known = numbers.get(value);
    if (known !== undefined) return known;
    numbers.set(value, numbers.size);
    return numbers.size - 1;
  };
  const replaced = new Map<Value, Value>();
  const replace = (value: Value): Value => replaced.get(value) ?? value;
  const seen = new Map<string, Node>();
  const nodes: Node[] = [];
  for (const original of graph.nodes) {
    const node = withInputs(original, replace);
    const { kernel, inputs, attributes, outputs, after = [] } = node;
    const pass = isBackward(node) && inputs.length > 0 ? 'backward' : 'forward';
    const key = JSON.stringify([pass, kernel, inputs.map(numberOf), after.map(numberOf), attributes, outputs]);
    const same = seen.get(key);
    if (same === undefined) {
      seen.set(key, node);
      nodes.push(node);
    } else {
      outputs.forEach((output, i) => {
        replaced.set(output, same.outputs[i] as Value);
      });
    }
  }
  return { ...graph, nodes, ...replaceResults(graph, replace) };
}
