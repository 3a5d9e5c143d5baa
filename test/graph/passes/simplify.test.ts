import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dropDeadCode } from '../../../src/graph/passes/dead-code.ts';
import { mergeEqualNodes } from '../../../src/graph/passes/equal-nodes.ts';
import { fillUniformConstants } from '../../../src/graph/passes/fills.ts';
import { simplify } from '../../../src/graph/passes/simplify.ts';
import { traceStep } from '../../../src/graph/trace.ts';
import { scope } from '../../../src/tensor/scope.ts';
import { type Tensor, tf } from '../../../src/tensor/tf.ts';
import { assertSameResults, countKernels, STEP_NAMES, traced } from './equal.ts';

const graphOf = (run: (x: Tensor) => Tensor) =>
  traceStep(
    {
      name: 'step',
      inputs: { x: { shape: [4, 6], dtype: 'float32' } },
      run: (_state, { x }) => ({ state: {}, outputs: { y: run(x as Tensor) } }),
    },
    {},
  );

for (const name of STEP_NAMES) {
  test(`tidying ${name} changes no number`, async () => {
    const { graph, ...values } = await traced(name);
    for (const pass of [dropDeadCode, fillUniformConstants, mergeEqualNodes]) {
      await assertSameResults(graph, pass(graph), values, 0);
    }
    await assertSameResults(graph, simplify(fillUniformConstants(graph)), values, 1e-6);
  });
}

test('dead code, unread state and unused constants go', async () => {
  const { graph } = await traced('gradients of linear');
  const live = dropDeadCode(graph);
  assert.ok(live.nodes.length < graph.nodes.length);
  // A linear probe's step reads no accumulator but its own.
  assert.ok([...graph.state.keys()].includes('m/head.weight'));
  assert.ok(![...live.state.keys()].some((name) => name.startsWith('m/')));
  const used = new Set(live.nodes.flatMap(({ inputs }) => inputs));
  for (const constant of live.constants.keys()) assert.ok(used.has(constant));
  // The backward pass of a probe ends at the head.
  assert.equal(countKernels(live).AttentionGradient, undefined);
});

test('the ones of a mean’s gradient are no constant, and no product either', async () => {
  const graph = await graphOf((x) => tf.grad((a) => tf.mean(tf.square(a), 1))(x));
  assert.deepEqual(
    [...graph.constants.values()].map(({ length }) => length).filter((length) => length > 1),
    [4, 24],
  );
  const tidied = dropDeadCode(simplify(fillUniformConstants(graph)));
  assert.equal(tidied.constants.size, 0);
  assert.equal(countKernels(tidied).BroadcastTo, 1);
});

test('a constant of several numbers stays, and so does a signed zero', async () => {
  const graph = fillUniformConstants(
    await graphOf((x) => tf.add(tf.mul(x, tf.tensor1d([1, 1, 1, 1, 1, 2])), tf.tensor1d([0, 0, 0, 0, 0, -0]))),
  );
  assert.equal(graph.constants.size, 2);
});

test('reshapes of reshapes are one, and what changes nothing is none', async () => {
  const graph = await graphOf((x) =>
    tf.reshape(tf.clone(tf.cast(tf.reshape(tf.reshape(tf.add(tf.mul(x, 1), 0), [24]), [2, 12]), 'float32')), [3, 8]),
  );
  const tidied = dropDeadCode(simplify(fillUniformConstants(graph)));
  assert.deepEqual(countKernels(tidied), { Reshape: 1 });
  assert.equal(tidied.nodes[0]?.inputs[0], tidied.inputs.get('x'));
});

test('the same of the same is computed once, but not what the backward pass computes again', async () => {
  const twice = await graphOf((x) => scope('blocks.0', () => tf.add(tf.exp(x), tf.exp(x))));
  assert.equal(countKernels(dropDeadCode(mergeEqualNodes(twice))).Exp, 1);
  const again = await graphOf((x) =>
    tf.add(
      scope('blocks.0', () => tf.exp(x)),
      tf.exp(x),
    ),
  );
  assert.equal(countKernels(dropDeadCode(mergeEqualNodes(again))).Exp, 2);
});
