import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileGraph } from '../../../src/graph/compile.ts';
import type { Graph } from '../../../src/graph/graph.ts';
import { PRODUCT_KERNELS } from '../../../src/graph/kernels/products.ts';
import { takeAttentionApart } from '../../../src/graph/passes/attention.ts';
import { dropDeadCode } from '../../../src/graph/passes/dead-code.ts';
import { foldCastsIntoSoftmax, lowerPrecision } from '../../../src/graph/passes/precision.ts';
import { float32 } from '../../../src/tensor/host.ts';
import { tf } from '../../../src/tensor/tf.ts';
import { interpret, toBfloat16, toFloat16 } from '../interpret.ts';
import { countKernels, tidied } from './equal.ts';

const KEPT = { keptBytes: Number.POSITIVE_INFINITY, sliceBytes: Number.POSITIVE_INFINITY } as const;

async function lowered(name: string): Promise<{ graph: Graph; plain: Graph; frozen: ReadonlySet<string> }> {
  const { graph, specs } = await tidied(name);
  const frozen = new Set(Object.keys(specs).filter((key) => specs[key]?.frozen));
  const plain = dropDeadCode(takeAttentionApart(graph, KEPT));
  return { plain, frozen, graph: dropDeadCode(lowerPrecision(plain, { type: 'bfloat16', frozen })) };
}

test('every product computes in 16 bits, and nothing but products, layout and casts does', async () => {
  for (const name of ['gradients of adaptformer', 'gradients of full', 'gradients of vpt-deep']) {
    const { graph } = await lowered(name);
    const low = graph.nodes.filter(({ outputs }) => outputs.some(({ dtype }) => dtype === 'bfloat16'));
    const kernels = new Set(low.map(({ kernel }) => kernel));
    for (const kernel of kernels) {
      assert.ok(
        PRODUCT_KERNELS.has(kernel) || ['Cast', 'Reshape', 'Transpose', 'SplitV', 'Concat', 'Slice'].includes(kernel),
        `${kernel} in ${name}`,
      );
    }
    for (const { kernel, inputs } of graph.nodes) {
      if (PRODUCT_KERNELS.has(kernel)) for (const input of inputs) assert.equal(input.dtype, 'bfloat16');
    }
    // What is kept from run to run, and the loss, is float32.
    for (const result of [...graph.changed.values(), ...graph.outputs.values()]) assert.equal(result.dtype, 'float32');
  }
});

test('frozen weights of products are stored in 16 bits; norms, biases and what is trained are not', async () => {
  const { graph, frozen } = await lowered('gradients of adaptformer');
  const stored = [...graph.state].filter(([, { dtype }]) => dtype === 'bfloat16').map(([name]) => name);
  assert.deepEqual(stored, [
    'patch_embed.proj.weight',
    ...[0, 1].flatMap((i) =>
      ['attn.qkv', 'attn.proj', 'mlp.fc1', 'mlp.fc2'].map((layer) => `blocks.${i}.${layer}.weight`),
    ),
  ]);
  assert.ok(stored.every((name) => frozen.has(name)));
  assert.equal(graph.state.get('blocks.0.adaptmlp.down.weight')?.dtype, 'float32');
  assert.equal(graph.state.get('blocks.0.norm1.weight')?.dtype, 'float32');
});

test('a product is that of the rounded operands, rounded', async () => {
  const { step, specs } = {
    step: {
      name: 'product',
      inputs: { a: { shape: [1, 3], dtype: 'float32' as const } },
      run: (state: Record<string, never>, { a }: Record<string, never>) => ({
        state: {},
        outputs: { y: tf.add(tf.matMul(a as never, state.w as never, false, true), 1e-4) },
      }),
    },
    specs: { w: { shape: [1, 3], dtype: 'float32' as const, frozen: true } },
  };
  const [a, w] = [
    [1.001, 2.003, -3.007],
    [0.1, 0.2, 0.3],
  ];
  for (const [precision, round] of [
    ['bf16', toBfloat16],
    ['fp16', toFloat16],
  ] as const) {
    const graph = await compileGraph(step as never, specs, {
      precision,
      recompute: false,
      clusters: false,
      attention: KEPT,
    });
    const sum = a.reduce((total, number, i) => total + round(number) * round(w[i] as number), 0);
    const { outputs } = await interpret(
      graph,
      { w: float32([1, 3], Float32Array.from(w)) },
      { a: float32([1, 3], Float32Array.from(a)) },
    );
    assert.deepEqual([...(outputs.y?.data ?? [])], [Math.fround(round(Math.fround(sum)) + Math.fround(1e-4))]);
  }
});

test('no cast of the scores is left around softmax, and the backward pass keeps them in 16 bits', async () => {
  const { graph } = await lowered('gradients of full');
  const scores = (of: Graph): number =>
    of.nodes.filter(
      ({ kernel, outputs, scope }) => kernel === 'Cast' && scope !== '' && `${outputs[0]?.shape.slice(-2)}` === '9,9',
    ).length;
  assert.ok(scores(graph) > 0);
  const folded = dropDeadCode(foldCastsIntoSoftmax(graph));
  assert.equal(scores(folded), 0);
  const softmax = folded.nodes.filter(({ kernel }) => kernel === 'Softmax');
  assert.equal(softmax.length, 2);
  for (const { inputs, outputs } of softmax) {
    assert.deepEqual([inputs[0]?.dtype, outputs[0]?.dtype], ['bfloat16', 'bfloat16']);
  }
  assert.equal(countKernels(folded).Softmax, countKernels(graph).Softmax);
});
