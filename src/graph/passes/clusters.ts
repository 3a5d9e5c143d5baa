/**
 * Gathers chains of small operations between the products into clusters, which a compiler such as XLA turns into few
 * loops: what the elementwise part of a step costs is the passes over memory, not the arithmetic.
 *
 * Levels keep the graph of clusters free of cycles. A small operation stands one level above the products that it
 * depends on, so that whatever leaves a cluster through a product comes back at a higher level; connected small
 * operations of one level are one cluster.
 *
 * What a cluster hands to another costs memory until then, and the pass over it twice. Where its elements follow from
 * values that are no larger and kept anyway (a cast, a bias, a normalisation whose mean is known), the other cluster
 * computes them again.
 */
import { type Graph, isBackward, type Node, producers, results, type Value } from '../graph.ts';

/** What the node of a cluster holds: a graph whose inputs and outputs are those of the node, in order. */
export interface ClusterAttributes {
  readonly body: Graph;
}

export interface ClusterLimits {
  /** A cluster that touches fewer bytes is not worth the call. */
  readonly leastBytes: number;
}

/** One result for each element of the inputs. */
const ELEMENTWISE: ReadonlySet<string> = new Set([
  ...['Add', 'Sub', 'Multiply', 'RealDiv', 'Maximum', 'Minimum', 'SquaredDifference', 'Greater', 'GreaterEqual'],
  ...['Less', 'LessEqual', 'Equal', 'NotEqual', 'LogicalAnd', 'LogicalOr', 'LogicalNot', 'Select', 'Step', 'Cast'],
  ...['Neg', 'Abs', 'Sign', 'Exp', 'Log', 'Sqrt', 'Rsqrt', 'Square', 'Reciprocal', 'Erf', 'Relu', 'Sigmoid', 'Tanh'],
  ...['Fill', 'BroadcastTo', 'ZerosLike', 'OnesLike', 'ClipByValue', 'AddN', 'LeakyRelu', 'Softplus', 'Pow'],
]);
/** Beside them: folds, and layout that a loop can read through. */
const SMALL: ReadonlySet<string> = new Set([
  ...ELEMENTWISE,
  ...['Sum', 'Mean', 'Max', 'Min', 'Reshape', 'Slice', 'SplitV', 'Concat', 'PadV2'],
]);

export function clusterSmallOperations(graph: Graph, limits: ClusterLimits): Graph {
  const levels = levelsOf(graph);
  const clusters = clustersOf(graph, groupsOf(graph, levels), levels);
  const opaque = graph.nodes.filter((node) => !isSmall(node));
  const highest = graph.nodes.reduce((level, node) => Math.max(level, levels.get(node) as number), 0);
  const nodes: Node[] = [];
  for (let level = 0; level <= highest; level++) {
    for (const cluster of clusters) if (cluster.level === level) nodes.push(...written(graph, cluster, limits));
    nodes.push(...opaque.filter((node) => levels.get(node) === level));
  }
  return { ...graph, nodes: distinct(nodes) };
}

const isSmall = (node: Node): boolean => SMALL.has(node.kernel);

/** Whether two nodes are of one pass and wait for the same: only such are one cluster. */
const areAlike = (a: Node, b: Node): boolean =>
  isBackward(a) === isBackward(b) &&
  a.after?.length === b.after?.length &&
  (a.after ?? []).every((of) => b.after?.includes(of));

/** Without what it waits for: in a cluster, the cluster waits. */
const free = ({ after: _, ...node }: Node): Node => node;

/** Bytes of a value; bool and uint8 count one each. */
export function bytesOf({ shape, dtype }: Value): number {
  const each = dtype === 'float32' || dtype === 'int32' ? 4 : dtype === 'bool' || dtype === 'uint8' ? 1 : 2;
  return shape.reduce((product, extent) => product * extent, each);
}

function levelsOf(graph: Graph): ReadonlyMap<Node, number> {
  const makers = producers(graph);
  const levels = new Map<Node, number>();
  for (const node of graph.nodes) {
    let level = 0;
    for (const input of [...node.inputs, ...(node.after ?? [])]) {
      const maker = makers.get(input);
      if (maker === undefined) continue;
      const below = levels.get(maker) as number;
      const isApart = isSmall(node) && !(isSmall(maker) && areAlike(node, maker));
      level = Math.max(level, isApart && maker.kernel !== 'Fill' ? below + 1 : below);
    }
    levels.set(node, level);
  }
  return levels;
}

/** The small nodes, by the number of their group. */
function groupsOf(graph: Graph, levels: ReadonlyMap<Node, number>): Map<Node, number> {
  const makers = producers(graph);
  const parents: number[] = [];
  const find = (of: number): number => {
    let root = of;
    while (parents[root] !== root) root = parents[root] as number;
    parents[of] = root;
    return root;
  };
  const numbers = new Map<Node, number>();
  for (const node of graph.nodes) {
    if (!isSmall(node)) continue;
    const own = parents.push(parents.length) - 1;
    numbers.set(node, own);
    for (const input of node.inputs) {
      const maker = makers.get(input);
      if (maker === undefined || !numbers.has(maker) || maker.kernel === 'Fill') continue;
      if (levels.get(maker) !== levels.get(node) || !areAlike(node, maker)) continue;
      parents[find(numbers.get(maker) as number)] = find(own);
    }
  }
  return new Map([...numbers].map(([node, number]) => [node, find(number)]));
}

