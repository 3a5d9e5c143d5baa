import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { testSquare, testWindows } from '../../src/data/views.ts';
import { PetlVideoError } from '../../src/errors/index.ts';
import type { Ffmpeg } from '../../src/video/ffmpeg.ts';
import { type StreamEnd, type StreamRequest, streamFrames } from '../../src/video/stream.ts';
import { cropClip, type Size } from '../../src/video/window.ts';
import { ffmpeg, ffmpegs, runDirectly, scriptedFfmpeg } from './ffmpegs.ts';
import { framesOf, fullDecode } from './full-decode.ts';
import { survivors } from './is-alive.ts';

const SIZES: readonly Size[] = [
  { width: 160, height: 120 },
  { width: 90, height: 160 },
  { width: 107, height: 61 },
  { width: 64, height: 64 },
];
const FRAMES = 50;
const RATE = 20;

let folder: string;
const fileOf = ({ width, height }: Size): string => path.join(folder, `${width}x${height}.mkv`);
const long = (): string => path.join(folder, 'long.mkv');

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'petl-stream-'));
  for (const size of SIZES) {
    const source = `testsrc=s=${size.width}x${size.height}:r=${RATE}:d=${FRAMES / RATE}`;
    await runDirectly(ffmpeg, ['-f', 'lavfi', '-i', source, '-c:v', 'ffv1', '-pix_fmt', 'yuv444p', fileOf(size)]);
  }
  const source = 'testsrc2=s=320x240:r=25:d=40';
  await runDirectly(ffmpeg, ['-f', 'lavfi', '-i', source, '-c:v', 'mpeg4', '-q:v', '8', long()]);
});
after(() => rm(folder, { recursive: true }));

const SMALL = { ...testSquare(32, undefined), every: 1 };

interface Taken {
  readonly numbers: number[];
  readonly seconds: (number | undefined)[];
  readonly data: Buffer;
  readonly end: StreamEnd;
}

async function take(from: Ffmpeg, request: StreamRequest): Promise<Taken> {
  const numbers: number[] = [];
  const seconds: (number | undefined)[] = [];
  const pieces: Buffer[] = [];
  const frames = streamFrames(from, request);
  for (;;) {
    const next = await frames.next();
    if (next.done) return { numbers, seconds, data: Buffer.concat(pieces), end: next.value };
    numbers.push(next.value.number);
    seconds.push(next.value.seconds);
    pieces.push(Buffer.from(next.value.data));
  }
}

const isData = (words: RegExp) => (error: unknown) =>
  error instanceof PetlVideoError && error.kind === 'data' && words.test(error.message);

/** The real ffmpeg, that notes its process's id. */
async function notingFfmpeg(name: string): Promise<{ by: Ffmpeg; pids(): Promise<number[]> }> {
  const own = await mkdtemp(path.join(folder, name));
  const by = await scriptedFfmpeg(own, `echo $$ >> '${own}/pids'\nexec "$FFMPEG" "$@"`);
  return {
    by,
    pids: async () => (await readFile(path.join(own, 'pids'), 'utf8')).trim().split('\n').map(Number),
  };
}

test('frames are those of a plain decode, resized and cut as evaluation does it, to the byte', async () => {
  for (const by of ffmpegs) {
    for (const source of by === ffmpeg ? SIZES : SIZES.slice(2, 3)) {
      for (const resize of by === ffmpeg ? ([undefined, 41, 'squash'] as const) : ([undefined, 48] as const)) {
        const { size, windows } = testWindows(source, 32, 1, resize);
        const [window] = windows;
        assert.ok(window);
        const all = await fullDecode(by, fileOf(source), size);
        for (const every of resize === undefined ? [1, 7] : [2]) {
          const chosen = Array.from({ length: Math.ceil(FRAMES / every) }, (_, i) => i * every);
          const taken = await take(by, { source: fileOf(source), every, ...testSquare(32, resize) });
          const what = `${by.version} ${source.width}x${source.height} ${resize} every ${every}`;
          assert.deepEqual(taken.numbers, chosen, what);
          assert.deepEqual(taken.end, { frames: chosen.length }, what);
          assert.ok(taken.data.equals(cropClip(all, window, chosen)), what);
          if (by === ffmpeg)
            assert.deepEqual(
              taken.seconds.slice(0, 4),
              [0, 1, 2, 3].map((i) => (i * every) / RATE),
            );
        }
      }
    }
  }
});

