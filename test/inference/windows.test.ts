/** Windows through to answers, with a model that says what it was shown: the bytes of each clip, summed up. */
import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '../../src/engine/engine.ts';
import { PetlVideoError } from '../../src/errors/index.ts';
import { type WindowsRun, windows } from '../../src/inference/windows.ts';
import { float32 } from '../../src/tensor/host.ts';
import { decodeFrames } from '../../src/video/decode.ts';
import { cropClip } from '../../src/video/window.ts';
import { ffmpeg, runDirectly } from '../video/ffmpegs.ts';

const CLASSES = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const SIZE = 24;
const T = 4;

let folder: string;
let video: string;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'petl-windows-'));
  video = path.join(folder, 'video.mkv');
  const source = 'testsrc2=s=64x48:r=25:d=5';
  await runDirectly(ffmpeg, ['-f', 'lavfi', '-i', source, '-c:v', 'ffv1', video]);
});
after(() => rm(folder, { recursive: true }));

/** Logits that are the likelier to differ the more bytes do. */
function logitsOf(clip: Uint8Array): number[] {
  const sums = CLASSES.map(() => 0);
  clip.forEach((byte, i) => {
    sums[i % CLASSES.length] = ((sums[i % CLASSES.length] as number) * 31 + byte) % 65_521;
  });
  return sums.map((sum) => sum / 10_000);
}

interface Watched {
  readonly run: WindowsRun;
  /** Clips of each forward pass. */
  readonly passes: number[];
}

