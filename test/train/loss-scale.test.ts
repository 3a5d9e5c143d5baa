import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { cpuEngine } from '../../src/engine/cpu.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { Interrupted } from '../../src/errors/index.ts';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import type { HostTensor } from '../../src/tensor/host.ts';
import { checkpointFile } from '../../src/train/checkpoint.ts';
import { FIRST_LOSS_SCALE, nextLossScale } from '../../src/train/loss-scale.ts';
import type { TrainEvent, TrainPlan } from '../../src/train/plan.ts';
import { train } from '../../src/train/train.ts';
import { assertClose } from '../tensor/exact.ts';
import { meansOf, tinyPlan } from './tiny-run.ts';

let parent: string;
let count = 0;
const newFolder = (): string => path.join(parent, `run-${count++}`);
before(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'loss-scale-'));
});
after(() => rm(parent, { recursive: true }));

const AdamW = { name: 'adamw', betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0.05 } as const;
const plan = (changed: Partial<TrainPlan> = {}): TrainPlan =>
  tinyPlan({ update: { optimizer: AdamW, layerDecay: 1, clipNorm: 0.5 }, ...changed });

test('the scale halves on an overflow, which does not count, and doubles after 2000 good updates', () => {
  assert.deepEqual(FIRST_LOSS_SCALE, { scale: 65536, good: 0, skipped: 0 });
  const halved = nextLossScale({ scale: 65536, good: 7, skipped: 0 }, false);
  assert.deepEqual(halved, { scale: 32768, good: 0, skipped: 1 });
  let scale = halved;
  for (let i = 0; i < 1999; i++) scale = nextLossScale(scale, true);
  assert.deepEqual(scale, { scale: 32768, good: 1999, skipped: 1 });
  assert.deepEqual(nextLossScale(scale, true), { scale: 65536, good: 0, skipped: 1 });
});

/** What float16 does to large gradients: any above `largest` counts as infinite, in the batches named. */
function overflowing(batches: (batch: number, scale: number) => boolean): Engine {
  const engine = cpuEngine();
  return {
    ...engine,
    async open(specs) {
      const session = await engine.open(specs);
      let batch = 0;
      return {
        ...session,
        async compile(step) {
          const compiled = await session.compile(step);
          if (step.name !== 'gradients') return compiled;
          return {
            async run(inputs) {
              const outputs = await compiled.run(inputs);
              const scale = (inputs.scale as HostTensor).data[0] as number;
              if (!batches(batch++, scale)) return outputs;
              const name = 'gradient/head.bias';
              const { shape } = (await session.read([name]))[name] as HostTensor;
              await session.load({
                [name]: { shape, dtype: 'float32', data: new Float32Array(3).fill(Number.POSITIVE_INFINITY) },
              });
              return { ...outputs, magnitude: { shape: [], dtype: 'float32', data: Float32Array.of(Number.NaN) } };
            },
          };
        },
      };
    },
  };
}

interface Left {
  readonly tensors: Readonly<Record<string, string>>;
  readonly counters: Record<string, unknown>;
  readonly metrics: readonly Record<string, unknown>[];
}

