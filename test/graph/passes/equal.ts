/** Holds a graph after passes against the recording that it came from. */
import assert from 'node:assert/strict';
import type { Graph } from '../../../src/graph/graph.ts';
import { dropDeadCode } from '../../../src/graph/passes/dead-code.ts';
import { simplify } from '../../../src/graph/passes/simplify.ts';
import { traceStep } from '../../../src/graph/trace.ts';
import type { HostTensors } from '../../../src/tensor/host.ts';
import { assertClose } from '../../tensor/exact.ts';
import { interpret } from '../interpret.ts';
import { type StepCase, stepCases } from '../steps.ts';

/** @param tolerance in parts of the largest number of a tensor */
export async function assertSameResults(
  before: Graph,
  after: Graph,
  { state, inputs }: { state: HostTensors; inputs: HostTensors },
  tolerance = 1e-5,
): Promise<void> {
  const expected = await interpret(before, state, inputs);
  const actual = await interpret(after, state, inputs);
  for (const kind of ['outputs', 'changed'] as const) {
    assert.deepEqual(Object.keys(actual[kind]), Object.keys(expected[kind]));
    for (const [name, { data }] of Object.entries(expected[kind])) {
      assertClose(actual[kind][name]?.data ?? [], data, tolerance, name);
    }
  }
}

export async function traced(name: string): Promise<StepCase & { readonly graph: Graph }> {
  const stepCase = stepCases().find((one) => one.name === name);
  if (stepCase === undefined) throw new TypeError(`no step ${name}`);
  return { ...stepCase, graph: await traceStep(stepCase.step, stepCase.specs) };
}

/** The same without what does nothing, as passes behind the first ones are given it. */
export async function tidied(name: string): ReturnType<typeof traced> {
  const found = await traced(name);
  return { ...found, graph: simplify(dropDeadCode(found.graph)) };
}

export const STEP_NAMES: readonly string[] = stepCases().map(({ name }) => name);

export function countKernels(graph: Graph): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kernel } of graph.nodes) counts[kernel] = (counts[kernel] ?? 0) + 1;
  return counts;
}
