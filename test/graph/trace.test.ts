import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuEngine } from '../../src/engine/cpu.ts';
import type { StateSpecs, Step } from '../../src/engine/engine.ts';
import { dropDeadCode } from '../../src/graph/passes/dead-code.ts';
import { traceStep } from '../../src/graph/trace.ts';
import { SIZES } from '../../src/model/options.ts';
import { classifier } from '../../src/petl/classifier.ts';
import { methodOf } from '../../src/petl/index.ts';
import type { HostTensors } from '../../src/tensor/host.ts';
import { scope } from '../../src/tensor/scope.ts';
import { type Tensor, tf } from '../../src/tensor/tf.ts';
import { gradientsStep, trainingState } from '../../src/train/steps.ts';
import { tinyVit } from '../model/tiny-vit.ts';
import { plainSgd } from '../petl/tiny-model.ts';
import { assertClose } from '../tensor/exact.ts';
import { interpret } from './interpret.ts';
import { stepCases } from './steps.ts';

const specs: StateSpecs = {
  w: { shape: [2, 3], dtype: 'float32', frozen: false },
  backbone: { shape: [3], dtype: 'float32', frozen: true },
};
const stepThat = (run: Step['run'], inputs: Step['inputs'] = {}): Step => ({ name: 'odd', inputs, run });

/** What the eager cpu engine makes of the step. */
async function eagerly({ step, specs: state, state: start, inputs }: ReturnType<typeof stepCases>[number]): Promise<{
  outputs: HostTensors;
  changed: HostTensors;
}> {
  const session = await cpuEngine().open(state);
  await session.load(start);
  const outputs = await (await session.compile(step)).run(inputs);
  const changed = await session.read(Object.keys(state).filter((name) => !state[name]?.frozen));
  session.dispose();
  return { outputs, changed };
}

for (const stepCase of stepCases()) {
  test(`the recording of ${stepCase.name} computes what the step does`, async () => {
    const expected = await eagerly(stepCase);
    const graph = await traceStep(stepCase.step, stepCase.specs);
    const actual = await interpret(graph, stepCase.state, stepCase.inputs);
    assert.deepEqual(Object.keys(actual.outputs), Object.keys(expected.outputs));
    assert.ok(Object.keys(actual.changed).length > 0);
    for (const [name, { data }] of Object.entries(actual.outputs)) {
      assertClose(data, expected.outputs[name]?.data ?? [], 1e-6, name);
    }
    for (const [name, { data }] of Object.entries(actual.changed)) {
      assertClose(data, expected.changed[name]?.data ?? [], 1e-5, name);
    }
  });
}

test('ViT-L over 16 frames is traced in seconds, forward and backward, without the memory of its tensors', async () => {
  const vit = { ...tinyVit, ...SIZES.large, frames: 16, size: 224, patch: 16 };
  const model = classifier(vit, methodOf('adaptformer').attach(vit, {}), {
    classes: 174,
    batchNorm: true,
    dropout: 0,
    initStd: 0,
  });
  const [before, start] = [process.memoryUsage().rss, performance.now()];
  const graph = await traceStep(
    gradientsStep(model, { batch: 2, mixes: false, clips: 'uint8' }),
    trainingState(model, plainSgd),
  );
  const seconds = (performance.now() - start) / 1000;
  assert.ok(seconds < 5, `${seconds} s`);
  // One block's scores alone would be 315 MB.
  assert.ok(process.memoryUsage().rss - before < 200e6);
  assert.equal(graph.nodes.filter(({ kernel }) => kernel === 'Attention').length, 24);
  assert.equal(graph.nodes.filter(({ kernel }) => kernel === 'AttentionGradient').length, 23);
  assert.deepEqual(graph.outputs.get('logits')?.shape, [2, 174]);
});

test('a value that is read names the op and the place', async () => {
  const reading = stepThat((state) => {
    const total = scope('blocks.7', () => tf.sum(state.w as Tensor));
    return { state: {}, outputs: { half: scope('blocks.8', () => tf.scalar((total.dataSync()[0] as number) / 2)) } };
  });
  await assert.rejects(
    traceStep(reading, specs),
    /^TypeError: step odd reads what Sum makes \(\[\]\) in blocks\.8 \(.*trace\.test\.[tj]s.*\), which is not known/,
  );
  const readsState = stepThat((state) => ({ state: {}, outputs: { w: tf.tensor((state.w as Tensor).dataSync()) } }));
  await assert.rejects(traceStep(readsState, specs), /step odd reads its state or an input \(\[2,3\]\)/);
});

test('what JavaScript knows may be read', async () => {
  const step = stepThat(() => ({ state: {}, outputs: { two: tf.scalar((tf.scalar(1).dataSync()[0] as number) * 2) } }));
  const { outputs } = await interpret(dropDeadCode(await traceStep(step, specs)), {}, {});
  assert.deepEqual([...(outputs.two?.data ?? [])], [2]);
});

test('an op that the table lacks, and a tensor of elsewhere, are named', async () => {
  const outside = tf.scalar(3);
  const foreign = stepThat((state) => ({ state: {}, outputs: { y: tf.mul(state.w as Tensor, outside) } }));
  await assert.rejects(traceStep(foreign, specs), /step odd.* uses a tensor that was made outside of it/);
  outside.dispose();
  const rare = stepThat((state) => ({ state: {}, outputs: { y: tf.atanh(state.w as Tensor) } }));
  await assert.rejects(traceStep(rare, specs), /step odd uses Atanh, which is not in the kernel table/);
});

test('state must be the session’s, and frozen state stays', async () => {
  const frozen = stepThat((state) => ({ state: { backbone: tf.neg(state.backbone as Tensor) }, outputs: {} }));
  await assert.rejects(traceStep(frozen, specs), new TypeError('step odd returned state backbone, which is frozen'));
  const unknown = stepThat(() => ({ state: { v: tf.scalar(1) }, outputs: {} }));
  await assert.rejects(
    traceStep(unknown, specs),
    new TypeError("step odd returned state v, which is not the session's"),
  );
});

test('tracing leaves tfjs as it was: the backend, and no tensor, when a step throws too', async () => {
  await tf.setBackend('cpu');
  const before = tf.memory().numTensors;
  await traceStep(stepCases()[0]?.step as Step, stepCases()[0]?.specs as StateSpecs);
  await assert.rejects(
    traceStep(
      stepThat((state) => {
        tf.square(state.w as Tensor);
        throw new Error('half-way');
      }),
      specs,
    ),
    /half-way/,
  );
  assert.equal(tf.getBackend(), 'cpu');
  assert.equal(tf.memory().numTensors, before);
});