test('a stream gives what its file gives, and is destroyed', async () => {
  const [size] = SIZES as [Size];
  const stream = createReadStream(fileOf(size));
  const piped = await take(ffmpeg, { source: stream, ...SMALL });
  assert.deepEqual(piped, await take(ffmpeg, { source: fileOf(size), ...SMALL }));
  assert.ok(stream.destroyed);
});

test('frames come while the stream is still open, and ffmpeg waits for more', async () => {
  const stream = new PassThrough();
  const bytes = await readFile(long());
  const { by, pids } = await notingFfmpeg('open');
  stream.write(bytes.subarray(0, bytes.length / 2));
  const frames = streamFrames(by, { source: stream, ...SMALL });
  for (let i = 0; i < 400; i++) {
    const next = await frames.next();
    assert.equal(next.done === false && next.value.number, i);
  }
  stream.end(bytes.subarray(bytes.length / 2));
  let last: number | undefined;
  for await (const { number } of frames) last = number;
  assert.equal(last, 999);
  assert.deepEqual(await survivors(await pids(), 0), []);
});

test('who stops early, or aborts, leaves no process behind', async () => {
  for (const piped of [false, true]) {
    const source = () => (piped ? new PassThrough().pause() : long());
    const fed = async () => {
      const stream = source();
      if (typeof stream !== 'string') stream.write((await readFile(long())).subarray(0, 500_000));
      return stream;
    };
    const { by, pids } = await notingFfmpeg('early');
    for await (const { number } of streamFrames(by, { source: await fed(), ...SMALL })) if (number === 3) break;
    assert.deepEqual(await survivors(await pids(), 0), []);

    const abort = new AbortController();
    const frames = streamFrames(by, { source: await fed(), ...SMALL }, { signal: abort.signal });
    await frames.next();
    const reason = new Error('enough');
    abort.abort(reason);
    await assert.rejects(async () => {
      for await (const _ of frames);
    }, reason);
    assert.deepEqual(await survivors(await pids(), 0), []);
  }
});

test('ffmpeg waits while nobody takes frames', async () => {
  const begun = performance.now();
  await take(ffmpeg, { source: long(), ...SMALL });
  const all = performance.now() - begun;
  const { by, pids } = await notingFfmpeg('waits');
  const frames = streamFrames(by, { source: long(), ...SMALL });
  await frames.next();
  await sleep(1.5 * all + 200);
  assert.equal((await survivors(await pids(), 0)).length, 1);
  let count = 1;
  for await (const _ of frames) count++;
  assert.equal(count, 1000);
});

test('of a damaged video comes what decodes, and the end says what happened', async () => {
  const file = path.join(folder, 'cut.mkv');
  const bytes = await readFile(long());
  await writeFile(file, bytes.subarray(0, bytes.length / 3));
  const { numbers, data, end } = await take(ffmpeg, { source: file, ...SMALL });
  assert.ok(numbers.length > 150 && numbers.length < 500);
  assert.equal(end.frames, numbers.length);
  assert.match(end.complaint ?? '', /ended prematurely/i);
  const { size, windows } = testWindows({ width: 320, height: 240 }, 32, 1, undefined);
  const all = await fullDecode(ffmpeg, long(), size);
  const sound = numbers.slice(0, 150);
  const cut = cropClip({ ...all, data: framesOf(all, sound), frames: 150 }, windows[0] ?? assert.fail());
  assert.ok(data.subarray(0, cut.length).equals(cut));
});

test('what gives no frame is refused: no video, an image, an index at the end of a stream, a stream that breaks off', async () => {
  const text = path.join(folder, 'text.mp4');
  await writeFile(text, 'no video');
  await assert.rejects(take(ffmpeg, { source: text, ...SMALL }), isData(/moov atom not found[\s\S]*text\.mp4/));
  const image = path.join(folder, 'image.png');
  await runDirectly(ffmpeg, ['-i', long(), '-frames:v', '1', image]);
  await assert.rejects(take(ffmpeg, { source: image, ...SMALL }), isData(/this is an image[\s\S]*without windows/));
  const late = path.join(folder, 'late.mp4');
  await runDirectly(ffmpeg, ['-i', long(), '-c', 'copy', late]);
  const stream = createReadStream(late);
  await assert.rejects(take(ffmpeg, { source: stream, ...SMALL }), isData(/nothing of the stream[\s\S]*\+faststart/));
  const broken = new PassThrough();
  broken.write((await readFile(long())).subarray(0, 200_000));
  setTimeout(() => broken.destroy(new Error('the line is dead')), 50);
  await assert.rejects(take(ffmpeg, { source: broken, ...SMALL }), isData(/the input broke off: the line is dead/));
});
