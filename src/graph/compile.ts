/** From a step to the graph that a runtime is given: the recording, and the passes in their order. */
import type { Graph } from './graph.ts';
import { dropDeadCode } from './passes/dead-code.ts';
import { fillUniformConstants } from './passes/fills.ts';
import { type Traceable, traceStep } from './trace.ts';

/** What matrix products and convolutions compute in. tf32 is float32 to a graph: the device rounds by itself. */
export type Precision = 'fp32' | 'tf32' | 'bf16' | 'fp16';

export interface CompileOptions {
  readonly precision: Precision;
  /** Whether blocks are computed again in the backward pass in place of being kept. */
  readonly recompute: boolean;
  /** Whether chains of small operations become clusters, which a runtime may compile as one. */
  readonly clusters: boolean;
}

/** @throws TypeError for a step that cannot be traced, see {@link traceStep} */
export async function compileGraph(
  step: Traceable,
  state: Parameters<typeof traceStep>[1],
  _options: CompileOptions,
): Promise<Graph> {
  return dropDeadCode(fillUniformConstants(dropDeadCode(await traceStep(step, state))));
}
