import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuEngine } from '../../src/engine/cpu.ts';
import { float32, type HostTensor, type HostTensors, scalar, uint8 } from '../../src/tensor/host.ts';
import { applyStep, gradientsStep, trainingState } from '../../src/train/steps.ts';
import { targetProbabilities } from '../../src/train/targets.ts';
import { plainFeatures, tinyVit } from '../model/tiny-vit.ts';
import { batchInputs, bytesOf, LABELS, openTiny, plainSgd, startOf, tinyModel } from '../petl/tiny-model.ts';
import * as plain from '../tensor/definitions.ts';
import { assertClose, type Exact, exact, numericGradient, relativeError } from '../tensor/exact.ts';

const exactOf = (tensors: HostTensors): Record<string, Exact> =>
  Object.fromEntries(Object.entries(tensors).map(([name, { shape, data }]) => [name, exact(shape, data)]));
const gradientsOf = (names: readonly string[]): string[] => names.map((name) => `gradient/${name}`);
const data = (tensors: HostTensors, name: string): ArrayLike<number> => (tensors[name] as HostTensor).data;

test('loss and gradients equal those of the formulas in float64, through BatchNorm and all blocks', async () => {
  const model = tinyModel(tinyVit, 'full');
  const start = startOf(model);
  const run = await openTiny(model, start);
  const clips = bytesOf(model, 6);
  const { loss, logits } = await run.gradients.run(batchInputs(model, clips, 0, 6, 1));

  const parameters = exactOf(start);
  const targets = exact([6, 3], targetProbabilities(LABELS, 3, 0));
  const lossWith = (changed: Record<string, Exact>): { loss: number; logits: Exact } => {
    const all = { ...parameters, ...changed };
    const x = plainFeatures(tinyVit, all, exact(clips.shape, clips.data));
    const { mean, variance } = plain.columnStatistics(x, 0);
    const z = plain.linear(plain.batchNorm(x, mean, variance, 1e-6), all['head.weight'] as Exact, all['head.bias']);
    return { loss: plain.crossEntropy(z, targets).data[0] as number, logits: z };
  };
  const expected = lossWith({});
  assertClose((logits as HostTensor).data, expected.logits.data, 1e-4);
  assertClose((loss as HostTensor).data, [expected.loss], 1e-5);

  const names = [
    'blocks.0.attn.q_bias',
    'blocks.0.norm1.weight',
    'blocks.1.attn.v_bias',
    'blocks.1.mlp.fc2.bias',
    'head.weight',
    'head.bias',
  ];
  const gradients = await run.session.read(gradientsOf(names));
  for (const name of names) {
    const numeric = numericGradient((moved) => lossWith({ [name]: moved }).loss, parameters[name] as Exact, 1e-4);
    assertClose(data(gradients, `gradient/${name}`), numeric, 1e-3, name);
  }
  run.session.dispose();
});

test('two batches with share one half add up to the gradients of the whole batch', async () => {
  const model = tinyModel(tinyVit, 'full', {}, { batchNorm: false });
  const start = startOf(model);
  const clips = bytesOf(model, 6);
  const names = gradientsOf(model.trained.map(({ name }) => name));
  const whole = await openTiny(model, start);
  await whole.gradients.run(batchInputs(model, clips, 0, 6, 1));
  const halves = await openTiny(model, start, { batch: 3 });
  await halves.gradients.run(batchInputs(model, clips, 0, 3, 0.5));
  await halves.gradients.run(batchInputs(model, clips, 3, 6, 0.5));
  const [one, two] = [await whole.session.read(names), await halves.session.read(names)];
  const largest = Math.max(...names.map((name) => Math.max(...Array.from(data(one, name), Math.abs))));
  for (const name of names) {
    const difference = Array.from(data(one, name), (v, i) => Math.abs(v - (data(two, name)[i] as number)));
    assert.ok(Math.max(...difference) < 1e-5 * largest, `${name}: ${Math.max(...difference)} of ${largest}`);
  }
  whole.session.dispose();
  halves.session.dispose();
});

test('each batch moves the running statistics, and only the update clears the gradients', async () => {
  const model = tinyModel(tinyVit, 'linear');
  const run = await openTiny(model, startOf(model), { batch: 3 });
  const read = () => run.session.read(['head.batchnorm.running_mean', 'gradient/head.bias', 'head.bias']);
  const clips = bytesOf(model, 6);
  const start = await read();
  await run.gradients.run(batchInputs(model, clips, 0, 3, 0.5));
  const first = await read();
  await run.gradients.run(batchInputs(model, clips, 3, 6, 0.5));
  const second = await read();
  const mean = 'head.batchnorm.running_mean';
  assert.notDeepEqual(data(first, mean), data(start, mean));
  assert.notDeepEqual(data(second, mean), data(first, mean));
  assert.deepEqual(data(second, 'head.bias'), data(start, 'head.bias'));
  await run.apply.run({ lr: scalar(0.1) });
  const after = await read();
  assert.deepEqual(data(after, mean), data(second, mean));
  assert.deepEqual([...(after['gradient/head.bias'] as HostTensor).data], [0, 0, 0]);
  assertClose(
    data(after, 'head.bias'),
    Array.from(data(start, 'head.bias'), (b, i) => b - 0.1 * (data(second, 'gradient/head.bias')[i] as number)),
    1e-6,
  );
  run.session.dispose();
});

