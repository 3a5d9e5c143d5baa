import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { DrawnBatch } from '../../src/data/contact-sheet/batch.ts';
import { updatesOf } from '../../src/data/order.ts';
import { Interrupted } from '../../src/errors/index.ts';
import { FIRST_BATCH_FILE } from '../../src/train/run-folder.ts';
import { train } from '../../src/train/train.ts';
import { meansOf, tinyPlan } from './tiny-run.ts';

let parent: string;
before(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'first-batch-'));
});
after(() => rm(parent, { recursive: true }));

const fileIn = (folder: string): string => path.join(folder, FIRST_BATCH_FILE);

test('the first batch of a run is drawn once, and a resumed run leaves it as it is', async () => {
  const folder = path.join(parent, 'run');
  const plan = tinyPlan();
  const drawn: DrawnBatch[] = [];
  const drawBatch = async (batch: DrawnBatch): Promise<Uint8Array> => {
    drawn.push(batch);
    return Uint8Array.of(1, 2, drawn.length);
  };
  // Stopped twice: in the first update, so that the first batch comes again, and in the second epoch.
  for (const stopAt of [1, 4]) {
    const controller = new AbortController();
    const means = meansOf(plan, folder, {
      signal: controller.signal,
      onEvent: (event) => event.kind === 'update' && event.update === stopAt && controller.abort(),
    });
    await assert.rejects(train(plan, { ...means, drawBatch }, stopAt > 1), Interrupted);
    assert.deepEqual([...(await readFile(fileIn(folder)))], [1, 2, 1]);
  }
  await train(plan, { ...meansOf(plan, folder), drawBatch }, true);
  assert.deepEqual([...(await readFile(fileIn(folder)))], [1, 2, 1]);
  assert.equal(drawn.length, 1);
  const [first] = updatesOf(plan.epoch, plan.seed, 0).flat();
  assert.deepEqual([drawn[0]?.epoch, drawn[0]?.entries], [0, first]);
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
  await train(plan, { ...meansOf(plan, folder), drawBatch: async () => Uint8Array.of(7) }, true);
  assert.deepEqual([...(await readFile(fileIn(folder)))], [7]);
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
