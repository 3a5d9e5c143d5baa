import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { float32 } from '../../src/tensor/host.ts';
import { readCheckpoint, START } from '../../src/train/checkpoint.ts';
import type { MetricsLine } from '../../src/train/metrics.ts';
import { createRunFolder, readRunRecipe, resumeRunFolder } from '../../src/train/run-folder.ts';

let parent: string;
let folder: string;
beforeEach(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'runs-'));
  folder = path.join(parent, 'nested', 'run');
});
afterEach(() => rm(parent, { recursive: true }));

/** The folder's names but for TensorBoard's files, which are named by the time. */
async function namesIn(place: string): Promise<string[]> {
  return (await readdir(place)).filter((name) => !name.startsWith('events.out.tfevents.')).sort();
}

const first = {
  counters: START,
  tensors: { w: float32([1], Float32Array.of(1)) },
  backbone: 'f1',
  entries: 'e1',
  engine: 'cpu: here',
};

test('a new run has its recipe and first checkpoint, and nothing lies beside it', async () => {
  await (await createRunFolder(folder, 'data: {}\n', first)).close();
  assert.deepEqual(await readdir(path.dirname(folder)), ['run']);
  assert.deepEqual(await namesIn(folder), ['checkpoint', 'config.yaml']);
  const [events] = (await readdir(folder)).filter((name) => name.startsWith('events.'));
  assert.match((await readFile(path.join(folder, events as string))).toString('latin1'), /recipe[\s\S]*data: \{\}/);
  assert.equal(await readRunRecipe(folder), 'data: {}\n');
  assert.deepEqual(await readCheckpoint(folder, { w: { shape: [1], dtype: 'float32' } }), first);
});

test('what a killed start left is removed, and what another process is making is not', async () => {
  const nested = path.dirname(folder);
  const dead = 2 ** 22 + 1; // Above the largest process id of Linux.
  const names = [`.run.${dead}.tmp`, `.run.${process.ppid}.tmp`, `.run-2.${dead}.tmp`, `run.${dead}.tmp`];
  for (const name of names) await mkdir(path.join(nested, name, 'checkpoint'), { recursive: true });
  await (await createRunFolder(folder, 'x', first)).close();
  assert.deepEqual((await readdir(nested)).sort(), [...names.slice(1), 'run'].sort());
});

test('a folder that exists is refused and left as it was, an empty one too', async () => {
  await mkdir(folder, { recursive: true });
  await assert.rejects(createRunFolder(folder, 'x', first), {
    kind: 'usage',
    at: folder,
    message: /^the folder of the run exists\n.*\n.*--resume/,
  });
  assert.deepEqual(await readdir(folder), []);
});

test('a place that cannot be written is an environment error', async () => {
  await writeFile(path.join(parent, 'file'), '');
  await assert.rejects(createRunFolder(path.join(parent, 'file', 'run'), 'x', first), {
    kind: 'environment',
    message: /^cannot write the file: a part of the path is a file, not a folder\n.*run\n.*→ choose another path/,
  });
});

test('metrics and log are appended to, line by line', async () => {
  const run = await createRunFolder(folder, 'x', first);
  await run.metrics({ kind: 'train', update: 1, epoch: 1, loss: 0.5 });
  await run.metrics({ kind: 'train', update: 2, epoch: 1, loss: 0.25 });
  await run.log('one');
  await run.log('two');
  assert.equal(
    await readFile(path.join(folder, 'metrics.jsonl'), 'utf8'),
    '{"kind":"train","update":1,"epoch":1,"loss":0.5}\n{"kind":"train","update":2,"epoch":1,"loss":0.25}\n',
  );
  await run.close();
  assert.match(await readFile(path.join(folder, 'log.txt'), 'utf8'), /^\S+Z one\n\S+Z two\n$/);
});

test('resuming forgets what was logged after the checkpoint, and half a line, and removes half-written files', async () => {
  const run = await createRunFolder(folder, 'x', first);
  const lines: MetricsLine[] = [
    { kind: 'train', update: 2, epoch: 1 },
    { kind: 'validation', update: 3, epoch: 1 },
    { kind: 'train', update: 4, epoch: 2 },
    { kind: 'validation', update: 6, epoch: 2 },
    { kind: 'train', update: 6, epoch: 2 },
    { kind: 'train', update: 8, epoch: 3 },
  ];
  for (const line of lines) await run.metrics(line);
  await appendFile(path.join(folder, 'metrics.jsonl'), '{"kind":"train","upd');
  await writeFile(path.join(folder, '.tuned.safetensors.1a.tmp'), 'half');
  await writeFile(path.join(folder, 'checkpoint', '.state.safetensors.2b.tmp'), 'half');
  await writeFile(path.join(folder, 'notes.tmp'), "a person's");

  // Update 6 ended epoch 2, whose validation was under way when the checkpoint was written.
  const resumed = await resumeRunFolder(folder, { ...START, update: 6, validated: 1 });
  await resumed.metrics({ kind: 'validation', update: 6, epoch: 2 });
  await Promise.all([run.close(), resumed.close()]);
  const kept = (await readFile(path.join(folder, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
  assert.deepEqual(
    kept.map((line) => JSON.parse(line)),
    [lines[0], lines[1], lines[2], lines[4], { kind: 'validation', update: 6, epoch: 2 }],
  );
  assert.deepEqual(await namesIn(folder), ['checkpoint', 'config.yaml', 'metrics.csv', 'metrics.jsonl', 'notes.tmp']);
  assert.deepEqual(await readdir(path.join(folder, 'checkpoint')), ['state.safetensors']);
});

test('a run that was stopped before its first metrics resumes', async () => {
  await (await createRunFolder(folder, 'x', first)).close();
  await (await resumeRunFolder(folder, START)).close();
  assert.equal(await readFile(path.join(folder, 'metrics.jsonl'), 'utf8'), '');
});

test('a folder without a run is a data error', async () => {
  await assert.rejects(readRunRecipe(parent), {
    kind: 'data',
    at: parent,
    message: /^no run here: config.yaml is missing/,
  });
});