/** A group with what it takes and gives, and nodes of other groups that it computes again. */
interface Cluster {
  readonly level: number;
  readonly nodes: readonly Node[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly after: readonly Value[] | undefined;
}

/** How much larger than a value may be what it is computed from again. */
const LARGER = 1.1;

/** The clusters, those that others depend on first; what nothing needs is left out. */
function clustersOf(
  graph: Graph,
  groups: ReadonlyMap<Node, number>,
  levels: ReadonlyMap<Node, number>,
): readonly Cluster[] {
  const makers = producers(graph);
  const needed = new Set<Value>(results(graph));
  for (const node of graph.nodes) {
    if (!isSmall(node)) for (const input of [...node.inputs, ...(node.after ?? [])]) needed.add(input);
  }
  const members = new Map<number, Node[]>();
  for (const [node, group] of groups) members.set(group, [...(members.get(group) ?? []), node]);
  const levelOf = (group: readonly Node[]): number => levels.get(group[0] as Node) as number;
  const ordered = [...members.values()].sort((a, b) => levelOf(a) - levelOf(b));

  const clusters: Cluster[] = [];
  for (const group of ordered.reverse()) {
    const outputs = group.flatMap((node) => node.outputs.filter((output) => needed.has(output)));
    if (outputs.length === 0) continue;
    const cluster = clusterOf(group, outputs, needed, makers, levelOf(group));
    for (const input of cluster.inputs) needed.add(input);
    clusters.push(cluster);
  }
  return clusters.reverse();
}

function clusterOf(
  group: readonly Node[],
  outputs: readonly Value[],
  needed: ReadonlySet<Value>,
  makers: ReadonlyMap<Value, Node>,
  level: number,
): Cluster {
  const own = new Set(group);
  const inputs = new Set<Value>();
  const nodes = new Set<Node>();

  const isThere = (of: Value): boolean => inputs.has(of) || nodes.has(makers.get(of) as Node);
  const weight = (of: Iterable<Value>): number => [...of].reduce((sum, value) => sum + bytesOf(value), 0);
  /** What `of` follows from with the fewest bytes that are not there yet: other values, or it itself. */
  const cuts = new Map<Value, ReadonlySet<Value>>();
  const cutOf = (of: Value): ReadonlySet<Value> => {
    const known = cuts.get(of);
    if (known !== undefined) return known;
    const behind = isThere(of) ? new Set<Value>() : sourcesOf(of);
    const cut = behind !== undefined && weight(behind) <= LARGER * bytesOf(of) ? behind : new Set([of]);
    cuts.set(of, cut);
    return cut;
  };
  /** What `of` is computed from again; nothing where that would be dear. */
  const sourcesOf = (of: Value): ReadonlySet<Value> | undefined => {
    const maker = makers.get(of);
    if (maker?.kernel === 'Fill') return new Set();
    const isCheap = maker !== undefined && (ELEMENTWISE.has(maker.kernel) || maker.kernel === 'Reshape');
    if (!isCheap || needed.has(of)) return undefined;
    return new Set(maker.inputs.flatMap((input) => [...cutOf(input)]));
  };
  /** Brings a value of elsewhere into the cluster. */
  const take = (of: Value): void => {
    if (isThere(of)) return;
    const sources = sourcesOf(of);
    if (sources === undefined || weight(sources) > LARGER * bytesOf(of)) {
      inputs.add(of);
      return;
    }
    const maker = makers.get(of) as Node;
    for (const input of maker.inputs) take(input);
    nodes.add(maker);
  };

  const wanted = new Set(outputs);
  for (const node of group.toReversed()) {
    if (node.outputs.some((output) => wanted.has(output))) for (const input of node.inputs) wanted.add(input);
  }
  for (const node of group) {
    if (!node.outputs.some((output) => wanted.has(output))) continue;
    cuts.clear();
    for (const input of node.inputs) {
      if (!own.has(makers.get(input) as Node)) take(input);
    }
    nodes.add(node);
  }
  return { level, nodes: [...nodes], inputs: [...inputs], outputs, after: group[0]?.after };
}

/** Constants up to this size are written into the cluster. */
const SMALL_CONSTANT_BYTES = 65_536;

/** As one node, or as the nodes themselves where the call would cost more than it saves. */
function written(
  graph: Graph,
  { nodes, inputs, outputs, after }: Cluster,
  { leastBytes }: ClusterLimits,
): readonly Node[] {
  const arithmetic = nodes.filter(({ kernel }) => kernel !== 'Fill' && kernel !== 'Reshape');
  const touched = [...inputs, ...outputs].reduce((sum, of) => sum + bytesOf(of), 0);
  if (arithmetic.length < 2 || touched < leastBytes) return nodes;
  const inside = new Map(
    inputs.flatMap((input) => {
      const data = graph.constants.get(input);
      return data !== undefined && data.byteLength <= SMALL_CONSTANT_BYTES ? [[input, data] as const] : [];
    }),
  );
  const given = inputs.filter((input) => !inside.has(input));
  const body: Graph = {
    inputs: new Map(given.map((input, i) => [`input${i}`, input])),
    state: new Map(),
    constants: inside,
    nodes: nodes.map(free),
    changed: new Map(),
    outputs: new Map(outputs.map((output, i) => [`output${i}`, output])),
  };
  const scope = nodes.at(-1)?.scope ?? '';
  const waits = after === undefined ? {} : { after };
  return [{ kernel: 'Cluster', inputs: given, attributes: { body }, outputs, scope, ...waits }];
}

/** Nodes that several clusters left as they are stand once. */
const distinct = (nodes: readonly Node[]): readonly Node[] => [...new Set(nodes)];
