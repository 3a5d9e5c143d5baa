/** The whole way on real videos, on TensorFlow: prepare, train, kill, resume, evaluate, predict, export. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { tensorflowMissing } from '../engine/tensorflow-cache.ts';
import { start, succeeds, unfinished } from './cli.ts';
import { ffmpegHere } from './project.ts';

const SAMPLES = path.resolve('..', 'shared', 'samples', 'tennis');
const CLASSES = ['backhand', 'serve', 'smash'];
const TRAIN = 8;
const VALIDATION = 3;

const missing = (await tensorflowMissing()) ?? ((await ffmpegHere()) === undefined ? 'no ffmpeg here' : undefined);
const skip = existsSync(SAMPLES) ? (missing ?? false) : 'samples not present';

const RECIPE = `
data: { path: data, frames: 4, stride: 4, size: 64, crop: random-resized }
backbone: { size: { width: 48, depth: 2, heads: 3 }, patch: 16, weights: random }
method: { name: adaptformer, bottleneck: 8, dropout: 0.1 }
optim: { name: adamw, lr: 0.003 }
train: { epochs: 4, batch: 4, accumulate: 2, logEverySteps: 1, checkpointMinutes: 0.0001 }
eval: { segments: 2, crops: 3, fuse: softmax, batch: 4 }
`;

test('real videos: a run that is killed and resumed equals one that never was, to the bit', { skip }, async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tennis-'));
  t.after(() => rm(folder, { recursive: true }));
  const inside = (...parts: string[]): string => path.join(folder, ...parts);
  const lines = CLASSES.flatMap((name) =>
    Array.from({ length: TRAIN + VALIDATION }, (_, i) => {
      const split = i < TRAIN ? 'train' : 'validation';
      return `${name}/${name}${i + 1}.mp4,${name},${split}`;
    }),
  );
  const first = (lines[0] as string).split(',')[0] as string;
  assert.ok(existsSync(path.join(SAMPLES, first)), `${first} is not among the samples`);
  await writeFile(inside('list.csv'), `${lines.join('\n')}\n`);
  await writeFile(inside('recipe.yaml'), RECIPE);
  const prepared = await succeeds(
    ['prepare', 'folder', '--source', SAMPLES, '--csv', 'list.csv', '--out', 'data', '--json'],
    { folder },
  );
  assert.equal(JSON.parse(prepared.stdout).classes ?? CLASSES.length, CLASSES.length);

  await succeeds(['train', 'recipe.yaml', '--out', 'whole'], { folder });

  let running = start(['train', 'recipe.yaml', '--out', 'run'], { folder });
  for (const epoch of [1, 3]) {
    await running.says(new RegExp(`^epoch ${epoch}: `, 'm'));
    await sleep(40 * epoch);
    running.child.kill('SIGKILL');
    assert.equal((await running.ended).code, 137);
    running = start(['train', '--resume', 'run'], { folder });
  }
  const resumed = await running.ended;
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.deepEqual(resumed.leftover, []);

  for (const file of ['tuned.safetensors', 'best.safetensors']) {
    assert.ok((await readFile(inside('run', file))).equals(await readFile(inside('whole', file))), file);
  }
  assert.deepEqual(await unfinished(folder), []);

  const results = [];
  for (const run of ['whole', 'run']) {
    const { stdout } = await succeeds(['evaluate', run, '--json'], { folder });
    const { run: _, ...numbers } = JSON.parse(stdout);
    results.push(numbers);
  }
  assert.deepEqual(results[1], results[0]);
  assert.equal(results[0].counted, CLASSES.length * VALIDATION);
  assert.match(
    results[0].protocol.text,
    /validation, 3 classes; 4 frames × stride 4 at 64 px, adaptformer-dense; 2 segments × 3 crops, mean of softmax; last weights, epoch 4$/,
  );

  const { stdout } = await succeeds(['predict', 'run', path.join(SAMPLES, first), '--top', '3', '--json'], { folder });
  const [{ top }] = JSON.parse(stdout);
  assert.deepEqual(top.map((best: { class: string }) => best.class).sort(), CLASSES);
  const sum = top.reduce((total: number, { probability }: { probability: number }) => total + probability, 0);
  assert.ok(Math.abs(sum - 1) < 1e-6);

  for (const format of ['onnx', 'savedmodel']) {
    const exported = await succeeds(['export', 'run', '--format', format, '--json'], { folder });
    const { folder: out, check } = JSON.parse(exported.stdout);
    assert.equal(out, path.join('run', `export-${format}`));
    assert.ok(check.largestDifference < 1e-4);
    const metadata = JSON.parse(await readFile(inside(out, 'metadata.json'), 'utf8'));
    assert.deepEqual(metadata.classes.toSorted(), CLASSES);
    assert.equal(metadata.protocol, results[0].protocol.text);
    assert.deepEqual(
      [metadata.preprocessing.frames, metadata.preprocessing.segments, metadata.preprocessing.mean],
      [4, 2, 'softmax'],
    );
  }
  assert.deepEqual(await unfinished(folder), []);
});
