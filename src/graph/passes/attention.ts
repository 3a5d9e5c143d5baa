/**
 * Takes attention apart. With the scores S = q kᵀ [B, heads, N, N]:
 *
 *   forward    P = softmax(S),  O = P v
 *   backward   dP = dO vᵀ,  dS = P ∘ (dP − rowsum(dO ∘ O)),  dq = dS k,  dk = dSᵀ q,  dv = Pᵀ dO
 *
 * P is the largest thing in a step (1.4 GB for two clips of 16 frames through ViT-B, in bfloat16). As much of it as is
 * allowed is kept for the backward pass; the rest is computed again there, for one more product and a softmax, and
 * nothing of N² survives the block. `sliceBytes` cuts the heads of all clips into slices, one after the other, so that no more of S than that
 * exists at a time.
 */
import { type Builder, builder } from '../builder.ts';
import { type Graph, type Node, replaceResults, type Value, withInputs } from '../graph.ts';

export interface AttentionStrategy {
  /** Bytes of probabilities, at 4 each, that may be kept for the backward pass; infinite: all, 0: none. */
  readonly keptBytes: number;
  /** Bytes of scores, at 4 each, that may exist at once; infinite: all, but one head at least. */
  readonly sliceBytes: number;
}

/** The probabilities that the forward pass leaves for the backward pass, per slice; none where it keeps none. */
type Kept = readonly Value[];

/** @param graph simplified, so that a gradient's result of attention is that node's own */
export function takeAttentionApart(graph: Graph, strategy: AttentionStrategy): Graph {
  const replaced = new Map<Value, Value>();
  const replace = (value: Value): Value => replaced.get(value) ?? value;
  const keptBy = new Map<Value, Kept>();
  const keeping = keepers(graph, strategy);
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
      const { o, kept } = forward(build, node, strategy, keeping.has(original));
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
  return { ...graph, nodes, ...replaceResults(graph, replace) };
}

/** Bytes of the scores of a node, at 4 each. */
function scoreBytes({ inputs: [q, k] }: Node): number {
  const [batch, heads, rows] = (q as Value).shape as [number, number, number];
  return 4 * batch * heads * rows * ((k as Value).shape[2] as number);
}

/** The nodes whose probabilities are kept: the last ones, for they wait least. */
function keepers(graph: Graph, { keptBytes }: AttentionStrategy): ReadonlySet<Node> {
  const forBackward = new Set(
    graph.nodes.flatMap(({ kernel, inputs }) => (kernel === 'AttentionGradient' ? [inputs[3] as Value] : [])),
  );
  let room = keptBytes;
  const kept = new Set<Node>();
  for (const node of graph.nodes.toReversed()) {
    if (node.kernel !== 'Attention' || !forBackward.has(node.outputs[0] as Value)) continue;
    room -= scoreBytes(node);
    if (room < 0) break;
    kept.add(node);
  }
  return kept;
}

/** [B, heads, N, d] in slices of [heads of all clips, N, d], and back. */
interface Slices {
  readonly ranges: readonly { readonly begin: number; readonly size: number }[];
  cut(build: Builder, x: Value, index: number): Value;
  join(build: Builder, parts: readonly Value[], shape: readonly number[]): Value;
}

function slicesOf(node: Node, { sliceBytes }: AttentionStrategy): Slices {
  const [batch, heads] = (node.inputs[0] as Value).shape as [number, number];
  const all = batch * heads;
  const each = Math.min(all, Math.max(1, Math.floor((sliceBytes * all) / scoreBytes(node))));
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

/** q kᵀ, which waits: for the slice before, and in the backward pass for the gradient that it is computed again for. */
const scoresOf = (build: Builder, q: Value, k: Value, waits: readonly Value[] | undefined): Value =>
  build.one('BatchMatMul', [q, k], { transposeA: false, transposeB: true }, waits);

const product = (build: Builder, a: Value, b: Value, transposeA = false, transposeB = false): Value =>
  build.one('BatchMatMul', [a, b], { transposeA, transposeB });

const softmax = (build: Builder, scores: Value): Value =>
  build.one('Softmax', [scores], { dim: scores.shape.length - 1 });

function forward(build: Builder, node: Node, strategy: AttentionStrategy, keeps: boolean): { o: Value; kept: Kept } {
  const [q, k, v] = node.inputs as [Value, Value, Value];
  const slices = slicesOf(node, strategy);
  const kept: Value[] = [];
  const parts: Value[] = [];
  slices.ranges.forEach((_, i) => {
    const [qs, ks, vs] = [q, k, v].map((x) => slices.cut(build, x, i)) as [Value, Value, Value];
    const former = parts.at(-1);
    const probabilities = softmax(build, scoresOf(build, qs, ks, former === undefined ? node.after : [former]));
    if (keeps) kept.push(probabilities);
    parts.push(product(build, probabilities, vs));
  });
  return { o: slices.join(build, parts, node.outputs[0]?.shape ?? []), kept };
}

function backward(build: Builder, node: Node, strategy: AttentionStrategy, kept: Kept): Value[] {
  const inputs = node.inputs as [Value, Value, Value, Value, Value];
  const slices = slicesOf(node, strategy);
  const parts: (readonly Value[])[] = [];
  slices.ranges.forEach((_, i) => {
    const [q, k, v, o, dO] = inputs.map((x) => slices.cut(build, x, i)) as typeof inputs;
    const waits = parts.at(-1) ?? [dO];
    const p = kept[i] ?? softmax(build, scoresOf(build, q, k, waits));
    const delta = build.one('Sum', [build.one('Multiply', [dO, o])], { axis: [-1], keepDims: true });
    const dS = build.one('Multiply', [p, build.one('Sub', [scoresOf(build, dO, v, waits), delta])]);
    parts.push([product(build, dS, k), product(build, dS, q, true, false), product(build, p, dO, true, false)]);
  });
  return node.outputs.map(({ shape }, which) => {
    const joined = parts.map((part) => part[which] as Value);
    return slices.join(build, joined, shape);
  });
}