function watchedRun({ batch = 4, workMs = 0, sampling = 'adaptformer-dense' } = {}): Watched {
  const passes: number[] = [];
  const session = {
    compile: async (step: { inputs: Record<string, { shape: readonly number[] }> }) => ({
      async run({ clips }: { clips: { data: Uint8Array } }) {
        const rows = step.inputs.clips?.shape[0] as number;
        passes.push(rows);
        await sleep(workMs);
        const bytes = clips.data.length / rows;
        const logits = Array.from({ length: rows }, (_, i) =>
          logitsOf(clips.data.subarray(i * bytes, (i + 1) * bytes)),
        );
        const all = float32([rows, CLASSES.length], Float32Array.from(logits.flat()));
        return { logits: all, features: all };
      },
    }),
  } as unknown as Session;
  const data = { frames: T, stride: 3, size: SIZE, sampling, interpolation: 'bilinear' };
  const model = { backbone: { frames: T, size: SIZE }, head: { classes: CLASSES.length } };
  const recipe = { data, eval: { batch } };
  const inTurn = (work: () => unknown) => work();
  return { run: { recipe, model, classes: CLASSES, session, ffmpeg, inTurn } as unknown as WindowsRun, passes };
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The answer to the frames, decoded by themselves. */
async function answerTo(frames: readonly number[]): Promise<string[]> {
  const decoded = await decodeFrames(ffmpeg, { file: video, frames, size: { width: 32, height: SIZE } });
  const logits = logitsOf(cropClip(decoded, { x: 4, y: 0, width: SIZE, height: SIZE })).map(Math.fround);
  const order = CLASSES.map((_, k) => k).sort((a, b) => (logits[b] as number) - (logits[a] as number));
  return order.map((k) => CLASSES[k] as string);
}

test('each window is answered as its frames would be, decoded by themselves', async () => {
  const { run, passes } = watchedRun();
  const ends: number[] = [];
  const step = 5;
  const options = {
    window: { frames: T, stride: 3 },
    step,
    top: 7,
    onEnd: (end: { frames: number }) => ends.push(end.frames),
  };
  const answers = await collect(windows(run, video, options));
  // 125 frames: whole windows start at 0, 5, …, 115; frames 0-124 are seen.
  assert.equal(answers.length, 24);
  assert.deepEqual(ends, [125]);
  for (const [i, { start, end, startSeconds, endSeconds, timing, top }] of answers.entries()) {
    assert.deepEqual({ start, end, timing }, { start: 5 * i, end: 5 * i + 9, timing: 'presentation' });
    assert.deepEqual([startSeconds, endSeconds], [start / 25, end / 25]);
    assert.ok(Math.abs(top.reduce((sum, { probability }) => sum + probability, 0) - 1) < 1e-6);
    if (i % 6 > 0) continue;
    const names = top.map((one) => one.class);
    assert.deepEqual(names, await answerTo(Array.from({ length: T }, (_, k) => start + 3 * k)));
  }
  assert.ok(passes.length <= 12, `24 windows took ${passes.length} passes`);
  assert.deepEqual(await collect(windows(run, createReadStream(video), options)), answers);
});

test('the default is the window of the recipe, end to end', async () => {
  const answers = await collect(windows(watchedRun().run, video));
  assert.deepEqual(answers.map(({ start, end }) => [start, end]).slice(0, 2), [
    [0, 9],
    [12, 21],
  ]);
  // Frames up to 123, every 3rd, are looked at: the last window ends there.
  assert.deepEqual([answers.at(-1)?.start, answers.at(-1)?.end], [114, 123]);
  assert.equal(answers[0]?.top.length, 5);
});

test('what cannot be asked for is refused', async () => {
  const asked = (options: object, sampling?: string) =>
    collect(windows(watchedRun(sampling === undefined ? {} : { sampling }).run, video, options));
  const usage = (words: RegExp) => (error: unknown) =>
    error instanceof PetlVideoError && error.kind === 'usage' && words.test(error.message);
  await assert.rejects(
    asked({ window: { frames: 16, stride: 4 } }),
    usage(/16 frames: the model .* takes 4[\s\S]*4x4/),
  );
  await assert.rejects(asked({}, 'segments'), usage(/segments[\s\S]*4x4/));
  await assert.rejects(asked({ step: 0 }), usage(/step of windows: 0/));
});

test('an answer does not wait for the batch to fill when the source is idle', async () => {
  const { run, passes } = watchedRun({ batch: 8 });
  const stream = new PassThrough();
  const answers = windows(run, stream, { window: { frames: T, stride: 3 }, step: 10 });
  const whole = await collect(createReadStream(video));
  stream.write(Buffer.concat(whole).subarray(0, 150_000));
  const first = await answers.next();
  assert.equal(first.value?.start, 0);
  assert.ok((passes[0] as number) <= 8);
  await answers.return(undefined);
  assert.ok(stream.destroyed);
});

test('an abort while the source is silent is answered at once', async () => {
  const abort = new AbortController();
  const stream = new PassThrough();
  const answers = windows(watchedRun().run, stream, { signal: abort.signal });
  const reason = new Error('enough');
  setTimeout(() => abort.abort(reason), 100);
  const begun = performance.now();
  await assert.rejects(answers.next(), reason);
  assert.ok(performance.now() - begun < 5000);
  assert.ok(stream.destroyed);
});

test('a slow model holds the decoder back, and memory does not grow with the video', async () => {
  const long = path.join(folder, 'long.mkv');
  const source = 'testsrc=s=32x24:r=25:d=80';
  await runDirectly(ffmpeg, ['-f', 'lavfi', '-i', source, '-c:v', 'mpeg4', '-q:v', '5', long]);
  const { run } = watchedRun({ batch: 4, workMs: 1 });
  // 2000 frames of 24 x 24 are 3.5 MB as pixels, and their windows, with each frame in four of them, 14 MB.
  globalThis.gc?.();
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  let count = 0;
  for await (const { start } of windows(run, long, { window: { frames: T, stride: 1 }, step: 1 })) {
    count++;
    if (start % 100 === 0) most = Math.max(most, process.memoryUsage().arrayBuffers);
  }
  assert.equal(count, 1997);
  assert.ok(most - before < 3e6, `${before}, then ${most} bytes`);
});
