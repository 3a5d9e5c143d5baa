import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Reporter } from '../../pipelines/command.ts';
import { keepEvaluation } from '../../pipelines/keep-evaluation.ts';
import { readResults } from '../../src/results/index.ts';
import { CLASSES, madeEvaluation, makeRun, PROTOCOL } from '../results/made-run.ts';

let parent: string;
before(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'keep-evaluation-'));
});
after(() => rm(parent, { recursive: true }));

const warnings: string[] = [];
const reporter: Reporter = {
  result: () => {},
  note: () => {},
  warn: (line) => warnings.push(line),
  progress: () => ({ update() {}, end() {} }),
};
const METRICS = [
  { kind: 'train', update: 300, epoch: 2 },
  { kind: 'validation', update: 301, epoch: 2, top1: 0.5 },
  { kind: 'train', update: 400, epoch: 3 },
];

test('an evaluation is kept, and shown to TensorBoard at the update of its weights, apart from the training', async () => {
  const folder = await makeRun(parent, 'run', { metrics: METRICS });
  const result = { evaluation: madeEvaluation([0, 1, 0, -1]), protocol: PROTOCOL, classes: CLASSES };
  await keepEvaluation(folder, result, reporter);
  assert.equal((await readResults(folder)).evaluation?.top1, 0.5);
  assert.ok((await readdir(folder)).every((name) => !name.startsWith('events.')));
  const [file, ...others] = await readdir(path.join(folder, 'evaluate'));
  assert.deepEqual(others, []);
  const bytes = await readFile(path.join(folder, 'evaluate', file as string));
  // Records: 8 bytes of length, 4 of its checksum, the event, 4 of its checksum.
  const events: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    events.push(bytes.subarray(at + 12, at + 12 + length));
    at += length + 16;
  }
  // The head, the start of a session twice, two scalars, a text and a picture.
  assert.equal(events.length, 7);
  const step = Buffer.from([0x10, 0xad, 0x02]);
  for (const event of events.slice(1)) assert.deepEqual(event.subarray(9, 12), step);
  const top1 = events[3] as Buffer;
  assert.ok(top1.includes('evaluate/top1'));
  assert.equal(top1.readFloatLE(top1.length - 4), 0.5);
  assert.ok(
    (events[5] as Buffer).includes('single view; last weights, epoch 2; over 4 videos: 1 could not be decoded'),
  );
  assert.ok((events[6] as Buffer).includes('evaluate/confusion') && (events[6] as Buffer).includes('PNG'));
  assert.deepEqual(warnings, []);
});

test('where TensorBoard cannot be shown it, the result is kept all the same', async () => {
  const folder = await makeRun(parent, 'blocked');
  await writeFile(path.join(folder, 'evaluate'), 'a file');
  await keepEvaluation(folder, { evaluation: madeEvaluation([0]), protocol: PROTOCOL, classes: CLASSES }, reporter);
  assert.equal((await readResults(folder)).evaluation?.top1, 1);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] as string, /^the evaluation could not be shown to TensorBoard: /);
});
