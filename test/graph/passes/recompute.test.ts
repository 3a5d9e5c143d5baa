import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Graph, type Node, producers } from '../../../src/graph/graph.ts';
import { bytesOf } from '../../../src/graph/passes/clusters.ts';
import { recomputeBlocks } from '../../../src/graph/passes/recompute.ts';
import { assertSameResults, countKernels, tidied } from './equal.ts';

/** Bytes that the forward pass makes in blocks and the backward pass takes. */
function keptBytes(graph: Graph): number {
  const makers = producers(graph);
  const isOfBlock = (node: Node | undefined): boolean => node?.scope.startsWith('blocks.') === true;
  const taken = graph.nodes.filter(({ scope }) => scope === '').flatMap(({ inputs }) => inputs);
  return [...new Set(taken)].filter((of) => isOfBlock(makers.get(of))).reduce((sum, of) => sum + bytesOf(of), 0);
}

for (const name of ['gradients of adaptformer', 'gradients of full', 'gradients of vpt-deep', 'gradients of linear']) {
  test(`blocks computed again give the same numbers in ${name}`, async () => {
    const { graph, ...values } = await tidied(name);
    await assertSameResults(graph, recomputeBlocks(graph), values, 0);
  });
}

test('of a block only what it is given is kept', async () => {
  const { graph } = await tidied('gradients of full');
  const again = recomputeBlocks(graph);
  const [before, after] = [keptBytes(graph), keptBytes(again)];
  // The second block's input [2, 9, 12], and its result, which the pooling's gradient does not need.
  assert.ok(before > 20 * 864, `${before} bytes`);
  assert.ok(after <= 2 * 864, `${after} bytes`);
  assert.equal(countKernels(again).Attention, 2 * (countKernels(graph).Attention as number));
});

test('a copy waits for a gradient, so that it is not computed in the forward pass', async () => {
  const { graph } = await tidied('gradients of adaptformer');
  const again = recomputeBlocks(graph);
  const copies = again.nodes.filter(({ after }) => after !== undefined);
  assert.ok(copies.length > 10);
  const makers = producers(again);
  for (const { after } of copies) {
    for (const waited of after ?? []) assert.equal(makers.get(waited)?.scope, '');
  }
  const order = new Map(again.nodes.map((node, i) => [node, i]));
  for (const node of copies) {
    for (const waited of node.after ?? []) {
      assert.ok((order.get(makers.get(waited) as Node) as number) < (order.get(node) as number));
    }
  }
});

test('a step without a backward pass stays as it is', async () => {
  const { graph } = await tidied('update of full');
  assert.deepEqual(recomputeBlocks(graph).nodes, graph.nodes);
});
