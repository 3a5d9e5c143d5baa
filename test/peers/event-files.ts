/**
 * Whether the real TensorBoard reads every series of a run as it was written.
 *
 *   python3 -m venv VENV && VENV/bin/pip install tensorboard
 *   npm run check:tensorboard -- --python VENV/bin/python [RUNS]
 *
 * RUNS is a folder of runs; without it three are made here with the tiny model: one in a piece, one that was stopped and
 * resumed, one that died after it had logged more than its checkpoint knew.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { confusionPicture } from '../../pipelines/confusion-picture.ts';
import { keepEvaluation } from '../../pipelines/keep-evaluation.ts';
import { hyperparameters, toYaml } from '../../src/config/index.ts';
import { encodePng } from '../../src/formats/png.ts';
import type { TrainMeans } from '../../src/train/plan.ts';
import { train } from '../../src/train/train.ts';
import { CLASSES, madeEvaluation, madeRecipe, PROTOCOL } from '../results/made-run.ts';
import { type Faults, meansOf, tinyPlan } from '../train/tiny-run.ts';

const { values, positionals } = parseArgs({
  options: { python: { type: 'string', default: 'python3' } },
  allowPositionals: true,
});

const recipe = madeRecipe({});
const plan = tinyPlan({ recipe: toYaml(recipe), hyperparameters: hyperparameters(recipe), logEvery: 1 });

function meansIn(folder: string, options: { faults?: Faults; stopAt?: number } = {}): TrainMeans {
  const controller = new AbortController();
  const { faults, stopAt } = options;
  const means = meansOf(plan, folder, {
    ...(faults === undefined ? {} : { faults }),
    signal: controller.signal,
    onEvent: (event) => {
      if (event.kind === 'update' && event.update === stopAt) controller.abort();
      if (event.kind === 'warning') throw new Error(event.text);
    },
  });
  return {
    ...means,
    drawBatch: async () =>
      encodePng({ data: Uint8Array.from({ length: 5 * 4 * 3 }, (_, i) => i), width: 5, height: 4 }),
    drawConfusion: (evaluation, epoch) => confusionPicture(evaluation, plan.classes, `after epoch ${epoch}`, 1),
  };
}

async function makeRuns(runs: string): Promise<void> {
  const placeOf = (name: string): string => path.join(runs, name);
  await train(plan, meansIn(placeOf('whole')), false);
  await train(plan, meansIn(placeOf('stopped'), { stopAt: 4 }), false).catch(() => {});
  await train(plan, meansIn(placeOf('stopped')), true);
  const dies: Faults = {
    onBatch: (entries, epoch) => {
      if (epoch === 1 && entries.length === 2 && ++batches > 4) throw new Error('killed');
    },
  };
  let batches = 0;
  await train(plan, meansIn(placeOf('died'), { faults: dies }), false).catch(() => {});
  await train(plan, meansIn(placeOf('died')), true);
  const protocol = { ...PROTOCOL, weights: 'last weights, epoch 3' };
  const reporter = { result: () => {}, note: () => {}, warn: (line: string) => console.error(line) };
  const evaluate = (predicted: readonly number[]): Promise<void> =>
    keepEvaluation(
      placeOf('whole'),
      { evaluation: madeEvaluation(predicted), protocol, classes: CLASSES },
      { ...reporter, progress: () => ({ update() {}, end() {} }) },
    );
  // The second one takes the place of the first.
  await evaluate([0, 0, 0, 0]);
  await evaluate([0, 1, 2, 1, -1]);
}

async function check(runs: string): Promise<number> {
  const script = path.resolve('test/peers/event_files.py');
  const child = spawn(values.python, [script, runs], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

const [given] = positionals;
const parent = await mkdtemp(path.join(os.tmpdir(), 'petl-events-'));
try {
  const runs = given ?? path.join(parent, 'runs');
  if (given === undefined) await makeRuns(runs);
  process.exitCode = await check(runs);
} finally {
  await rm(parent, { recursive: true });
}
