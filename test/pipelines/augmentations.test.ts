/** VideoMAE's augmentations through the whole program: what comes out is a matter of the recipe alone. */
import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { start, succeeds } from './cli.ts';
import { ffmpegHere, makeProject } from './project.ts';

const ffmpeg = await ffmpegHere();
const skip = ffmpeg === undefined ? 'no ffmpeg here' : process.platform === 'win32' && 'no signals here';
let folder = '';

before(async () => {
  if (ffmpeg !== undefined) folder = await makeProject(ffmpeg);
});
after(() => folder !== '' && rm(folder, { recursive: true }));

const AUGMENTED = [
  ...['data.crop=random-resized', 'data.randAugment=rand-m7-n4-mstd0.5-inc1', 'data.erasing=0.5', 'data.repeats=2'],
  ...['train.mixup=0.8', 'train.cutmix=1', 'train.epochs=3', 'train.logEverySteps=1', 'train.checkpointMinutes=0.0001'],
];
const train = (run: string, ...overrides: string[]): string[] => [
  ...['train', 'recipe.yaml', ...AUGMENTED, ...overrides, '--out', run],
];

/** Metrics without speeds, and the trained tensors to the bit; not the recipe, which is in the weights' metadata. */
async function resultOf(run: string): Promise<{ metrics: object[]; tensors: object }> {
  const lines = (await readFile(path.join(folder, run, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
  const tuned = await readSafetensors(path.join(folder, run, 'tuned.safetensors'));
  const tensors: Record<string, string> = {};
  for (const name of tuned.names) tensors[name] = Buffer.from((await tuned.read(name)).data.buffer).toString('hex');
  await tuned.close();
  const metrics = lines.map((line) => {
    const { clipsPerSecond: _clips, waiting: _waiting, ...facts } = JSON.parse(line);
    return facts;
  });
  return { metrics, tensors };
}

test('a run with all augmentations is the same with any number of decoders, and after a kill', { skip }, async (t) => {
  await succeeds(train('whole', 'data.decoders=1'), { folder });
  const whole = await resultOf('whole');
  // Eight videos in batches of four: two updates an epoch, whatever the repeats.
  assert.deepEqual(
    whole.metrics.map((line) => (line as { update: number }).update),
    [1, 2, 2, 3, 4, 4, 5, 6, 6],
  );

  await t.test('three decoders', async () => {
    await succeeds(train('three', 'data.decoders=3'), { folder });
    assert.deepEqual(await resultOf('three'), whole);
  });

  await t.test('killed and resumed', async () => {
    const running = start(train('killed', 'data.decoders=2'), { folder });
    await running.says(/^epoch 1: /m);
    running.child.kill('SIGKILL');
    assert.equal((await running.ended).code, 137);
    const { code, stderr } = await start(['train', '--resume', 'killed'], { folder }).ended;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^resuming after update [1-5]$/m);
    assert.deepEqual(await resultOf('killed'), whole);
  });
});
