import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stridedClips } from '../../src/data/sampling/strided-clips.ts';
import { everyOf, parseWindow, type WindowPlace, type WindowShape, windowClips } from '../../src/data/window-clips.ts';
import { PetlVideoError } from '../../src/errors/index.ts';
import type { FrameTime } from '../../src/video/frame-times.ts';
import type { StreamEnd, StreamedFrame } from '../../src/video/stream.ts';

/** Frames of four bytes that tell their number, in memory that is used again at once. */
async function* video(
  count: number,
  every: number,
  timeOf: (frame: number) => FrameTime,
): AsyncGenerator<StreamedFrame, StreamEnd> {
  const data = new Uint8Array(4);
  let frames = 0;
  for (let number = 0; number < count; number += every, frames++) {
    new DataView(data.buffer).setUint32(0, number);
    yield { number, ...timeOf(number), data };
    data.fill(255);
  }
  return { frames };
}

const AT_25 = (frame: number): FrameTime => ({ seconds: frame / 25, rate: 25 });

async function windowsOf(count: number, shape: WindowShape, timeOf = AT_25) {
  const found: { place: WindowPlace; frames: number[] }[] = [];
  const clips = windowClips(video(count, everyOf(shape), timeOf), 4, shape);
  for await (const { place, write } of clips) {
    const clip = new Uint8Array(4 * shape.frames);
    write(clip);
    const view = new DataView(clip.buffer);
    found.push({ place, frames: Array.from({ length: shape.frames }, (_, i) => view.getUint32(4 * i)) });
  }
  return found;
}

/** The same said plainly: every window that fits, then one more for what is left, or the one of a short video. */
function expected(count: number, { frames: T, stride, step }: WindowShape): number[][] {
  const at = (start: number): number[] => Array.from({ length: T }, (_, i) => start + i * stride);
  const all: number[][] = [];
  for (let start = 0; start + (T - 1) * stride < count; start += step) all.push(at(start));
  if (all.length === 0) return count === 0 ? [] : (stridedClips(count, { frames: T, stride }, 1) as number[][]);
  const every = everyOf({ frames: T, stride, step });
  const last = Math.floor((count - 1) / every) * every;
  const end = all.at(-1)?.at(-1) as number;
  if (last > end && step <= T * stride) all.push(at(last - (T - 1) * stride));
  return all;
}

test('windows have the frames they should, whatever the length, the stride and the step', async () => {
  for (const [frames, stride] of [
    [4, 3],
    [2, 4],
    [1, 1],
    [3, 1],
  ] as const) {
    for (const step of [1, 2, 3, 4, 5, 8, 12, 13, 30]) {
      for (const count of [0, 1, 2, 3, 7, 9, 10, 11, 12, 13, 22, 23, 40, 61]) {
        const shape = { frames, stride, step };
        const found = await windowsOf(count, shape);
        const what = `${count} frames, ${JSON.stringify(shape)}`;
        assert.deepEqual(
          found.map((window) => window.frames),
          expected(count, shape),
          what,
        );
        for (const { place, frames: own } of found) {
          assert.deepEqual([place.start, place.end], [own[0], own.at(-1)], what);
        }
      }
    }
  }
});

test('16x4 spans 61 frames, and a step of 64 neither overlaps nor leaves a gap', async () => {
  const found = await windowsOf(1000, { frames: 16, stride: 4, step: 64 });
  const spans = found.map(({ place }) => [place.start, place.end]);
  assert.deepEqual(spans.slice(0, 2), [
    [0, 60],
    [64, 124],
  ]);
  assert.deepEqual(spans.slice(-2), [
    [896, 956],
    [936, 996],
  ]);
});

test('times are the presentation times; where a frame has none, those of the rate; else none', async () => {
  const shape = { frames: 2, stride: 4, step: 8 };
  const [first, second] = await windowsOf(13, shape, (frame) => ({ seconds: frame / 10 + 1, rate: 25 }));
  assert.deepEqual(first?.place, { start: 0, end: 4, startSeconds: 1, endSeconds: 1.4, timing: 'presentation' });
  assert.deepEqual(second?.place, { start: 8, end: 12, startSeconds: 1.8, endSeconds: 2.2, timing: 'presentation' });
  const halfKnown = await windowsOf(13, shape, (frame) => ({ seconds: frame === 4 ? undefined : frame, rate: 25 }));
  assert.deepEqual(halfKnown[0]?.place, { start: 0, end: 4, startSeconds: 0, endSeconds: 0.16, timing: 'rate' });
  assert.equal(halfKnown[1]?.place.timing, 'presentation');
  const [unknown] = await windowsOf(13, shape, () => ({ seconds: undefined, rate: undefined }));
  assert.deepEqual(unknown?.place, { start: 0, end: 4 });
});

test('the end of the video is handed on, and who stops early ends it', async () => {
  let ended = false;
  async function* watched(): AsyncGenerator<StreamedFrame, StreamEnd> {
    try {
      return yield* video(20, 1, AT_25);
    } finally {
      ended = true;
    }
  }
  const shape = { frames: 2, stride: 1, step: 1 };
  for await (const _ of windowClips(watched(), 4, shape)) break;
  assert.ok(ended);
  const clips = windowClips(watched(), 4, shape);
  let next = await clips.next();
  while (!next.done) next = await clips.next();
  assert.deepEqual(next.value, { frames: 20 });
});

test('windows are written as frames x stride', () => {
  assert.deepEqual(parseWindow('16x4'), { frames: 16, stride: 4 });
  assert.deepEqual(parseWindow('8 × 1'), { frames: 8, stride: 1 });
  for (const wrong of ['', '16', '0x4', '16x0', '16x4x1', 'x4', '-1x4']) {
    assert.throws(() => parseWindow(wrong), PetlVideoError, wrong);
  }
});
