/**
 * Removes what does nothing: identities, reshapes of reshapes, casts to the type that is there, factors of one, sums
 * with zero. Autodiff writes many of them.
 */
import { type Graph, type Node, replaceResults, type Value, withInputs } from '../graph.ts';

export function simplify(graph: Graph): Graph {
  const replaced = new Map<Value, Value>();
  const replace = (value: Value): Value => replaced.get(value) ?? value;
  const makers = new Map<Value, Node>();
  const nodes: Node[] = [];
  for (const original of graph.nodes) {
    const node = shortened(withInputs(original, replace), makers);
    const stands = standIn(node, makers);
    const [output] = node.outputs;
    if (stands !== undefined && node.after === undefined) {
      replaced.set(output as Value, stands);
      continue;
    }
    for (const made of node.outputs) makers.set(made, node);
    nodes.push(node);
  }
  return { ...graph, nodes, ...replaceResults(graph, replace) };
}

/** The value that the node's output is equal to, where it computes nothing. */
function standIn({ kernel, inputs, outputs }: Node, makers: ReadonlyMap<Value, Node>): Value | undefined {
  const [x, y] = inputs;
  const output = outputs[0] as Value;
  if (x === undefined) return undefined;
  const sameShape = (of: Value): boolean => `${of.shape}` === `${output.shape}`;
  switch (kernel) {
    case 'Identity':
      return x;
    case 'Reshape':
    case 'ExpandDims':
    case 'BroadcastTo':
    case 'Tile':
    case 'Slice':
    case 'PadV2':
      return sameShape(x) ? x : undefined;
    case 'Cast':
      return x.dtype === output.dtype ? x : undefined;
    case 'Multiply':
      if (isFillOf(makers, y, 1) && sameShape(x)) return x;
      return isFillOf(makers, x, 1) && sameShape(y as Value) ? y : undefined;
    case 'RealDiv':
      return isFillOf(makers, y, 1) && sameShape(x) ? x : undefined;
    case 'Add':
      if (isFillOf(makers, y, 0) && sameShape(x)) return x;
      return isFillOf(makers, x, 0) && sameShape(y as Value) ? y : undefined;
    default:
      return undefined;
  }
}

/** The node with fewer steps behind it, or a cheaper one that makes the same. */
function shortened(node: Node, makers: ReadonlyMap<Value, Node>): Node {
  const [x, y] = node.inputs as readonly Value[];
  const { shape } = node.outputs[0] as Value;
  if (node.kernel === 'Reshape' || node.kernel === 'ExpandDims') {
    const maker = makers.get(x as Value);
    const from = maker?.kernel === 'Reshape' && maker.after === undefined ? maker.inputs : node.inputs;
    return { ...node, kernel: 'Reshape', attributes: { shape }, inputs: from };
  }
  if (node.kernel !== 'Multiply') return node;
  // The gradient of a mean multiplies by ones to spread what it has.
  const spread = isFillOf(makers, y, 1) ? x : isFillOf(makers, x, 1) ? y : undefined;
  if (spread === undefined || `${spread.shape}` === `${shape}`) return node;
  return { ...node, kernel: 'BroadcastTo', attributes: { shape }, inputs: [spread] };
}

function isFillOf(makers: ReadonlyMap<Value, Node>, value: Value | undefined, number: number): boolean {
  const maker = value === undefined ? undefined : makers.get(value);
  return maker?.kernel === 'Fill' && maker.attributes.value === number;
}
