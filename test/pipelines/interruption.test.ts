/** Signals, from whomever they come: the work stops at once and in good order, and a run goes on as if it had not stopped. */
import assert from 'node:assert/strict';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ffmpeg } from '../../src/video/ffmpeg.ts';
import { type Ran, type Running, start, succeeds, unfinished } from './cli.ts';
import { ffmpegHere, makeProject } from './project.ts';

const ffmpeg = await ffmpegHere();
const skip = ffmpeg === undefined ? 'no ffmpeg here' : process.platform === 'win32' && 'no signals here';
let folder = '';
const inside = (...parts: string[]): string => path.join(folder, ...parts);

before(async () => {
  if (ffmpeg !== undefined) folder = await makeProject(ffmpeg);
});
after(() => folder !== '' && rm(folder, { recursive: true }));

const EPOCHS = ['train.epochs=14', 'train.logEverySteps=1'];
const resume = (run: string): Running => start(['train', '--resume', run], { folder });

/** Waits for the end of an epoch and sends the signal. */
async function stopAfter(running: Running, epoch: number, signal: NodeJS.Signals): Promise<Ran> {
  await running.says(new RegExp(`^epoch ${epoch}: `, 'm'));
  running.child.kill(signal);
  return running.ended;
}

function assertStopped({ code, stdout, stderr, leftover }: Ran, expected: number, run: string): void {
  assert.equal(code, expected, stderr);
  assert.match(
    stderr,
    new RegExp(
      `^interrupted: stopped (after update \\d+ of 28|in the validation of epoch \\d+); go on with: petl-video train --resume ${run}$`,
      'm',
    ),
  );
  assert.equal(stdout, '');
  assert.deepEqual(leftover, []);
}

/** What counts of a run: the weights, to the bit, and the metrics, without speeds. */
async function resultOf(run: string): Promise<unknown> {
  const lines = (await readFile(inside(run, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
  return {
    tuned: (await readFile(inside(run, 'tuned.safetensors'))).toString('hex'),
    best: (await readFile(inside(run, 'best.safetensors'))).toString('hex'),
    metrics: lines.map((line) => {
      const { clipsPerSecond: _clips, waiting: _waiting, ...facts } = JSON.parse(line);
      return facts;
    }),
  };
}

test('a run that was stopped in every way ends as one that never was', { skip }, async (t) => {
  await succeeds(['train', 'recipe.yaml', ...EPOCHS, '--out', 'whole'], { folder });

  await t.test('SIGINT: 130, with the checkpoint saved', async () => {
    const running = start(['train', 'recipe.yaml', ...EPOCHS, '--out', 'run'], { folder });
    assertStopped(await stopAfter(running, 2, 'SIGINT'), 130, 'run');
    assert.deepEqual(await unfinished(folder), []);
  });

  await t.test('SIGTERM: 143, and it goes on where it stopped', async () => {
    const running = resume('run');
    const ran = await stopAfter(running, 4, 'SIGTERM');
    assertStopped(ran, 143, 'run');
    assert.match(ran.stderr, /^resuming after update [4-9]$/m);
    assert.deepEqual(await unfinished(folder), []);
  });

  await t.test('SIGKILL: nothing of it stays alive', async () => {
    const running = resume('run');
    assert.equal((await stopAfter(running, 6, 'SIGKILL')).code, 137);
    const until = Date.now() + 5000;
    while ((await running.others()).size > 0) {
      assert.ok(Date.now() < until, `still there: ${[...(await running.others()).values()].join('\n')}`);
      await sleep(20);
    }
  });

  await t.test('a decoder host is killed: the run goes on with another', async () => {
    const running = resume('run');
    await running.says(/^epoch 8: /m);
    const host = [...(await running.others())].find(([, line]) => line.includes('host-child'));
    if (process.platform === 'linux') process.kill(host?.[0] as number, 'SIGKILL');
    await running.says(/^epoch 10: /m);
    running.child.kill('SIGINT');
    assert.equal((await running.ended).code, 130);
  });

  const { stdout } = await resume('run').ended;
  assert.match(stdout, /^trained 14 epochs: run$/m);
  assert.deepEqual(await resultOf('run'), await resultOf('whole'));
  assert.deepEqual(await unfinished(folder), []);
});

test('a decoder that stands still holds up no stop', { skip }, async (t) => {
  const { path: program } = ffmpeg as Ffmpeg;
  await writeFile(inside('stalled'), `#!/bin/sh\n[ "$1" = -version ] && exec '${program}' -version\nexec sleep 60\n`);
  await chmod(inside('stalled'), 0o755);
  const options = { folder, env: { FFMPEG_PATH: inside('stalled') } };
  await succeeds(['train', 'recipe.yaml', 'train.epochs=1', '--out', 'known'], { folder });

  const cases: [words: string[], says: RegExp][] = [
    [
      ['train', 'recipe.yaml', ...EPOCHS, '--out', 'stuck', '--json'],
      /^interrupted: stopped after update 0 of 28; go on/m,
    ],
    [['evaluate', 'known', '--json'], /^interrupted: stopped before the end$/m],
    [['predict', 'known', 'videos/train/up/0.mp4', '--json'], /^interrupted: stopped before the end$/m],
    [
      ['prepare', 'folder', '--source', 'videos', '--out', 'slow', '--json'],
      /^interrupted: stopped with 12 files still to be read; 0 are read and saved: the same command goes on from there$/m,
    ],
  ];
  for (const [words, says] of cases) {
    await t.test(words[0] as string, async () => {
      const running = start(words, options);
      const deadline = Date.now() + 20_000;
      if (process.platform === 'linux') {
        // Until a decoder of its own stands still.
        while (![...(await running.others()).values()].some((line) => line.startsWith('sleep '))) {
          assert.ok(running.child.exitCode === null && Date.now() < deadline, running.said());
          await sleep(20);
        }
      } else await sleep(3000);
      const sent = Date.now();
      running.child.kill('SIGINT');
      const { code, stdout, stderr, leftover } = await running.ended;
      assert.equal(code, 130, stderr);
      assert.match(stderr, says);
      assert.ok(Date.now() - sent < 5000, `it took ${Date.now() - sent} ms`);
      assert.equal(stdout, '');
      assert.deepEqual(leftover, []);
      assert.deepEqual(await unfinished(folder), []);
    });
  }
  const { stdout } = await succeeds(['train', '--resume', 'stuck'], { folder });
  assert.match(stdout, /^trained 14 epochs: stuck$/m);
});
