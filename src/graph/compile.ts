/** From a step to the graph that a runtime is given: the recording, and the passes in their order. */
import type { Graph } from './graph.ts';
import { type AttentionStrategy, takeAttentionApart } from './passes/attention.ts';
import { clusterSmallOperations } from './passes/clusters.ts';
import { dropDeadCode } from './passes/dead-code.ts';
import { mergeEqualNodes } from './passes/equal-nodes.ts';
import { fillUniformConstants } from './passes/fills.ts';
import { foldCastsIntoSoftmax, lowerPrecision } from './passes/precision.ts';
import { recomputeBlocks } from './passes/recompute.ts';
import { simplify } from './passes/simplify.ts';
import { type StateShapes, type Traceable, traceStep } from './trace.ts';

/** What matrix products and convolutions compute in. tf32 is float32 to a graph: the device rounds by itself. */
export type Precision = 'fp32' | 'tf32' | 'bf16' | 'fp16';

export interface CompileOptions {
  readonly precision: Precision;
  /** Whether blocks are computed again in the backward pass in place of being kept. */
  readonly recompute: boolean;
  readonly attention: AttentionStrategy;
  /** Whether chains of small operations become clusters, which the runtime compiles. */
  readonly clusters: boolean;
}

/** Bytes that a cluster must touch. */
const LEAST_CLUSTER_BYTES = 262_144;

const LOW = { bf16: 'bfloat16', fp16: 'float16' } as const;

/** @throws TypeError for a step that cannot be traced, see {@link traceStep} */
export async function compileGraph(step: Traceable, state: StateShapes, options: CompileOptions): Promise<Graph> {
  const { precision, recompute, attention, clusters } = options;
  let graph = tidied(fillUniformConstants(dropDeadCode(await traceStep(step, state))));
  if (recompute) graph = recomputeBlocks(graph);
  graph = takeAttentionApart(graph, attention);
  if (precision === 'bf16' || precision === 'fp16') {
    const frozen = new Set(Object.entries(state).flatMap(([name, spec]) => (spec.frozen ? [name] : [])));
    graph = lowerPrecision(graph, { type: LOW[precision], frozen });
  }
  graph = tidied(graph);
  if (precision === 'bf16') graph = dropDeadCode(foldCastsIntoSoftmax(graph));
  return clusters ? clusterSmallOperations(graph, { leastBytes: LEAST_CLUSTER_BYTES }) : graph;
}

const tidied = (graph: Graph): Graph => dropDeadCode(mergeEqualNodes(simplify(graph)));
