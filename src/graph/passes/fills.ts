/** Constants of one number, such as the ones in the gradient of a mean, become fills: the number and a shape. */
import type { ConstantData, Graph, Node, Value } from '../graph.ts';

export function fillUniformConstants(graph: Graph): Graph {
  const constants = new Map<Value, ConstantData>();
  const fills: Node[] = [];
  for (const [constant, data] of graph.constants) {
    const number = uniform(data);
    if (number === undefined || constant.dtype === 'bool') constants.set(constant, data);
    else fills.push(fillOf(constant, number));
  }
  return { ...graph, constants, nodes: [...fills, ...graph.nodes] };
}

function fillOf(constant: Value, number: number): Node {
  const { shape, dtype } = constant;
  return { kernel: 'Fill', inputs: [], attributes: { shape, value: number, dtype }, outputs: [constant], scope: '' };
}

function uniform(data: ConstantData): number | undefined {
  const [first] = data;
  return first !== undefined && data.every((number) => Object.is(number, first)) ? first : undefined;
}