test('apply gives the norm of all gradients and the largest of each, and clips to the norm asked for', async () => {
  const model = tinyModel(tinyVit, 'linear');
  const start = startOf(model);
  const names = model.trained.map(({ name }) => name);
  const clips = bytesOf(model, 6);
  const steps: Record<number, HostTensors> = {};
  for (const clipNorm of [0, 0.05, 1e6]) {
    const run = await openTiny(model, start, { update: { ...plainSgd, clipNorm } });
    await run.gradients.run(batchInputs(model, clips, 0, 6, 1));
    const gradients = await run.session.read(gradientsOf(names));
    const all = names.flatMap((name) => [...(data(gradients, `gradient/${name}`) as Float32Array)]);
    const { norm, largest } = await run.apply.run({ lr: scalar(1) });
    assertClose((norm as HostTensor).data, [Math.hypot(...all)], 1e-5);
    assertClose(
      (largest as HostTensor).data,
      names.map((name) => Math.max(...Array.from(data(gradients, `gradient/${name}`), Math.abs))),
      1e-6,
    );
    const after = await run.session.read(names);
    steps[clipNorm] = Object.fromEntries(
      names.map((name) => [
        name,
        float32(
          [],
          Float32Array.from(data(after, name), (v, i) => v - (data(start, name)[i] as number)),
        ),
      ]),
    );
    run.session.dispose();
  }
  const moved = (clipNorm: number): number[] =>
    names.flatMap((name) => [...(data(steps[clipNorm] as HostTensors, name) as Float32Array)]);
  assertClose([Math.hypot(...moved(0.05))], [0.05], 1e-4);
  assert.deepEqual(moved(1e6), moved(0));
  assert.ok(Math.hypot(...moved(0)) > 0.1);
});

test('mixing blends each clip with the one at the other end of the batch, pixel by pixel', async () => {
  const model = tinyModel(tinyVit, 'linear', {}, { batchNorm: false });
  const start = startOf(model);
  const clips = bytesOf(model, 2);
  const each = clips.data.length / 2;
  const weights = Float32Array.from({ length: 64 }, (_, at) => (at % 8 < 3 ? 0 : at < 32 ? 1 : 0.25));
  const mixed = Float32Array.from(clips.data, (value, at) => {
    const other = clips.data[at < each ? at + each : at - each] as number;
    const weight = weights[Math.floor(at / 3) % 64] as number;
    return weight * value + (1 - weight) * other;
  });
  const logits = async (mixes: boolean, dtype: 'uint8' | 'float32', inputs: HostTensors): Promise<Float32Array> => {
    const session = await cpuEngine().open(trainingState(model, plainSgd));
    await session.load(start);
    const step = await session.compile(gradientsStep(model, { batch: 2, mixes, clips: dtype }));
    const targets = float32([2, 3], Float32Array.of(1, 0, 0, 0, 1, 0));
    const result = await step.run({ ...inputs, targets, share: scalar(1) });
    session.dispose();
    return (result.logits as HostTensor).data as Float32Array;
  };
  const plainClips = await logits(false, 'float32', { clips: float32(clips.shape, mixed) });
  const byStep = await logits(true, 'uint8', { clips, mix: float32([8, 8], weights) });
  assertClose(byStep, plainClips, 1e-5);
  const unmixed = await logits(false, 'uint8', { clips: uint8(clips.shape, clips.data as Uint8Array) });
  assert.ok(relativeError(unmixed, plainClips) > 0.01);
});

test('layer decay reaches the optimizer', async () => {
  const model = tinyModel(tinyVit, 'full', {}, { batchNorm: false });
  const start = startOf(model);
  const clips = bytesOf(model, 6);
  const movedBy = async (layerDecay: number): Promise<(name: string) => Float32Array> => {
    const run = await openTiny(model, start, { update: { ...plainSgd, layerDecay } });
    await run.gradients.run(batchInputs(model, clips, 0, 6, 1));
    await run.apply.run({ lr: scalar(1) });
    const after = await run.session.read(model.trained.map(({ name }) => name));
    run.session.dispose();
    return (name) => Float32Array.from(data(after, name), (v, i) => v - (data(start, name)[i] as number));
  };
  const [plainly, decayed] = [await movedBy(1), await movedBy(0.5)];
  for (const [name, factor] of [
    ['patch_embed.proj.bias', 0.125],
    ['blocks.0.mlp.fc1.bias', 0.25],
    ['blocks.1.mlp.fc1.bias', 0.5],
    ['head.bias', 1],
  ] as const) {
    assertClose(
      decayed(name),
      plainly(name).map((v) => v * factor),
      1e-4,
      name,
    );
  }
});

test('steps leave no tensor behind', async () => {
  const { tf } = await import('../../src/tensor/tf.ts');
  const model = tinyModel({ ...tinyVit, dropPath: 0.2 }, 'adaptformer', { dropout: 0.1 });
  const before = tf.memory().numTensors;
  const run = await openTiny(model, startOf(model));
  const clips = bytesOf(model, 6);
  const open = tf.memory().numTensors;
  for (let step = 0; step < 20; step++) {
    await run.gradients.run(batchInputs(model, clips, 0, 6, 1, step));
    await run.apply.run({ lr: scalar(0.1) });
    await run.logits(clips);
    assert.equal(tf.memory().numTensors, open, `step ${step}`);
  }
  run.session.dispose();
  assert.equal(tf.memory().numTensors, before);
});

test('the apply step asks for the scalars of its optimizer', () => {
  const model = tinyModel(tinyVit, 'linear');
  const adamw = { name: 'adamw', betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0 } as const;
  assert.deepEqual(Object.keys(applyStep(model, { ...plainSgd, optimizer: adamw }).inputs), [
    'lr',
    'correction1',
    'correction2',
  ]);
  assert.deepEqual(Object.keys(applyStep(model, plainSgd).inputs), ['lr']);
});
