import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import type { Loader } from '../../src/data/loader.ts';
import type { Entry } from '../../src/data/manifest.ts';
import { updatesOf } from '../../src/data/order.ts';
import { cpuEngine } from '../../src/engine/cpu.ts';
import { Interrupted } from '../../src/errors/index.ts';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { classifier } from '../../src/petl/classifier.ts';
import { defineMethod } from '../../src/petl/method.ts';
import { float32, scalar, uint8 } from '../../src/tensor/host.ts';
import { zeros } from '../../src/tensor/parameters.ts';
import { checkpointFile } from '../../src/train/checkpoint.ts';
import type { TrainEvent, TrainPlan } from '../../src/train/plan.ts';
import { applyStep, gradientsStep, trainingState } from '../../src/train/steps.ts';
import { targetProbabilities } from '../../src/train/targets.ts';
import { train } from '../../src/train/train.ts';
import { tinyVit } from '../model/tiny-vit.ts';
import { head, tinyModel } from '../petl/tiny-model.ts';
import { assertClose } from '../tensor/exact.ts';
import { entriesOf, meansOf, tinyLoader, tinyPlan } from './tiny-run.ts';

let parent: string;
let count = 0;
const newFolder = (): string => path.join(parent, `run-${count++}`);
before(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'train-'));
});
after(() => rm(parent, { recursive: true }));

