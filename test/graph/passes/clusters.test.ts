import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileGraph } from '../../../src/graph/compile.ts';
import type { Graph } from '../../../src/graph/graph.ts';
import { PRODUCT_KERNELS } from '../../../src/graph/kernels/products.ts';
import { bytesOf, type ClusterAttributes, clusterSmallOperations } from '../../../src/graph/passes/clusters.ts';
import { assertSameResults, countKernels, STEP_NAMES, tidied } from './equal.ts';

const options = {
  precision: 'fp32',
  recompute: false,
  clusters: false,
  attention: { keptBytes: Number.POSITIVE_INFINITY, sliceBytes: Number.POSITIVE_INFINITY },
} as const;
const bodyOf = (attributes: unknown): Graph => (attributes as ClusterAttributes).body;

async function clustered(
  name: string,
  leastBytes = 0,
): Promise<{ plain: Graph; graph: Graph } & Awaited<ReturnType<typeof tidied>>> {
  const found = await tidied(name);
  const plain = await compileGraph(found.step, found.specs, options);
  return { ...found, plain, graph: clusterSmallOperations(plain, { leastBytes }) };
}

for (const name of STEP_NAMES) {
  test(`clusters of ${name} compute the same`, async () => {
    const { plain, graph, ...values } = await clustered(name);
    assert.ok((countKernels(graph).Cluster ?? 0) > 0);
    await assertSameResults(plain, graph, values, 1e-6);
  });
}

test('a cluster holds no product, and what is small stands beside no other small operation', async () => {
  const { graph, plain } = await clustered('gradients of full');
  for (const { kernel, attributes } of graph.nodes) {
    if (kernel !== 'Cluster') continue;
    for (const inner of bodyOf(attributes).nodes) assert.ok(!PRODUCT_KERNELS.has(inner.kernel), inner.kernel);
  }
  assert.ok(graph.nodes.length < plain.nodes.length / 3, `${graph.nodes.length} of ${plain.nodes.length} nodes`);
});

test('the gradient of GELU is computed from its input again, and not kept', async () => {
  const { graph } = await clustered('gradients of adaptformer');
  const withErf = graph.nodes.filter(({ attributes }) =>
    bodyOf(attributes)?.nodes.some(({ kernel }) => kernel === 'Erf'),
  );
  const backward = withErf.filter(({ scope }) => scope === '');
  // The first block's MLP stands below every trained tensor but its adapter, and needs no gradient.
  assert.deepEqual([withErf.length, backward.length], [3, 1]);
  for (const { outputs } of backward) assert.equal(outputs.length, 1);
});

test('clusters that touch little stay what they were', async () => {
  const { plain, graph } = await clustered('gradients of linear', 1e9);
  assert.equal(countKernels(graph).Cluster, undefined);
  assert.ok(graph.nodes.length >= plain.nodes.length);
});

test('bytes of values', () => {
  assert.equal(bytesOf({ kind: 'value', shape: [2, 3], dtype: 'float32' }), 24);
  assert.equal(bytesOf({ kind: 'value', shape: [2, 3], dtype: 'bfloat16' }), 12);
  assert.equal(bytesOf({ kind: 'value', shape: [], dtype: 'uint8' }), 1);
});
