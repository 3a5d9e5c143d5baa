/**
 * Odd videos: exactly the frames asked for, as a full decode by ffmpeg alone has them, or a verdict that says why not. Set
 * ODD to a part of a name to try those alone.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rng } from '../../src/tensor/random.ts';
import { decodeFrames } from '../../src/video/decode.ts';
import { probeVideo } from '../../src/video/probe.ts';
import { ffmpeg, withFolder } from './ffmpegs.ts';
import { framesOf, fullDecode } from './full-decode.ts';
import { ODD_VIDEOS, type OddVideo } from './odd-videos.ts';

const SIZE = { width: 48, height: 36 };

/** First, last, random, repeated, next to one another, and around each multiple of ten, where keyframes often are. */
function requests(frames: number): number[][] {
  const random = rng(7, 'odd', frames);
  const inside = (all: readonly number[]): number[] => all.filter((frame) => frame >= 0 && frame < frames);
  const around = Array.from({ length: Math.ceil(frames / 10) }, (_, i) => i * 10);
  return [
    [0],
    [frames - 1],
    inside([frames - 2, frames - 1]),
    ...around.slice(0, 5).map((at) => inside([at - 1, at, at + 1])),
    ...Array.from({ length: 3 }, () => Array.from({ length: 6 }, () => random.integer(frames))),
  ].filter((asked) => asked.length > 0);
}

async function check({ make, unreadable = false, damaged = false }: OddVideo, folder: string): Promise<void> {
  const file = await make(ffmpeg, folder);
  const [facts, truth] = [await probeVideo(ffmpeg, file), await fullDecode(ffmpeg, file, SIZE)];
  const said = `${JSON.stringify(facts)}; ffmpeg alone: ${truth.frames} frames, end ${truth.end}, ${truth.stderr}`;
  assert.equal(facts.frames, truth.frames, said);
  // The static ffmpeg 7.0.2 that set-up provides does so on transport streams.
  if (truth.end === 'SIGSEGV') return assert.match(facts.reason ?? '', /crashed/);
  if (unreadable) {
    assert.equal(facts.verdict, 'unreadable', said);
    assert.ok((facts.reason ?? '').length > 0);
    return;
  }
  assert.equal(facts.verdict, damaged ? 'damaged' : 'ok', said);
  for (const asked of requests(facts.frames)) {
    const got = await decodeFrames(ffmpeg, { file, frames: asked, size: SIZE });
    assert.ok(framesOf(truth, asked).equals(got.data), `frames ${asked} of ${facts.frames}`);
  }
  await assert.rejects(decodeFrames(ffmpeg, { file, frames: [facts.frames], size: SIZE }), /asked for frame/);
}

for (const [name, video] of Object.entries(ODD_VIDEOS)) {
  if (!name.includes(process.env.ODD ?? '')) continue;
  test(name, () => withFolder((folder) => check(video, folder)));
}
