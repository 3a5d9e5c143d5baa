/** The speed of reading, from the command line. */
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { benchData } from '../../pipelines/bench-data.ts';
import type { Options } from '../../pipelines/command.ts';
import type { ErrorKind } from '../../src/errors/index.ts';
import { type RunOptions, refused, succeeds } from './cli.ts';
import { ffmpegHere, makeProject } from './project.ts';
import { refuses } from './refuses.ts';

const ffmpeg = await ffmpegHere();
const skip = ffmpeg === undefined ? 'no ffmpeg on this machine' : false;

let folder: string;
let options: RunOptions;
const inside = (...names: readonly string[]): string => path.join(folder, ...names);
before(async () => {
  if (ffmpeg === undefined) return;
  folder = await makeProject(ffmpeg);
  options = { folder };
});
after(() => (folder === undefined ? undefined : rm(folder, { recursive: true })));

test('what is measured of reading agrees with itself', { skip }, async () => {
  const words = [
    'bench',
    'data',
    'recipe.yaml',
    '--seconds',
    '1',
    '--decoders',
    '1',
    '--step-ms',
    '1',
    '--views',
    '2x3',
    '--json',
  ];
  const { stdout } = await succeeds(words, options);
  const { batch, decoders, split, training, stages, starvation, views } = JSON.parse(stdout);
  assert.deepEqual([batch, decoders, split], [4, 1, 'train']);
  const { clips, seconds, clipsPerSecond, failed, firstMs, pixelBytesPerSecond, fileBytesPerClip } = training;
  assert.ok(clips >= 4 && clips % 4 === 0 && failed === 0);
  assert.ok(seconds >= 1 && seconds < 10 && firstMs > 0);
  assert.equal(clipsPerSecond, clips / seconds);
  assert.equal(pixelBytesPerSecond, (clips * 2 * 16 * 16 * 3) / seconds);
  assert.ok(fileBytesPerClip > 500 && fileBytesPerClip < 50_000);
  if (process.platform === 'linux') {
    // One decoder, this process and the loader's: more than nothing, less than all cores all the time.
    assert.ok(training.cpuMsPerClip > 1 && training.cpuMsPerClip * clips < 1000 * seconds * 64);
    assert.ok(training.peakMemoryBytes > 2 ** 26 && training.peakMemoryBytes < 2 ** 33);
  } else assert.equal(training.cpuMsPerClip, null);
  const { processStart, openAndDecode, cropAndResize, transfer, throughLoader } = stages.milliseconds;
  assert.equal(stages.videos, 5);
  assert.ok(processStart > 1 && processStart + openAndDecode > 2);
  assert.ok(throughLoader > 1);
  for (const ms of [cropAndResize, transfer]) assert.ok(Number.isFinite(ms) && Math.abs(ms) < 1000);
  // 4 clips in a millisecond: no loader of the tests is so fast.
  assert.equal(starvation.starves, true);
  assert.equal(starvation.waiting, 1 - 1 / ((1000 * batch) / clipsPerSecond));
  assert.match(starvation.text, /^4 clips every 1 ms: the model waits 9\d %.* of the time; needs \d+ more decoders/);
  assert.deepEqual([views.segments, views.crops, views.failed], [2, 3, 0]);
  assert.ok(Math.abs(views.clipsPerSecond - 6 * views.videosPerSecond) < 1e-6);
});

test('in words it says the same, and as many clips as asked for are enough', { skip }, async () => {
  const { stdout } = await succeeds(['bench', 'data', 'recipe.yaml', '--clips', '4', '--step-ms', '1000000'], options);
  assert.match(stdout, /^speed {5}[\d.]+ clips\/s, \d+ decoders on \d+ cores; the first batch of 4 after [\d.]+ s$/m);
  assert.match(stdout, /^bytes {5}[\d.e-]+ MiB\/s of pixels, out of [\d.e-]+ MiB\/s of files$/m);
  assert.match(
    stdout,
    /^alone {5}a clip takes [\d.]+ ms through the loader; ffmpeg by itself: process start [\d.]+, open and decode /m,
  );
  assert.match(stdout, /^starving {2}4 clips every 1000000 ms: the model does not wait/m);
});

test('videos that fail are counted; where all do, there is nothing to measure', { skip }, async () => {
  await writeFile(inside('videos', 'train', 'up', '2.mp4'), 'no video');
  const { stdout } = await succeeds(['bench', 'data', 'recipe.yaml', '--clips', '32', '--json'], options);
  assert.ok(JSON.parse(stdout).training.failed >= 2);
  await refused(['bench', 'data', 'recipe.yaml', 'data.onError=fail', '--json'], options, {
    code: 4,
    says: /^data error: train\/up\/2\.mp4 could not be decoded/,
  });
  for (const name of ['down', 'up']) await rm(inside('videos', 'train', name), { recursive: true });
  await refused(['bench', 'data', 'recipe.yaml', '--json'], options, {
    code: 4,
    says: /^data error: .* could not be decoded/,
  });
});

test('what cannot be measured is refused', { skip }, async () => {
  const cases: readonly [string, Options, ErrorKind, RegExp][] = [
    ['recipe.yaml', { seconds: '0' }, 'usage', /^--seconds 0: give a number above 0$/],
    ['recipe.yaml', { stepMs: 'slow' }, 'usage', /^--step-ms slow: give a number above 0$/],
    ['recipe.yaml', { clips: '1.5' }, 'usage', /^--clips 1\.5: give a whole number from 1$/],
    ['recipe.yaml', { decoders: '0' }, 'usage', /^--decoders 0: give a whole number from 1$/],
    ['recipe.yaml', { views: '0x3' }, 'usage', /^views "0x3" are not of the form/],
    ['recipe.yaml train.batch=9', {}, 'config', /^8 videos do not fill one update of 9 × 1 clips\n/],
    ['recipe.yaml data.path=nowhere', {}, 'data', /^no prepared data set here/],
    ['nothing.yaml', {}, 'config', /^no such recipe\n/],
  ];
  for (const [words, given, kind, message] of cases) {
    await refuses(benchData, folder, words.split(' '), given, { kind, message });
  }
});
