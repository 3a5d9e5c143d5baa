/**
 * Takes attention apart. With the scores S = q kᵀ [B, heads, N, N]:
 *
 *   forward    P = softmax(S),  O = P v
 *   backward   dP = dO vᵀ,  dS = P ∘ (dP − rowsum(dO ∘ O)),  dq = dS k,  dk = dSᵀ q,  dv = Pᵀ dO
 *
 * P is the largest thing in a step (1.4 GB for two clips of 16 frames through ViT-B, in bfloat16). It is kept for the
 * backward pass, or computed again there from its row's log-sum-exp: one more product, and nothing of N² survives the
 * block. `sliceBytes` cuts the heads of all clips into slices, one after the other, so that no more of S than that
 * exists at a time.
 */
import { type Builder, builder } from '../builder.ts';
import { type ConstantData, type Graph, type Node, replaceResults, type Value, withInputs } from '../graph.ts';

export interface AttentionStrategy {
  readonly keepProbabilities: boolean;
  /** `library`: the runtime's softmax; `written`: out of maximum, exponential and sum, for a compiler to fuse. */
  readonly softmax: 'library' | 'written';
  /** Bytes of scores, at 4 each, that may exist at once; infinite: all. */
  readonly sliceBytes: number;
}

/** What the forward pass leaves for the backward pass, per slice. */
type Kept = readonly { readonly probabilities?: Value; readonly logSumExp?: Value }[];

/** @param graph simplified, so that a gradient's result of attention is that node's own */
export function takeAttentionApart(graph: Graph, strategy: AttentionStrategy): Graph {
  const replaced = new Map<Value, Value>();
  const replace = (value: Value): Value => replaced.get(value) ?? value;
  const keptBy = new Map<Value, Kept>();
  const constants = new Map<Value, ConstantData>(graph.constants);
  const wanted = new Set(
    graph.nodes.flatMap(({ kernel, inputs }) => (kernel === 'AttentionGradient' ? [inputs[3] as Value] : [])),
  );
  const nodes: Node[] = [];
  const place = (build: Builder, node: Node, made: readonly Value[]): void => {
    nodes.push(...build.nodes);
    node.outputs.forEach((output, i) => {
      replaced.set(output, made[i] as Value);
    });
  };
  for (const original of graph.nodes) {
    const node = withInputs(original, replace);
    if (node.kernel === 'Attention') {
      const build = builder(node.scope, node.after);
      const { o, kept } = forward(build, node, strategy, wanted.has(original.outputs[0] as Value));
      place(build, node, [o]);
      keptBy.set(o, kept);
    } else if (node.kernel === 'AttentionGradient') {
      const build = builder(node.scope, node.after);
      const kept = keptBy.get(node.inputs[3] as Value);
      if (kept === undefined) throw new TypeError('a gradient of attention whose forward pass is in another graph');
      place(build, node, backward(build, node, strategy, kept));
    } else {
      nodes.push(node);
    }
  }
  return { ...graph, nodes, constants, ...replaceResults(graph, replace) };
}

/** [B, heads, N, d] in slices of [heads of all clips, N, d], and back. */
interface Slices {
  readonly ranges: readonly { readonly begin: number; readonly size: number }[];
  cut(build: Builder, x: Value, index: number): Value;
  join(build: Builder, parts: readonly Value[], shape: readonly number[]): Value;
}

function slicesOf({ inputs: [q, k] }: Node, { sliceBytes }: AttentionStrategy): Slices {
  const [batch, heads, rows] = (q as Value).shape as [number, number, number];
  const columns = (k as Value).shape[2] as number;
  const all = batch * heads;
  const each = Math.min(all, Math.max(1, Math.floor(sliceBytes / (4 * rows * columns))));
  const ranges = Array.from({ length: Math.ceil(all / each) }, (_, i) => ({
    begin: i * each,
    size: Math.min(each, all - i * each),
  }));
  if (ranges.length === 1) return { ranges, cut: (_build, x) => x, join: (_build, [only]) => only as Value };
  return {
    ranges,
    cut(build, x, index) {
      const { begin, size } = ranges[index] as { begin: number; size: number };
      const [, , n, d] = x.shape as [number, number, number, number];
      const flat = build.one('Reshape', [x], { shape: [all, n, d] });
      return build.one('Slice', [flat], { begin: [begin, 0, 0], size: [size, n, d] });
    },
    join: (build, parts, shape) => build.one('Reshape', [build.one('Concat', parts, { axis: 0 })], { shape }),
  };
}

const product = (build: Builder, a: Value, b: Value, transposeA = false, transposeB = false): Value =>
  build.one('BatchMatMul', [a, b], { transposeA, transposeB });

/** Softmax along the rows, and the logarithm of what it divides by. */
function writtenSoftmax(build: Builder, scores: Value): { probabilities: Value; logSumExp: Value } {
  const along = { axis: [-1], keepDims: true };
  const largest = build.one('Max', [scores], { reductionIndices: [-1], keepDims: true });
  const powers = build.one('Exp', [build.one('Sub', [scores, largest])]);
  const sum = build.one('Sum', [powers], along);
  const probabilities = build.one('Multiply', [powers, build.one('Reciprocal', [sum])]);
  return { probabilities, logSumExp: build.one('Add', [largest, build.one('Log', [sum])]) };
}

function forward(build: Builder, node: Node, strategy: AttentionStrategy, trained: boolean): { o: Value; kept: Kept } {
  const [q, k, v] = node.inputs as [Value, Value, Value];
  const slices = slicesOf(node, strategy);
  const kept: { probabilities?: Value; logSumExp?: Value }[] = [];
  const parts = slices.ranges.map((_, i) => {
    const [qs, ks, vs] = [q, k, v].map((x) => slices.cut(build, x, i)) as [Value, Value, Value];
    const scores = product(build, qs, ks, false, true);
    if (strategy.softmax === 'library' && (strategy.keepProbabilities || !trained)) {
      const probabilities = build.one('Softmax', [scores], { dim: scores.shape.length - 1 });
      kept.push({ probabilities });
      return product(build, probabilities, vs);
    }
    const { probabilities, logSumExp } = writtenSoftmax(build, scores);
    kept.push(strategy.keepProbabilities ? { probabilities } : { logSumExp });
    return product(build, probabilities, vs);
  });
  return { o: slices.join(build, parts, node.outputs[0]?.shape ?? []), kept };
}

function backward(build: Builder, node: Node, strategy: AttentionStrategy, kept: Kept): Value[] {
  const [q, k, v, o, dO] = node.inputs as [Value, Value, Value, Value, Value];
  const slices = slicesOf(node, strategy);
  const parts = slices.ranges.map((_, i) => {
    const [qs, ks, vs, os, dOs] = [q, k, v, o, dO].map((x) => slices.cut(build, x, i)) as [
      Value,
      Value,
      Value,
      Value,
      Value,
    ];
    const { probabilities, logSumExp } = kept[i] ?? {};
    const p =
      probabilities ?? build.one('Exp', [build.one('Sub', [product(build, qs, ks, false, true), logSumExp as Value])]);
    const delta = build.one('Sum', [build.one('Multiply', [dOs, os])], { axis: [-1], keepDims: true });
    const dS = build.one('Multiply', [p, build.one('Sub', [product(build, dOs, vs, false, true), delta])]);
    return [product(build, dS, ks), product(build, dS, qs, true, false), product(build, p, dOs, true, false)];
  });
  return node.outputs.map(({ shape }, which) => {
    const joined = parts.map((part) => part[which] as Value);
    return slices.join(build, joined, shape);
  });
}
