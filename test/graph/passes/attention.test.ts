import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Graph } from '../../../src/graph/graph.ts';
import { type AttentionStrategy, takeAttentionApart } from '../../../src/graph/passes/attention.ts';
import { dropDeadCode } from '../../../src/graph/passes/dead-code.ts';
import { assertSameResults, countKernels, tidied } from './equal.ts';

const WHOLE = Number.POSITIVE_INFINITY;
const STRATEGIES: Readonly<Record<string, AttentionStrategy>> = {
  'kept whole': { keptBytes: Number.POSITIVE_INFINITY, sliceBytes: WHOLE },
  'computed again': { keptBytes: 0, sliceBytes: WHOLE },
  'in slices of one head': { keptBytes: Number.POSITIVE_INFINITY, sliceBytes: 1 },
  // Two clips of two heads and nine tokens: three heads of 324 bytes, then the one that is left.
  'in slices that do not divide the heads': { keptBytes: 0, sliceBytes: 1000 },
};

const SCORES = '9,9';
/** The largest scores that exist, and how many of N² the backward pass takes from the forward pass. */
function scoresOf(graph: Graph): { largest: number; kept: number } {
  const isScores = ({ shape }: { shape: readonly number[] }): boolean => `${shape.slice(-2)}` === SCORES;
  const size = ({ shape }: { shape: readonly number[] }): number => shape.reduce((a, b) => a * b, 1);
  const forward = new Set(graph.nodes.filter(({ scope }) => scope !== '').flatMap(({ outputs }) => outputs));
  const kept = graph.nodes
    .filter(({ scope }) => scope === '')
    .flatMap(({ inputs }) => inputs)
    .filter((input) => forward.has(input) && isScores(input));
  const all = graph.nodes.flatMap(({ outputs }) => outputs).filter(isScores);
  return { largest: Math.max(...all.map(size)), kept: new Set(kept).size };
}

const STEPS = ['adaptformer', 'full', 'linear', 'adaptformer on a Swin', 'full on a Swin'];
for (const [name, strategy] of Object.entries(STRATEGIES)) {
  for (const step of STEPS.map((method) => `gradients of ${method}`)) {
    test(`attention ${name} gives the same numbers in ${step}`, async () => {
      const { graph, ...values } = await tidied(step);
      const apart = takeAttentionApart(graph, strategy);
      assert.deepEqual(
        Object.keys(countKernels(apart)).filter((kernel) => kernel.includes('Attention')),
        [],
      );
      await assertSameResults(graph, apart, values, 1e-5);
    });
  }
}

test('what is kept and how much exists at once is what the strategy says', async () => {
  const { graph } = await tidied('gradients of full');
  const of = (name: string) => scoresOf(dropDeadCode(takeAttentionApart(graph, STRATEGIES[name] as AttentionStrategy)));
  assert.deepEqual(of('kept whole'), { largest: 324, kept: 2 });
  // Room for the scores of one block of two: 2 · 2 · 81 numbers.
  const half = takeAttentionApart(graph, { keptBytes: 1500, sliceBytes: WHOLE });
  assert.deepEqual(scoresOf(dropDeadCode(half)), { largest: 324, kept: 1 });
  assert.deepEqual(of('computed again'), { largest: 324, kept: 0 });
  assert.deepEqual(of('in slices of one head'), { largest: 81, kept: 8 });
  assert.deepEqual(of('in slices that do not divide the heads'), { largest: 243, kept: 0 });
});

test('under a bias, slices are of whole clips, and the bias is not cut', async () => {
  const { graph } = await tidied('gradients of full on a Swin');
  const of = (name: string) => scoresOf(dropDeadCode(takeAttentionApart(graph, STRATEGIES[name] as AttentionStrategy)));
  // Stages of two blocks: two clips of four windows of two heads, then two clips of one window of four heads.
  const [clip, whole] = [4 * 2 * 81, 2 * 4 * 2 * 81];
  assert.deepEqual(of('kept whole'), { largest: whole, kept: 4 });
  // Of each block the bias alone.
  assert.deepEqual(of('computed again'), { largest: whole, kept: 4 });
  assert.deepEqual(of('in slices of one head'), { largest: clip, kept: 8 });
});