/** All that a run leaves, without times. */
async function leftBy(folder: string): Promise<Record<string, unknown>> {
  const checkpoint = await readSafetensors(checkpointFile(folder));
  const tensors = Object.fromEntries(
    await Promise.all(
      checkpoint.names.map(async (name) => [
        name,
        Buffer.from((await checkpoint.read(name)).data.buffer).toString('hex'),
      ]),
    ),
  );
  const { seconds: _, ...counters } = JSON.parse(checkpoint.metadata.get('counters') as string);
  await checkpoint.close();
  const metrics = (await readFile(path.join(folder, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
  return {
    counters,
    tensors,
    metrics: metrics.map((line) => {
      const { clipsPerSecond: _clips, waiting: _waiting, ...facts } = JSON.parse(line);
      return facts;
    }),
    tuned: (await readFile(path.join(folder, 'tuned.safetensors'))).toString('hex'),
    best: (await readFile(path.join(folder, 'best.safetensors'))).toString('hex'),
    // TensorBoard's files are named by the time, one for each start.
    files: (await readdir(folder)).filter((name) => !name.startsWith('events.out.tfevents.')).sort(),
  };
}

/** Everything random at once. */
const stochastic = (changed: Partial<TrainPlan> = {}): TrainPlan =>
  tinyPlan(
    { mixing: { mixup: 0.8, cutmix: 1, probability: 0.8, switchToCutmix: 0.5 }, ...changed },
    tinyModel({ ...tinyVit, dropPath: 0.3 }, 'adaptformer', { bottleneck: 4, dropout: 0.2 }, { dropout: 0.2 }),
  );

/** Runs until the event, aborts, and goes on, once for each `stop`; then to the end. */
async function withStops(
  plan: TrainPlan,
  folder: string,
  stops: readonly ((event: TrainEvent) => boolean)[],
): Promise<void> {
  for (const [i, stop] of stops.entries()) {
    const controller = new AbortController();
    const means = meansOf(plan, folder, {
      signal: controller.signal,
      onEvent: (event) => {
        if (stop(event)) controller.abort();
      },
    });
    await assert.rejects(train(plan, means, i > 0), Interrupted);
  }
  await train(plan, meansOf(plan, folder), stops.length > 0);
}
const atUpdate = (update: number) => (event: TrainEvent) => event.kind === 'update' && event.update === update;

const AdamW = { name: 'adamw', betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0.05 } as const;

test('a run that was stopped and resumed, at any update and in validation, equals an uninterrupted one to the bit', async () => {
  const plan = stochastic();
  const whole = newFolder();
  await train(plan, meansOf(plan, whole), false);
  const expected = await leftBy(whole);
  assert.deepEqual((expected.counters as { update: number }).update, 9);
  assert.deepEqual(
    (expected.metrics as { kind: string; update: number }[]).map(({ kind, update }) => `${kind} ${update}`),
    ['train 2', 'validation 3', 'train 4', 'train 6', 'validation 6', 'train 8', 'validation 9'],
  );

  for (const updates of [[1], [5], [3, 6], [1, 2, 3, 4, 5, 6, 7, 8, 9]]) {
    const folder = newFolder();
    await withStops(plan, folder, updates.map(atUpdate));
    assert.deepEqual(await leftBy(folder), expected, `stopped after ${updates}`);
  }
  const folder = newFolder();
  await withStops(plan, folder, [
    (event) => event.kind === 'validating',
    atUpdate(4),
    (event) => event.kind === 'validating',
  ]);
  assert.deepEqual(await leftBy(folder), expected, 'stopped in validation');
});

test('a stop does not wait for a batch that does not come, and forgets the batches of an update that is not complete', async () => {
  const plan = stochastic({ ahead: 1 });
  const whole = newFolder();
  await train(plan, meansOf(plan, whole), false);
  // Two batches make an update: the third call is its first batch, the fourth its second.
  for (const [call, update] of [
    [3, 1],
    [4, 1],
    [1, 0],
  ] as const) {
    const folder = newFolder();
    const controller = new AbortController();
    const means = meansOf(plan, folder, { signal: controller.signal });
    let calls = 0;
    const trainBatch: Loader['trainBatch'] = (...asked) => {
      if (++calls !== call) return means.loader.trainBatch(...asked);
      setTimeout(() => controller.abort(), 1);
      return new Promise(() => {});
    };
    await assert.rejects(
      train(plan, { ...means, loader: { ...means.loader, trainBatch } }, false),
      (thrown) => thrown instanceof Interrupted && thrown.message.startsWith(`stopped after update ${update} of 9`),
    );
    await train(plan, meansOf(plan, folder), true);
    assert.deepEqual(await leftBy(folder), await leftBy(whole), `stopped in batch ${call}`);
  }
});

test('the same with AdamW, layer decay, clipping and a checkpoint after each update', async () => {
  const plan = stochastic({
    update: { optimizer: AdamW, layerDecay: 0.75, clipNorm: 0.5 },
    schedule: { lr: 0.01, minLr: 1e-4, warmup: 0.5, epochs: 3 },
    checkpointEveryMs: 0,
    epoch: { entries: 10, batch: 4, accumulate: 1, dropLast: true },
    logEvery: 1,
  });
  const whole = newFolder();
  await train(plan, meansOf(plan, whole), false);
  const expected = await leftBy(whole);
  assert.equal((expected.counters as { update: number }).update, 6);
  const folder = newFolder();
  await withStops(plan, folder, [atUpdate(1), atUpdate(4)]);
  assert.deepEqual(await leftBy(folder), expected);
});

/** Two clips of each video, rectangles of half of them erased, and all of it mixed. */
const augmented = (changed: Partial<TrainPlan> = {}): TrainPlan =>
  stochastic({ erasing: 0.5, train: { split: 'train', entries: entriesOf('train', 10), repeats: 2 }, ...changed });

test('the same with repeated augmentation, erasing and mixing together, and none of them is without effect', async () => {
  const plan = augmented();
  const whole = newFolder();
  await train(plan, meansOf(plan, whole), false);
  const expected = await leftBy(whole);
  assert.equal((expected.counters as { update: number }).update, 9, 'an epoch is as many updates as without repeats');
  const folder = newFolder();
  await withStops(plan, folder, [atUpdate(1), atUpdate(5), (event) => event.kind === 'validating']);
  assert.deepEqual(await leftBy(folder), expected, 'stopped and resumed');
  const killed = newFolder();
  let batches = 0;
  const onBatch = (): void => {
    if (++batches === 8) throw new Error('killed');
  };
  await assert.rejects(train(plan, meansOf(plan, killed, { faults: { onBatch } }), false), /killed/);
  await train(plan, meansOf(plan, killed), true);
  assert.deepEqual(await leftBy(killed), expected, 'killed and resumed');
  const ahead = newFolder();
  await train(augmented({ ahead: 7 }), meansOf(plan, ahead), false);
  assert.deepEqual(await leftBy(ahead), expected, 'loaded further ahead');
  const oneEpoch = async (of: TrainPlan): Promise<unknown> => {
    const one = newFolder();
    await train({ ...of, epochs: 1 }, meansOf(of, one), false);
    return (await leftBy(one)).tuned;
  };
  const tuned = await oneEpoch(plan);
  assert.notEqual(await oneEpoch(augmented({ erasing: 0 })), tuned);
  assert.notEqual(await oneEpoch(stochastic({ erasing: 0.5 })), tuned);
});

test('a single video that gives two clips is a batch with statistics', async () => {
  const epoch = { entries: 3, batch: 1, accumulate: 1, dropLast: true };
  const lone = tinyPlan({ epoch, epochs: 1 });
  await assert.rejects(train(lone, meansOf(lone, newFolder()), false), { kind: 'config' });
  const pair = { ...lone, train: { ...lone.train, repeats: 2 } };
  assert.equal((await train(pair, meansOf(pair, newFolder()), false)).updates, 3);
});

test('a run that died without a word resumes from its last checkpoint and ends the same', async () => {
  const plan = stochastic();
  const whole = newFolder();
  await train(plan, meansOf(plan, whole), false);
  // Of epoch 1 nothing but the first checkpoint is there; of epoch 2 what validation of epoch 1 left.
  for (const epoch of [0, 1]) {
    const folder = newFolder();
    let batches = 0;
    const onBatch = (_entries: Uint32Array, of: number): void => {
      if (of === epoch && ++batches === 5) throw new Error('killed');
    };
    await assert.rejects(train(plan, meansOf(plan, folder, { faults: { onBatch } }), false), /killed/);
    assert.equal(existsSync(path.join(folder, 'tuned.safetensors')), epoch > 0);
    await train(plan, meansOf(plan, folder), true);
    assert.deepEqual(await leftBy(folder), await leftBy(whole), `killed in epoch ${epoch + 1}`);
  }
});

test('the loop is the steps, in the order of the epoch, at the rates of the schedule, numbered from 1', async () => {
  const update = { optimizer: AdamW, layerDecay: 1, clipNorm: 0 };
  const plan = tinyPlan({ update, schedule: { lr: 0.01, minLr: 0, warmup: 1, epochs: 3 }, epochs: 2 });
  const folder = newFolder();
  await train(plan, meansOf(plan, folder), false);

  const { model } = plan;
  const session = await cpuEngine().open(trainingState(model, update));
  await session.load(plan.start());
  const apply = await session.compile(applyStep(model, update));
  const loader = tinyLoader(plan);
  let t = 0;
  for (const epoch of [0, 1]) {
    for (const batches of updatesOf(plan.epoch, plan.seed, epoch)) {
      const clipsOfUpdate = batches.reduce((sum, { length }) => sum + length, 0);
      for (const entries of batches) {
        const batch = entries.length;
        const step = await session.compile(gradientsStep(model, { batch, mixes: false, clips: 'uint8' }));
        const { clips, labels } = await loader.trainBatch('train', entries, epoch);
        await step.run({
          clips: uint8([batch, 2, 8, 8, 3], clips),
          targets: float32([batch, 3], targetProbabilities(labels, 3, 0.1)),
          share: scalar(batch / clipsOfUpdate),
        });
      }
      t++;
      // Three updates an epoch; the first epoch is the warm-up, the next two are the cosine.
      const lr = t <= 3 ? (0.01 * (t - 1)) / 3 : 0.005 * (1 + Math.cos((Math.PI * ((t - 1) / 3 - 1)) / 2));
      await apply.run({
        lr: scalar(lr),
        correction1: scalar(1 - 0.9 ** t),
        correction2: scalar(Math.sqrt(1 - 0.999 ** t)),
      });
    }
  }
  const names = [...model.trained, ...model.buffers].map(({ name }) => name);
  const expected = await session.read(names);
  session.dispose();
  const tuned = await readSafetensors(path.join(folder, 'tuned.safetensors'));
  for (const name of names) assertClose((await tuned.read(name)).data, expected[name]?.data ?? [], 1e-6, name);
  await tuned.close();
});

test('how far ahead batches are loaded does not matter', async () => {
  const one = newFolder();
  const plan = stochastic();
  await train(plan, meansOf(plan, one), false);
  const other = newFolder();
  const ahead = stochastic({ ahead: 7 });
  await train(ahead, meansOf(ahead, other), false);
  assert.deepEqual(await leftBy(other), await leftBy(one));
});

test('another seed gives another run', async () => {
  const [one, other] = [newFolder(), newFolder()];
  await train(stochastic({ epochs: 1 }), meansOf(stochastic(), one), false);
  await train(stochastic({ epochs: 1, seed: 5 }), meansOf(stochastic(), other), false);
  assert.notEqual((await leftBy(other)).tuned, (await leftBy(one)).tuned);
});

test('what can be learned is learned, and told as it happens', async () => {
  const model = tinyModel(tinyVit, 'adaptformer');
  const plan = tinyPlan(
    {
      epochs: 12,
      epoch: { entries: 12, batch: 12, accumulate: 1, dropLast: true },
      schedule: { lr: 0.05, minLr: 0, warmup: 0, epochs: 12 },
      labelSmoothing: 0,
      train: { split: 'train', entries: entriesOf('train', 12), repeats: 1 },
    },
    model,
  );
  const folder = newFolder();
  const means = meansOf(plan, folder);
  const result = await train(plan, means, false);
  const losses = means.events.flatMap((event) => (event.kind === 'validated' ? [event.trainLoss] : []));
  assert.equal(losses.length, 12);
  assert.ok((losses[11] as number) < 0.5 * (losses[0] as number), `${losses}`);
  assert.deepEqual([result.updates, result.epochs, result.last?.top1], [12, 12, 1]);
  assert.equal(result.best?.top1, 1);
  assert.ok((result.best?.epoch as number) < 12, 'the first epoch of the best top-1 counts');
  assertClose(
    means.events.flatMap((event) => (event.kind === 'update' ? [event.lr] : [])),
    Array.from({ length: 12 }, (_, epoch) => 0.025 * (1 + Math.cos((Math.PI * epoch) / 12))),
    1e-12,
  );
});

test('a finished run that is resumed says again what came out', async () => {
  const plan = tinyPlan();
  const folder = newFolder();
  const result = await train(plan, meansOf(plan, folder), false);
  const left = await leftBy(folder);
  const again = await train(plan, meansOf(plan, folder), true);
  assert.deepEqual({ ...again, seconds: 0 }, { ...result, seconds: 0 });
  assert.deepEqual(await leftBy(folder), left);
});

test('epochs without validation write tuned weights, and the last is always validated', async () => {
  const plan = tinyPlan();
  const sparse = { ...plan, validation: { ...plan.validation, every: 2 } };
  const folder = newFolder();
  const means = meansOf(sparse, folder, {});
  await train(sparse, means, false);
  assert.deepEqual(
    means.events.flatMap((event) => (event.kind === 'validated' ? [event.epoch] : [])),
    [2, 3],
  );
});

test('a run’s folder that exists is refused without a touch', async () => {
  const plan = tinyPlan({ epochs: 1 });
  const folder = newFolder();
  await train(plan, meansOf(plan, folder), false);
  const left = await leftBy(folder);
  await assert.rejects(train(plan, meansOf(plan, folder), false), { kind: 'usage', at: folder });
  assert.deepEqual(await leftBy(folder), left);
});

test('a run does not go on over another backbone or with another method', async () => {
  const plan = tinyPlan({ epochs: 1 });
  const folder = newFolder();
  await train(plan, meansOf(plan, folder), false);
  const other = { ...plan, backbone: 'another' };
  await assert.rejects(train(other, meansOf(other, folder), true), {
    kind: 'weights',
    message: /^the backbone is not the one that the run was started with/,
  });
  const wider = tinyPlan({ epochs: 1 }, tinyModel(tinyVit, 'adaptformer', { bottleneck: 8 }));
  await assert.rejects(train(wider, meansOf(wider, folder), true), {
    kind: 'weights',
    message: /blocks\.0\.adaptmlp\.down\.weight has shape \[64,8\], not \[8,8\]/,
  });
  const [first, ...rest] = plan.train.entries as readonly [Entry, ...Entry[]];
  const relabelled = { ...plan, train: { ...plan.train, entries: [{ ...first, label: 1 - first.label }, ...rest] } };
  await assert.rejects(train(relabelled, meansOf(relabelled, folder), true), {
    kind: 'data',
    message: /^the prepared data set has changed since the run was started/,
  });
  const moved = { ...plan, train: { ...plan.train, entries: [{ ...first, file: 'elsewhere.mp4' }, ...rest] } };
  await train(moved, meansOf(moved, folder), true);
  const none = newFolder();
  await assert.rejects(train(plan, meansOf(plan, none), true), { kind: 'weights' });
  assert.equal(existsSync(none), false);
});

test('too few videos for one update are a config error before any folder is made', async () => {
  const plan = tinyPlan({ epoch: { entries: 10, batch: 6, accumulate: 2, dropLast: true } });
  const folder = newFolder();
  await assert.rejects(train(plan, meansOf(plan, folder), false), {
    kind: 'config',
    message: /^10 videos do not fill one update of 6 × 2 videos/,
  });
  assert.equal(existsSync(folder), false);
});

test('a last batch of one video is a config error where BatchNorm would make zeros of it', async () => {
  const lone = { entries: 10, batch: 3, accumulate: 2, dropLast: false };
  const folder = newFolder();
  const faulty = tinyPlan({ epoch: lone });
  await assert.rejects(train(faulty, meansOf(faulty, folder), false), {
    kind: 'config',
    message:
      /^a batch of a single video gives head\.batchNorm no statistics\n.*10 videos in batches of 3\n.*train\.dropLast=true/,
  });
  assert.equal(existsSync(folder), false);
  const dropped = tinyPlan({ epochs: 1, epoch: { ...lone, dropLast: true } });
  assert.equal((await train(dropped, meansOf(dropped, newFolder()), false)).updates, 1);
  const plain = tinyPlan({ epochs: 1, epoch: lone }, tinyModel(tinyVit, 'adaptformer', {}, { batchNorm: false }));
  assert.equal((await train(plain, meansOf(plain, newFolder()), false)).updates, 2);
});

test('a loss that is not finite stops the run with the entries of its batch, and the checkpoint is from before', async () => {
  const plan = tinyPlan({ epoch: { entries: 10, batch: 2, accumulate: 1, dropLast: true } });
  const nan = float32([3], Float32Array.of(Number.NaN, 0, 0));
  const poisoned = { ...plan, start: () => ({ ...plan.start(), 'head.bias': nan }) };
  const folder = newFolder();
  const batches: string[] = [];
  const onBatch = (entries: Uint32Array): void => {
    batches.push([...entries].map((entry) => `train/${entry}`).join(', '));
  };
  const error = await train(poisoned, meansOf(poisoned, folder, { faults: { onBatch } }), false).catch(
    (thrown) => thrown,
  );
  assert.match(error.message, /^the loss is NaN\n/);
  assert.deepEqual([error.kind, error.at], ['diverged', `epoch 1, batch 1: ${batches[0]}`]);
  const checkpoint = await readSafetensors(checkpointFile(folder));
  assert.equal(JSON.parse(checkpoint.metadata.get('counters') as string).update, 0);
  await checkpoint.close();
});

test('gradients that are not finite stop the run before a checkpoint holds them', async () => {
  // Squares of these logits overflow float32 in the gradients’ norm; the loss itself is finite.
  const model = tinyModel(tinyVit, 'linear', {}, { batchNorm: false });
  const plan = tinyPlan({ checkpointEveryMs: 0 }, model);
  const huge = float32(
    [3, 8],
    new Float32Array(24).map((_, i) => (i % 2 === 0 ? 1e30 : -1e30)),
  );
  const poisoned = { ...plan, start: () => ({ ...plan.start(), 'head.weight': huge }) };
  const folder = newFolder();
  await assert.rejects(train(poisoned, meansOf(poisoned, folder), false), {
    kind: 'diverged',
    at: 'update 1',
    message: /^the norm of the gradients is (Infinity|NaN)/,
  });
  const checkpoint = await readSafetensors(checkpointFile(folder));
  assert.equal(JSON.parse(checkpoint.metadata.get('counters') as string).update, 0);
  await checkpoint.close();
});

test('a trained tensor that the model does not use stops the run with its name after three updates', async () => {
  const forgetful = defineMethod({
    name: 'forgetful',
    summary: 'Has a parameter and never looks at it',
    options: z.strictObject({}),
    attach: () => ({ parameters: [{ name: 'blocks.0.forgotten', shape: [4], init: zeros }] }),
  });
  const plan = tinyPlan(
    { schedule: { lr: 0.1, minLr: 0, warmup: 0, epochs: 3 } },
    classifier(tinyVit, forgetful.attach(tinyVit, {}), head),
  );
  const means = meansOf(plan, newFolder());
  await assert.rejects(train(plan, means, false), {
    kind: 'diverged',
    at: 'blocks.0.forgotten',
    message: /^1 trained tensors do not move/,
  });
  assert.equal(means.events.filter((event) => event.kind === 'update').length, 2);
});

test('adapters of scale 0 stop the run with their names', async () => {
  const plan = tinyPlan({}, tinyModel(tinyVit, 'adaptformer', { scale: 0, blocks: [1] }));
  await assert.rejects(train(plan, meansOf(plan, newFolder()), false), {
    kind: 'diverged',
    at: ['down.weight', 'down.bias', 'up.weight', 'up.bias'].map((name) => `blocks.1.adaptmlp.${name}`).join(', '),
  });
});

test('a run behind a head that is nearly zero, with a long warm-up, is not taken for one that stands still', async () => {
  const model = tinyModel(tinyVit, 'adaptformer', { bottleneck: 4 }, { initStd: 2e-5 });
  const plan = tinyPlan({ schedule: { lr: 0.4, minLr: 0, warmup: 1000, epochs: 1000 } }, model);
  const result = await train(plan, meansOf(plan, newFolder()), false);
  assert.equal(result.updates, 9);
});

test('stand-ins are told and logged, and too many of them in one epoch stop the run', async () => {
  const plan = tinyPlan({ ahead: 1 });
  const replacedIn = (perEpoch: readonly number[]) => {
    const left = [...perEpoch];
    return (entries: Uint32Array, epoch: number) => {
      if ((left[epoch] ?? 0) === 0) return [];
      left[epoch] = (left[epoch] as number) - 1;
      const entry = entries[0] as number;
      return [{ entry, id: `train/${entry}`, reason: 'no frame', by: 0 }];
    };
  };
  // A fifth of ten videos: two an epoch are borne, in each epoch anew.
  const folder = newFolder();
  const means = meansOf(plan, folder, { faults: { replaced: replacedIn([2, 2, 2]) } });
  await train(plan, means, false);
  const warnings = means.events.flatMap((event) => (event.kind === 'warning' ? [event.text] : []));
  assert.equal(warnings.length, 6);
  assert.match(warnings[0] as string, /^train\/\d could not be decoded, another video stands in: no frame$/);
  const log = await readFile(path.join(folder, 'log.txt'), 'utf8');
  for (const warning of warnings) assert.ok(log.includes(warning));

  await assert.rejects(train(plan, meansOf(plan, newFolder(), { faults: { replaced: replacedIn([2, 3]) } }), false), {
    kind: 'data',
    at: /^train\/\d$/,
    message: /^3 videos of one epoch could not be decoded, more than data\.maxSkipped allows \(2\)/,
  });

  // Any share above 0 bears one video, 0 bears none.
  const small = tinyPlan({ ahead: 1, maxReplaced: 0.01 });
  await train(small, meansOf(small, newFolder(), { faults: { replaced: replacedIn([1, 1, 1]) } }), false);
  const none = tinyPlan({ ahead: 1, maxReplaced: 0 });
  await assert.rejects(train(none, meansOf(none, newFolder(), { faults: { replaced: replacedIn([1]) } }), false), {
    kind: 'data',
    message: /^1 video of one epoch could not be decoded, more than data\.maxSkipped allows \(0\)/,
  });
});
