/**
 * Lets matrix products and convolutions compute in 16 bits. Their operands are cast down and their results up again;
 * normalisation, softmax, loss, optimizer and all that is kept from run to run stay float32. Casts move to where they
 * move the fewest bytes: what only reshapes, transposes or cuts on its way to a product does so in 16 bits.
 *
 * Frozen weights that nothing but products use are stored in 16 bits.
 */
import type { Builder } from '../builder.ts';
import { builder } from '../builder.ts';
import {
  consumers,
  type Graph,
  isBackward,
  type Node,
  producers,
  replaceResults,
  results,
  type Value,
  value,
  withInputs,
} from '../graph.ts';
import { PRODUCT_KERNELS } from '../kernels/products.ts';

type Low = 'bfloat16' | 'float16';

/** Move elements about and compute nothing. */
const LAYOUT_KERNELS: ReadonlySet<string> = new Set(['Reshape', 'Transpose', 'Slice', 'SplitV', 'Concat']);

export interface LowPrecision {
  readonly type: Low;
  /** Names of the state that never changes. */
  readonly frozen: ReadonlySet<string>;
}

export function lowerPrecision(graph: Graph, { type, frozen }: LowPrecision): Graph {
  const low = onlyLow(graph);
  /** float32 value → the same in 16 bits, rounded. */
  const rounded = new Map<Value, Value>();
  /** float32 value that was cast up → what it was cast up from: nothing is lost on the way back. */
  const raised = new Map<Value, Value>();
  const replaced = new Map<Value, Value>();
  const replace = (of: Value): Value => replaced.get(of) ?? of;
  const nodes: Node[] = [];

  const state = new Map<string, Value>();
  for (const [name, of] of graph.state) {
    const stored = frozen.has(name) && low.has(of) ? value(of.shape, type) : of;
    if (stored !== of) rounded.set(of, stored);
    state.set(name, stored);
  }

  /** The value in 16 bits; the cast stands where the value is first asked for so. */
  const down = (of: Value, build: Builder): Value => {
    const known = raised.get(of) ?? rounded.get(of);
    if (known !== undefined) return known;
    const cast = build.cast(of, type);
    rounded.set(of, cast);
    return cast;
  };
  const up = (original: Value, made: Value, build: Builder): void => {
    const cast = build.cast(made, 'float32');
    raised.set(cast, made);
    replaced.set(original, cast);
  };

  /** What is waited for, in the type in which it is made. */
  const there = (of: Value): Value => raised.get(replace(of)) ?? rounded.get(of) ?? replace(of);

  for (const original of graph.nodes) {
    const node = { ...withInputs(original, replace), ...(original.after && { after: original.after.map(there) }) };
    const build = builder(node.scope, node.after);
    const { kernel, attributes, outputs } = node;
    const isFloat32 = outputs.every(({ dtype }) => dtype === 'float32');
    const isLayout = LAYOUT_KERNELS.has(kernel) && isFloat32;
    if (PRODUCT_KERNELS.has(kernel) && isFloat32) {
      const inputs = node.inputs.map((input) => down(input, build));
      up(outputs[0] as Value, build.one(kernel, inputs, attributes), build);
    } else if (isLayout && outputs.every((output) => low.has(output))) {
      const inputs = node.inputs.map((input) => down(input, build));
      build.many(kernel, inputs, attributes).forEach((made, i) => {
        rounded.set(outputs[i] as Value, made);
      });
    } else if (isLayout && node.inputs.every((input) => raised.has(input))) {
      const inputs = node.inputs.map((input) => raised.get(input) as Value);
      build.many(kernel, inputs, attributes).forEach((made, i) => {
        up(outputs[i] as Value, made, build);
      });
    } else {
      nodes.push(node);
      continue;
    }
    nodes.push(...build.nodes);
  }
  return { ...graph, state, nodes, ...replaceResults(graph, replace) };
}

/** The float32 values that only products use, directly or through layout. */
function onlyLow(graph: Graph): ReadonlySet<Value> {
  const users = consumers(graph);
  const wanted = new Set(results(graph));
  const low = new Set<Value>();
  const isLow = (of: Value): boolean =>
    of.dtype === 'float32' &&
    !wanted.has(of) &&
    (users.get(of) ?? []).every(
      (user) =>
        !user.inputs.includes(of) ||
        PRODUCT_KERNELS.has(user.kernel) ||
        (LAYOUT_KERNELS.has(user.kernel) && user.outputs.every((output) => low.has(output))),
    );
  for (const node of graph.nodes.toReversed()) {
    for (const output of node.outputs) if (isLow(output)) low.add(output);
  }
  for (const of of [...graph.state.values(), ...graph.inputs.values()]) if (isLow(of)) low.add(of);
  return low;
}

/**
 * Softmax that is given and gives 16 bits does so inside the runtime, whose kernel computes in float32: no pass over the
 * scores for casts. What the backward pass keeps of it, it keeps in 16 bits too.
 */
export function foldCastsIntoSoftmax(graph: Graph): Graph {
  const users = consumers(graph);
  const makers = producers(graph);
  const wanted = new Set(results(graph));
  const replaced = new Map<Value, Value>();
  const replace = (of: Value): Value => replaced.get(of) ?? of;
  const nodes = graph.nodes.flatMap((original): Node[] => {
    const node = withInputs(original, replace);
    const [input, output] = [original.inputs[0] as Value, original.outputs[0] as Value];
    const before = node.kernel === 'Softmax' ? makers.get(input) : undefined;
    if (before?.kernel !== 'Cast' || wanted.has(output)) return [node];
    const low = before.inputs[0] as Value;
    const takers = users.get(output) ?? [];
    const casts = takers.filter(({ kernel, attributes }) => kernel === 'Cast' && attributes.dtype === low.dtype);
    const others = takers.filter((taker) => !casts.includes(taker));
    if (casts.length === 0 || !others.every(isBackward)) return [node];
    const made = value(output.shape, low.dtype);
    for (const cast of casts) replaced.set(cast.outputs[0] as Value, made);
    const softmax: Node = { ...node, inputs: [replace(low)], outputs: [made] };
    if (others.length === 0) return [softmax];
    const again: Node = {
      kernel: 'Cast',
      inputs: [made],
      attributes: { dtype: 'float32' },
      outputs: [output],
      scope: '',
    };
    return [softmax, again];
  });
  return { ...graph, nodes, ...replaceResults(graph, replace) };
}