async function leftBy(folder: string): Promise<Left> {
  const file = await readSafetensors(checkpointFile(folder));
  const tensors = await Promise.all(
    file.names.map(async (name) => [name, Buffer.from((await file.read(name)).data.buffer).toString('hex')]),
  );
  const { seconds: _, ...counters } = JSON.parse(file.metadata.get('counters') as string);
  await file.close();
  const lines = (await readFile(path.join(folder, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
  const metrics = lines.map((line) => {
    const { clipsPerSecond: _clips, waiting: _waiting, ...facts } = JSON.parse(line);
    return facts;
  });
  return { tensors: Object.fromEntries(tensors), counters, metrics };
}

async function run(of: TrainPlan, engine: Engine, onEvent?: (event: TrainEvent) => void) {
  const folder = newFolder();
  const means = meansOf(of, folder, onEvent === undefined ? {} : { onEvent });
  await train(of, { ...means, engine }, false);
  return { ...(await leftBy(folder)), events: means.events };
}

test('a scaled loss leaves the numbers as they are where nothing overflows, and says nothing', async () => {
  const plain = await run(plan(), cpuEngine());
  const scaled = await run(plan({ scalesLoss: true }), cpuEngine());
  // A power of two changes exponents alone, and the tiny model's gradients are far from the smallest.
  assert.deepEqual(scaled.tensors, plain.tensors);
  assert.deepEqual(scaled.counters, { ...plain.counters, lossScale: { scale: 65536, good: 9, skipped: 0 } });
  assert.equal(plain.counters.lossScale, undefined);
  assert.deepEqual(
    scaled.metrics.map(({ lossScale: _, ...facts }) => facts),
    plain.metrics,
  );
  assert.ok(plain.metrics.every((line) => !('lossScale' in line)));
});

test('an update that overflows is left out whole: no parameter, slot or count of the optimizer knows of it', async () => {
  // Without warm-up and decay of the rate, updates differ by their clips alone. Batches 0 and 1 make the first update.
  const flat = { scalesLoss: true, schedule: { lr: 0.01, minLr: 0.01, warmup: 0, epochs: 3 } };
  const start = plan(flat);
  const seen: string[] = [];
  const skipping = await run(
    start,
    overflowing((batch) => batch === 1),
    (event) => {
      if (event.kind === 'note') seen.push(event.text);
    },
  );
  assert.deepEqual(seen, ['update 1 left out, its gradients overflowed; the loss is scaled by 32768 from here']);
  assert.deepEqual(skipping.counters.lossScale, { scale: 32768, good: 8, skipped: 1 });
  assert.equal(skipping.counters.update, 9);
  const { gradientNorm, lossScale } = skipping.metrics[0] as Record<string, unknown>;
  assert.ok(Number.isFinite(gradientNorm));
  assert.equal(lossScale, 32768);

  // The same, by an optimizer that has never been asked: the first update's clips gone from the start.
  const whole = await run(start, cpuEngine());
  assert.notDeepEqual(skipping.tensors, whole.tensors);
  const one = await stateAfter(
    start,
    overflowing((batch) => batch < 2),
    1,
  );
  const initial = start.start();
  for (const [name, hex] of Object.entries(one.tensors)) {
    if (name.startsWith('head.batchnorm')) continue;
    const value = initial[name]?.data ?? new Float32Array(hex.length / 8);
    assert.equal(hex, Buffer.from(Float32Array.from(value).buffer).toString('hex'), name);
  }
  // Adam's first step is the rate itself, whatever the gradient; its second would be 0.74 of it.
  const two = await stateAfter(
    start,
    overflowing((batch) => batch < 2),
    2,
  );
  const moved = floatsOf(two.tensors['head.bias'] as string);
  const steps = Array.from(moved, (value, i) => Math.abs(value - (initial['head.bias']?.data[i] as number)));
  assertClose(steps, [0.01, 0.01, 0.01], 1e-4);
});

const floatsOf = (hex: string): Float32Array => new Float32Array(Uint8Array.from(Buffer.from(hex, 'hex')).buffer);

/** The checkpoint of a run that is stopped after an update. */
async function stateAfter(of: TrainPlan, engine: Engine, update: number): Promise<Left & { folder: string }> {
  const folder = newFolder();
  const controller = new AbortController();
  const onEvent = (event: TrainEvent): void => {
    if (event.kind === 'update' && event.update === update) controller.abort();
  };
  const means = { ...meansOf(of, folder, { signal: controller.signal, onEvent }), engine };
  await assert.rejects(train(of, means, false), Interrupted);
  const file = await readSafetensors(checkpointFile(folder));
  const tensors = await Promise.all(
    file.names.map(async (name) => [name, Buffer.from((await file.read(name)).data.buffer).toString('hex')]),
  );
  const counters = JSON.parse(file.metadata.get('counters') as string);
  await file.close();
  return { tensors: Object.fromEntries(tensors), counters, metrics: [], folder };
}

test('a run that was stopped after an overflow goes on with its scale, to the bit', async () => {
  const scaled = plan({ scalesLoss: true });
  // What overflows depends on the scale, as in float16: nothing has to be known of the batches before the stop.
  const engine = (): Engine => overflowing((_, scale) => scale > 20_000);
  const whole = await run(scaled, engine());
  assert.deepEqual(whole.counters.lossScale, { scale: 16384, good: 7, skipped: 2 });
  for (const update of [1, 2, 5]) {
    const { folder } = await stateAfter(scaled, engine(), update);
    await train(scaled, { ...meansOf(scaled, folder), engine: engine() }, true);
    assert.deepEqual(await leftBy(folder), {
      tensors: whole.tensors,
      counters: whole.counters,
      metrics: whole.metrics,
    });
  }
});

test('gradients that stay infinite at a scale of 1 end the run', async () => {
  const scaled = plan({ scalesLoss: true, epochs: 10, schedule: { lr: 0.1, minLr: 0, warmup: 1, epochs: 10 } });
  const means = { ...meansOf(scaled, newFolder()), engine: overflowing(() => true) };
  await assert.rejects(train(scaled, means, false), {
    kind: 'diverged',
    what: 'the gradients are not finite, however little the loss is scaled',
    at: 'update 17',
  });
});

test('a run of another precision does not go on with a scale it has not, or without the one it has', async () => {
  const { folder } = await stateAfter(plan(), cpuEngine(), 1);
  const scaled = plan({ scalesLoss: true });
  await assert.rejects(train(scaled, meansOf(scaled, folder), true), {
    kind: 'weights',
    what: 'the run was not trained in fp16',
  });
});
