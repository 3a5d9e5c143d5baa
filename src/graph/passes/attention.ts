/**
 * Takes attention apart. With the scores S = q kᵀ (+ bias) [B, ..., N, N], the axes between being heads, or windows and heads:
 *
 *   forward    P = softmax(S),  O = P v
 *   backward   dP = dO vᵀ,  dS = P ∘ (dP − rowsum(dO ∘ O)),  dq = dS k,  dk = dSᵀ q,  dv = Pᵀ dO,  dbias = Σ dS
 *
 * P is the largest thing in a step (1.4 GB for two clips of 16 frames through ViT-B, in bfloat16). As much of it as is
 * allowed is kept for the backward pass; the rest is computed again there, for one more product and a softmax, and
 * nothing of N² survives the block. `sliceBytes` cuts the heads of all clips into slices, one after the other, so that no
 * more of S than that exists at a time. Under a bias, which whole clips share, a slice is of whole clips.
 */
import { sizeOf } from '../../tensor/host.ts';
import { type Builder, builder } from '../builder.ts';
import { type Graph, type Node, replaceResults, type Value, withInputs } from '../graph.ts';

export interface AttentionStrategy {
  /** Bytes of probabilities, at 4 each, that may be kept for the backward pass; infinite: all, 0: none. */
  readonly keptBytes: number;
  /** Bytes of scores, at 4 each, that may exist at once; infinite: all, but one head (or clip, under a bias) at least. */
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
    if (isForward(node)) {
      const build = builder(node.scope, node.after);
      const { o, kept } = forward(build, node, strategy, keeping.has(original));
      place(build, node, [o]);
      keptBy.set(o, kept);
    } else if (isGradient(node)) {
      const build = builder(node.scope, node.after);
      const kept = keptBy.get(partsOf(node).o);
      if (kept === undefined) throw new TypeError('a gradient of attention whose forward pass is in another graph');
      place(build, node, backward(build, node, strategy, kept));
    } else {
      nodes.push(node);
    }
  }
  return { ...graph, nodes, ...replaceResults(graph, replace) };
}

const isForward = ({ kernel }: Node): boolean => kernel === 'Attention' || kernel === 'BiasedAttention';
const isGradient = ({ kernel }: Node): boolean =>
  kernel === 'AttentionGradient' || kernel === 'BiasedAttentionGradient';
const isBiased = ({ kernel }: Node): boolean => kernel.startsWith('Biased');

/** What a node is given; o and dO by a gradient alone. */
interface Parts {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  readonly bias: Value | undefined;
  readonly o: Value;
  readonly dO: Value;
}

function partsOf(node: Node): Parts {
  const [q, k, v, ...others] = node.inputs as [Value, Value, Value, ...Value[]];
  const bias = isBiased(node) ? others.shift() : undefined;
  const [o, dO] = others as [Value, Value];
  return { q, k, v, bias, o, dO };
}

/** Bytes of the scores of a node, at 4 each. */
function scoreBytes({ inputs: [q, k] }: Node): number {
  return 4 * sizeOf((q as Value).shape.slice(0, -1)) * ((k as Value).shape.at(-2) as number);
}

/** The nodes whose probabilities are kept: the last ones, for they wait least. */
function keepers(graph: Graph, { keptBytes }: AttentionStrategy): ReadonlySet<Node> {
  const forBackward = new Set(graph.nodes.flatMap((node) => (isGradient(node) ? [partsOf(node).o] : [])));
  let room = keptBytes;
  const kept = new Set<Node>();
  for (const node of graph.nodes.toReversed()) {
    if (!isForward(node) || !forBackward.has(node.outputs[0] as Value)) continue;
    room -= scoreBytes(node);
    if (room < 0) break;
    kept.add(node);
  }
  return kept;
}

/** [B, ..., N, d] in slices of [heads of all clips, N, d], or [clips, ..., N, d] under a bias, and back. */
interface Slices {
  readonly ranges: readonly { readonly begin: number; readonly size: number }[];
  cut(build: Builder, x: Value, index: number): Value;
  join(build: Builder, parts: readonly Value[], shape: readonly number[]): Value;
}

