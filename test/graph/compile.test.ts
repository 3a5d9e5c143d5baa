import { test } from 'node:test';
import { type CompileOptions, compileGraph } from '../../src/graph/compile.ts';
import { assertSameResults, STEP_NAMES, traced } from './passes/equal.ts';

const plain: CompileOptions = {
  precision: 'fp32',
  recompute: false,
  clusters: false,
  attention: { keptBytes: Number.POSITIVE_INFINITY, sliceBytes: Number.POSITIVE_INFINITY },
};
const SLICED = { keptBytes: 0, sliceBytes: 1 } as const;

const VARIANTS: Readonly<Record<string, CompileOptions>> = {
  plain,
  clustered: { ...plain, clusters: true },
  recomputed: { ...plain, recompute: true },
  sliced: { ...plain, attention: SLICED },
  'all at once': { ...plain, clusters: true, recompute: true, attention: SLICED },
};

for (const [variant, options] of Object.entries(VARIANTS)) {
  for (const name of STEP_NAMES) {
    test(`${name}, ${variant}, computes what the recording does`, async () => {
      const { step, specs, graph, ...values } = await traced(name);
      await assertSameResults(graph, await compileGraph(step, specs, options), values);
    });
  }
}

for (const precision of ['bf16', 'fp16'] as const) {
  for (const variant of ['plain', 'clustered', 'all at once']) {
    test(`gradients of adaptformer in ${precision}, ${variant}, are near those in fp32`, async () => {
      const { step, specs, graph, ...values } = await traced('gradients of adaptformer');
      const options = { ...(VARIANTS[variant] as CompileOptions), precision };
      await assertSameResults(
        graph,
        await compileGraph(step, specs, options),
        values,
        precision === 'bf16' ? 0.06 : 0.01,
      );
    });
  }
}
