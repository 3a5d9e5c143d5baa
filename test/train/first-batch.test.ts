import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { DrawnBatch } from '../../src/data/contact-sheet/batch.ts';
import { updatesOf } from '../../src/data/order.ts';
import { Interrupted } from '../../src/errors/index.ts';
import type { Evaluation } from '../../src/eval/evaluate.ts';
import { parseCsv } from '../../src/formats/csv.ts';
import { encodePng } from '../../src/formats/png.ts';
import { FIRST_BATCH_FILE } from '../../src/train/run-folder.ts';
import { train } from '../../src/train/train.ts';
import { meansOf, tinyPlan } from './tiny-run.ts';

let parent: string;
before(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'first-batch-'));
});
after(() => rm(parent, { recursive: true }));

/** One pixel. */
const pngOf = (value: number): Promise<Uint8Array> =>
  encodePng({ data: Uint8Array.of(value, value, value), width: 1, height: 1 });

/** Tags of the pictures in the event files of the folder. */
async function imagesIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith('events.')).sort();
  const texts = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'latin1')));
  const before = texts.join('').split('\x89PNG').slice(0, -1);
  return before.map((text) => text.match(/[a-z]+\/[a-z-]+/g)?.at(-1) ?? '');
}

const fileIn = (folder: string): string => path.join(folder, FIRST_BATCH_FILE);

test('the first batch of a run is drawn once, and a resumed run leaves it as it is', async () => {
  const folder = path.join(parent, 'run');
  const plan = tinyPlan();
  const drawn: DrawnBatch[] = [];
  const drawBatch = async (batch: DrawnBatch): Promise<Uint8Array> => {
    drawn.push(batch);
    return pngOf(drawn.length);
  };
  const first = [...(await pngOf(1))];
  // Stopped twice: in the first update, so that the first batch comes again, and in the second epoch.
  for (const stopAt of [1, 4]) {
    const controller = new AbortController();
    const means = meansOf(plan, folder, {
      signal: controller.signal,
      onEvent: (event) => event.kind === 'update' && event.update === stopAt && controller.abort(),
    });
    await assert.rejects(train(plan, { ...means, drawBatch }, stopAt > 1), Interrupted);
    assert.deepEqual([...(await readFile(fileIn(folder)))], first);
  }
  await train(plan, { ...meansOf(plan, folder), drawBatch }, true);
  assert.deepEqual([...(await readFile(fileIn(folder)))], first);
  assert.deepEqual(await imagesIn(folder), ['train/first-batch']);
  assert.equal(drawn.length, 1);
  const [indices] = updatesOf(plan.epoch, plan.seed, 0).flat();
  assert.deepEqual([drawn[0]?.epoch, drawn[0]?.entries], [0, indices]);
  assert.equal(drawn[0]?.labels.length, 2);
});

test('a run that died before its first update draws it when it goes on, and none that did not', async () => {
  const folder = path.join(parent, 'died');
  const plan = tinyPlan();
  const means = meansOf(plan, folder, {
    faults: {
      onBatch: () => {
        throw new Error('killed');
      },
    },
  });
  await assert.rejects(train(plan, means, false), /killed/);
  assert.ok(!existsSync(fileIn(folder)));
  await train(plan, { ...meansOf(plan, folder), drawBatch: () => pngOf(7) }, true);
  assert.deepEqual([...(await readFile(fileIn(folder)))], [...(await pngOf(7))]);
});

test('a picture that cannot be made or written is a warning, and the run goes on the same', async () => {
  const plan = tinyPlan({ epochs: 1, schedule: { lr: 0.1, minLr: 0, warmup: 0, epochs: 1 } });
  const plain = await train(plan, meansOf(plan, path.join(parent, 'plain')), false);
  const folder = path.join(parent, 'unlucky');
  const means = meansOf(plan, folder);
  const drawBatch = async (): Promise<Uint8Array> => {
    throw new Error('no font');
  };
  const { best, last, updates } = await train(plan, { ...means, drawBatch }, false);
  assert.deepEqual([best, last, updates], [plain.best, plain.last, plain.updates]);
  const warnings = means.events.filter(({ kind }) => kind === 'warning');
  assert.deepEqual(warnings, [{ kind: 'warning', text: 'first-batch.png could not be made: no font' }]);
  assert.ok(!existsSync(fileIn(folder)));
});

test('every validation is drawn, where drawing fails the run goes on, and environment.json has each session', async () => {
  const folder = path.join(parent, 'validations');
  const plan = tinyPlan();
  const controller = new AbortController();
  const stopped = meansOf(plan, folder, {
    signal: controller.signal,
    onEvent: (event) => event.kind === 'update' && event.update === 4 && controller.abort(),
  });
  const drawConfusion = async (evaluation: Evaluation, epoch: number): Promise<Uint8Array> => {
    assert.equal(evaluation.predictions.length, 5);
    if (epoch === 2) throw new Error('no font');
    return pngOf(epoch);
  };
  const machine = { version: '1', node: '20', system: 'Linux x64', processor: 'P', cores: 2, memoryBytes: 8 } as const;
  const more = { ...machine, precision: 'fp32', ffmpeg: '7', decoder: 'ffmpeg' };
  await assert.rejects(train(plan, { ...stopped, drawConfusion, machine: more }, false), Interrupted);
  const means = meansOf(plan, folder);
  await train(plan, { ...means, drawConfusion }, true);
  assert.deepEqual(await imagesIn(folder), ['validation/confusion', 'validation/confusion']);
  const warnings = means.events.filter(({ kind }) => kind === 'warning');
  assert.deepEqual(warnings, [{ kind: 'warning', text: 'the confusion matrix could not be made: no font' }]);
  const { sessions } = JSON.parse(await readFile(path.join(folder, 'environment.json'), 'utf8'));
  assert.deepEqual(
    sessions.map(({ time, engine, ...facts }: { time: string; engine: string }) => facts),
    [{ update: 0, ...more }, { update: 4 }],
  );
  assert.match(sessions[0].engine, /^cpu: plain JavaScript/);
  // The table is that of the lines.
  const lines = (await readFile(path.join(folder, 'metrics.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const [header = [], ...rows] = parseCsv(await readFile(path.join(folder, 'metrics.csv'), 'utf8'), '').map(
    ({ fields }) => fields,
  );
  assert.equal(rows.length, lines.length);
  for (const [i, line] of lines.entries()) {
    assert.deepEqual(
      rows[i],
      header.map((name) => (name in line ? String(line[name]) : '')),
    );
  }
});
