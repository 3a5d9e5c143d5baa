/** One run on several engines, from the command line: chosen for training, changed in a resume, compared in evaluation. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { listBindings } from '../../src/engine/tensorflow-binding.ts';
import type { Ffmpeg } from '../../src/video/ffmpeg.ts';
import { tensorflowMissing } from '../engine/tensorflow-cache.ts';
import { refused, start, succeeds } from './cli.ts';
import { ffmpegHere, makeProject } from './project.ts';

const ffmpeg = await ffmpegHere();
const skip = ffmpeg === undefined && 'no ffmpeg here';
const tensorflow = await tensorflowMissing();
let folder = '';
const inside = (...parts: string[]): string => path.join(folder, ...parts);

before(async () => {
  if (ffmpeg === undefined) return;
  folder = await makeProject(ffmpeg);
  await succeeds(['train', 'recipe.yaml', '--engine', 'onnxruntime', '--device', 'cpu', '--out', 'run'], { folder });
});
after(() => folder !== '' && rm(folder, { recursive: true }));

/** Video → its best classes with their scores. */
async function scoresOf(engine: string): Promise<Record<string, Record<string, number>>> {
  const words = ['evaluate', 'run', '--engine', engine, '--device', 'cpu'];
  const { stderr } = await succeeds(words, { folder });
  assert.match(stderr, new RegExp(`^engine ${engine}: `, 'm'));
  const lines = (await readFile(inside('run', 'predictions.jsonl'), 'utf8')).trimEnd().split('\n');
  return Object.fromEntries(
    lines.map((line) => {
      const { id, top } = JSON.parse(line) as { id: string; top: { class: string; score: number }[] };
      return [id, Object.fromEntries(top.map((best) => [best.class, best.score]))];
    }),
  );
}

test('the engine of the command line goes into the recipe of the run', { skip }, async () => {
  const config = await readFile(inside('run', 'config.yaml'), 'utf8');
  assert.match(config, /^engine:\n {2}name: onnxruntime\n {2}device: cpu\n {2}precision: fp32$/m);
});

test('all engines say the same of a video', { skip }, async () => {
  const reference = await scoresOf('cpu');
  assert.equal(Object.keys(reference).length, 4);
  for (const engine of ['onnxruntime', ...(tensorflow === undefined ? ['tensorflow', 'tensorflow-eager'] : [])]) {
    const scores = await scoresOf(engine);
    for (const [id, classes] of Object.entries(reference)) {
      for (const [name, score] of Object.entries(classes)) {
        const other = scores[id]?.[name] as number;
        assert.ok(Math.abs(other - score) < 1e-4, `${engine}, ${id}, ${name}: ${other}, not ${score}`);
      }
    }
  }
  const words = ['predict', 'run', 'videos/train/up/0.mp4', '--engine', 'cpu', '--json'];
  const [{ top }] = JSON.parse((await succeeds(words, { folder })).stdout);
  assert.equal(top.length, 2);
});

test('a run goes on by another engine, with a word on its bits', { skip }, async (t) => {
  if (process.platform === 'win32') return t.skip('no signals here');
  const running = start(['train', 'recipe.yaml', 'train.epochs=14', '--out', 'moved'], { folder });
  await running.says(/^epoch 1: /m);
  running.child.kill('SIGINT');
  assert.equal((await running.ended).code, 130);
  const words = ['train', '--resume', 'moved', '--engine', 'onnxruntime', '--device', 'cpu'];
  const { stderr, stdout } = await succeeds(words, { folder });
  assert.match(
    stderr,
    /^the run was trained by cpu: plain JavaScript.* and goes on by onnxruntime: .*: bits may differ from those of a run that stayed$/m,
  );
  assert.match(stdout, /^trained 14 epochs: moved$/m);
  // Its recipe stays what it was started with.
  assert.match(await readFile(inside('moved', 'config.yaml'), 'utf8'), /^engine:\n {2}name: cpu$/m);
});

/** Training losses by update. */
async function lossesOf(run: string): Promise<Record<string, unknown>[]> {
  const lines = (await readFile(inside(run, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind === 'train');
}

test('low precision trains as float32 does, float16 with its loss scaled', { skip }, async (t) => {
  if (tensorflow !== undefined) return t.skip(tensorflow);
  const words = ['train', 'recipe.yaml', 'train.epochs=4', 'train.logEverySteps=1', '--engine', 'tensorflow'];
  const losses: Record<string, Record<string, unknown>[]> = {};
  for (const precision of ['fp32', 'bf16', 'fp16']) {
    await succeeds([...words, '--device', 'cpu', '--precision', precision, '--out', precision], { folder });
    losses[precision] = await lossesOf(precision);
    assert.equal(losses[precision]?.length, 8);
  }
  for (const [i, reference] of (losses.fp32 ?? []).entries()) {
    for (const precision of ['bf16', 'fp16']) {
      const loss = losses[precision]?.[i]?.loss as number;
      assert.ok(Math.abs(loss - (reference.loss as number)) < 0.02, `${precision}, update ${i + 1}: ${loss}`);
    }
    assert.equal(losses.fp16?.[i]?.lossScale, 65536);
    assert.ok(!('lossScale' in reference));
  }
  await refused(
    ['train', '--resume', 'fp16', '--precision', 'fp32'],
    { folder },
    {
      code: 6,
      says: 'weights error: the run was trained in fp16',
      at: 'fp16',
    },
  );
});

test('without libtensorflow auto trains on onnxruntime, and TensorFlow that was named is missed', {
  skip,
}, async (t) => {
  const empty = await mkdtemp(path.join(tmpdir(), 'engines-'));
  t.after(() => rm(empty, { recursive: true }));
  if ((await listBindings(empty)).length > 0) return t.skip('tfjs-node-gpu brought its own');
  const options = { folder, env: { PETL_VIDEO_CACHE: empty, FFMPEG_PATH: (ffmpeg as Ffmpeg).path } };
  const words = ['train', 'recipe.yaml', 'train.epochs=1', 'engine.name=auto', 'engine.device=cpu', '--out', 'alone'];
  const { stderr } = await succeeds(words, options);
  assert.match(
    stderr,
    /^engine onnxruntime: .*; the best there is \(tensorflow on cpu: libtensorflow is not there\)$/m,
  );
  await refused(['evaluate', 'alone', '--engine', 'tensorflow'], options, {
    code: 5,
    says: 'environment error: libtensorflow is not there',
    at: empty,
    remedy: 'petl-video setup, or engine.name onnxruntime',
  });
});