function slicesOf(node: Node, { sliceBytes }: AttentionStrategy): Slices {
  const leading = (node.inputs[0] as Value).shape.slice(0, -2);
  const inner = isBiased(node) ? leading.slice(1) : [];
  const all = isBiased(node) ? (leading[0] as number) : sizeOf(leading);
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
      const within = [...inner, ...x.shape.slice(-2)];
      const flat = build.one('Reshape', [x], { shape: [all, ...within] });
      return build.one('Slice', [flat], { begin: [begin, ...within.map(() => 0)], size: [size, ...within] });
    },
    join: (build, parts, shape) => build.one('Reshape', [build.one('Concat', parts, { axis: 0 })], { shape }),
  };
}

/** a bᵀ, which waits: for the slice before, and in the backward pass for the gradient that it is computed again for. */
const scoresOf = (build: Builder, a: Value, b: Value, waits: readonly Value[] | undefined): Value =>
  build.one('BatchMatMul', [a, b], { transposeA: false, transposeB: true }, waits);

const product = (build: Builder, a: Value, b: Value, transposeA = false, transposeB = false): Value =>
  build.one('BatchMatMul', [a, b], { transposeA, transposeB });

const probabilitiesOf = (build: Builder, scores: Value, bias: Value | undefined): Value =>
  build.one('Softmax', [bias === undefined ? scores : build.one('Add', [scores, bias])], {
    dim: scores.shape.length - 1,
  });

function forward(build: Builder, node: Node, strategy: AttentionStrategy, keeps: boolean): { o: Value; kept: Kept } {
  const { q, k, v, bias } = partsOf(node);
  const slices = slicesOf(node, strategy);
  const kept: Value[] = [];
  const parts: Value[] = [];
  slices.ranges.forEach((_, i) => {
    const [qs, ks, vs] = [q, k, v].map((x) => slices.cut(build, x, i)) as [Value, Value, Value];
    const former = parts.at(-1);
    const scores = scoresOf(build, qs, ks, former === undefined ? node.after : [former]);
    const probabilities = probabilitiesOf(build, scores, bias);
    if (keeps) kept.push(probabilities);
    parts.push(product(build, probabilities, vs));
  });
  return { o: slices.join(build, parts, node.outputs[0]?.shape ?? []), kept };
}

function backward(build: Builder, node: Node, strategy: AttentionStrategy, kept: Kept): Value[] {
  const { bias, ...given } = partsOf(node);
  const slices = slicesOf(node, strategy);
  const parts: (readonly Value[])[] = [];
  const biasParts: Value[] = [];
  slices.ranges.forEach((_, i) => {
    const cut = (x: Value): Value => slices.cut(build, x, i);
    const [q, k, v, o, dO] = [given.q, given.k, given.v, given.o, given.dO].map(cut) as [
      Value,
      Value,
      Value,
      Value,
      Value,
    ];
    const waits = parts.at(-1) ?? [dO];
    const p = kept[i] ?? probabilitiesOf(build, scoresOf(build, q, k, waits), bias);
    const delta = build.one('Sum', [build.one('Multiply', [dO, o])], { axis: [-1], keepDims: true });
    const dS = build.one('Multiply', [p, build.one('Sub', [scoresOf(build, dO, v, waits), delta])]);
    parts.push([product(build, dS, k), product(build, dS, q, true, false), product(build, p, dO, true, false)]);
    if (bias === undefined) return;
    const axis = Array.from({ length: dS.shape.length - bias.shape.length }, (_, at) => at);
    biasParts.push(build.one('Sum', [dS], { axis, keepDims: false }));
  });
  const made = [given.q, given.k, given.v].map(({ shape }, which) => {
    const joined = parts.map((part) => part[which] as Value);
    return slices.join(build, joined, shape);
  });
  if (bias === undefined) return made;
  return [...made, biasParts.reduce((sum, part) => build.one('Add', [sum, part]))];
}
