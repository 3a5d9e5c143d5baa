/** `predict --window`: files, several of them, and standard input, answered while it is still open. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { predict } from '../../pipelines/predict.ts';
import { runDirectly } from '../video/ffmpegs.ts';
import { start, succeeds } from './cli.ts';
import { ffmpegHere, makeProject, RECIPE } from './project.ts';
import { refuses } from './refuses.ts';

const RUN = 'runs/linear';
const VIDEO = 'videos/validation/up/0.mp4';

let folder = '';
before(async () => {
  const ffmpeg = await ffmpegHere();
  if (ffmpeg === undefined) return;
  folder = await makeProject(ffmpeg);
  const recipe = RECIPE.replace(/^method: .*$/m, 'method: { name: linear }').replace('epochs: 2', 'epochs: 1');
  await writeFile(path.join(folder, 'linear.yaml'), recipe);
  await succeeds(['train', 'linear.yaml', `run.folder=${RUN}`], { folder });
  const source = ['-f', 'lavfi', '-i', 'testsrc2=s=32x24:r=10:d=60'];
  await runDirectly(ffmpeg, [...source, '-c:v', 'ffv1', path.join(folder, 'long.mkv')]);
  await runDirectly(ffmpeg, [...source, '-frames:v', '1', path.join(folder, 'image.png')]);
});
after(async () => {
  if (folder !== '') await rm(folder, { recursive: true });
});

interface Line {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly timing: string;
  readonly top: readonly { readonly class: string; readonly label: number; readonly probability: number }[];
}

const parsed = (text: string): Line[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
const ask = async (...words: string[]): Promise<string> =>
  (await succeeds(['predict', RUN, ...words], { folder })).stdout;

test('a window is answered as predict answers a video of which it is the clip', async (t) => {
  if (folder === '') return t.skip('there is no ffmpeg');
  // Of 6 frames, the clip of a single view has frames 0 and 2.
  const [alone] = JSON.parse(await ask(VIDEO, '--json')) as Line[];
  const lines = parsed(await ask(VIDEO, '--window', 'recipe', '--stride', '2', '--json'));
  assert.deepEqual(
    lines.map(({ file, start: from, end, startSeconds, endSeconds, timing }) => ({
      ...{ file, from, end, startSeconds, endSeconds, timing },
    })),
    [0, 2].map((from) => ({
      ...{ file: VIDEO, from, end: from + 2, startSeconds: from / 10, endSeconds: (from + 2) / 10 },
      timing: 'presentation',
    })),
  );
  assert.deepEqual(lines[0]?.top, alone?.top);
});

test('lines come while standard input is still open', async (t) => {
  if (folder === '') return t.skip('there is no ffmpeg');
  const bytes = await readFile(path.join(folder, 'long.mkv'));
  const { child, ended } = start(['predict', RUN, '-', '--window', '2x2', '--json'], { folder, stdin: 'pipe' });
  child.stdin?.write(bytes.subarray(0, bytes.length / 2));
  let early = '';
  while (!early.includes('"start":200'))
    early += String((await once(child.stdout as NodeJS.ReadableStream, 'data'))[0]);
  assert.equal(child.exitCode, null);
  child.stdin?.end(bytes.subarray(bytes.length / 2));
  const { code, stdout, stderr, leftover } = await ended;
  assert.deepEqual([code, stderr, leftover], [0, '', []]);
  const lines = parsed(stdout);
  assert.deepEqual(
    lines.map((line) => line.start),
    Array.from({ length: 150 }, (_, i) => 4 * i),
  );
  const file = parsed(await ask('long.mkv', '--window', '2x2', '--json'));
  assert.deepEqual(
    lines,
    file.map((line) => ({ ...line, file: '-' })),
  );
});

test('a signal ends it while standard input is silent, and a reader who has seen enough does', async (t) => {
  if (folder === '') return t.skip('there is no ffmpeg');
  const bytes = await readFile(path.join(folder, 'long.mkv'));
  const silent = start(['predict', RUN, '-', '--window', '2x2'], { folder, stdin: 'pipe' });
  silent.child.stdin?.write(bytes.subarray(0, bytes.length / 2));
  await once(silent.child.stdout as NodeJS.ReadableStream, 'data');
  silent.child.kill('SIGINT');
  const stopped = await silent.ended;
  assert.deepEqual([stopped.code, stopped.leftover], [130, []]);

  const endless = start(['predict', RUN, '-', '--window', '2x2'], { folder, stdin: 'pipe', shell: '"$@" | head -n 1' });
  const { stdin } = endless.child;
  stdin?.on('error', () => {});
  // It is never closed here.
  stdin?.write(bytes);
  const read = await endless.ended;
  assert.equal(read.stdout, '00:00.0–00:00.2'.concat(read.stdout.slice(15)));
  assert.deepEqual([read.code, read.leftover], [0, []]);
});

test('several files in turn, as windows and as segments; one that is no video does not stop the others', async (t) => {
  if (folder === '') return t.skip('there is no ffmpeg');
  const words = ['predict', RUN, VIDEO, 'recipe.yaml', 'long.mkv', '--window', '2x2', '--stride', '4'];
  const { stdout, stderr, code } = await start(words, { folder }).ended;
  const lines = stdout.trimEnd().split('\n');
  assert.equal(code, 4);
  assert.match(stderr, /data error: 1 of 3 files could not be read\n {2}at recipe\.yaml/);
  assert.match(lines[0] as string, /^videos\/validation\/up\/0\.mp4 {2}00:00\.0–00:00\.2 {2,4}\d+\.\d % {2}(up|down)$/);
  assert.match(lines[2] as string, /^recipe\.yaml not read: /);
  assert.match(lines[3] as string, /^long\.mkv {2}00:00\.0–00:00\.2 /);
  assert.match(lines.at(-1) as string, /^long\.mkv {2}00:59\.6–00:59\.8 /);
  const segments = (await ask('long.mkv', '--window', '2x2', '--segments')).trimEnd().split('\n');
  const counts = segments.map((line) => Number(/\((\d+) windows?\)$/.exec(line)?.[1]));
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    150,
  );
});

test('what cannot be asked for says why', async (t) => {
  if (folder === '') return t.skip('there is no ffmpeg');
  const run = path.join(folder, RUN);
  const base = { engine: 'cpu', window: '2x2' };
  for (const [options, message, files = ['long.mkv']] of [
    [{ window: '16x4' }, /a window of 16 frames: the model of this run takes 2[\s\S]*ask for 2x4/],
    [{ window: 'big' }, /window "big" is not of the form FRAMESxSTRIDE[\s\S]*16x4/],
    [{ window: undefined, stride: '8' }, /--stride is about windows[\s\S]*--window/],
    [{ window: undefined, segments: true }, /--segments is about windows[\s\S]*--window/],
    [{ window: undefined }, /- \(standard input\) is about windows[\s\S]*--window/, ['-']],
    [{ stride: '0' }, /--stride 0: give a number of frames/],
    [{ top: 'all' }, /--top all: give a number of classes/],
    [{ also: 'runs/x' }, /--window and --also exclude each other[\s\S]*one run after/],
    [{ views: '1x1' }, /--window and --views exclude each other[\s\S]*one view/],
    [{}, /standard input, which is read once/, ['-', '-']],
  ] as const) {
    await refuses(predict, folder, [run, ...files], { ...base, ...options }, { kind: 'usage', message });
  }
  const ran = await start(['predict', RUN, 'image.png', '--window', '2x2'], { folder }).ended;
  assert.equal(ran.code, 4);
  assert.match(ran.stderr, /data error: this is an image: .*\n {2}at image\.png\n {2}→ classify images as a whole/);
});
