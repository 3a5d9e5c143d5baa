/**
 * Odd videos: exactly the frames asked for, as a full decode by ffmpeg alone has them, or a verdict that says why not. Set
 * ODD to a part of a name to try those alone.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rng } from '../../src/tensor/random.ts';
import { decodeFrames, decodeVisit } from '../../src/video/decode.ts';
import type { VideoFacts } from '../../src/video/facts.ts';
import { probeVideo } from '../../src/video/probe.ts';
import { type ClipRequest, type Visit, visitBytes } from '../../src/video/visit.ts';
import { ffmpeg, withFolder } from './ffmpegs.ts';
import { framesOf, fullDecode } from './full-decode.ts';
import { ODD_VIDEOS, type OddVideo } from './odd-videos.ts';

const SIZE = { width: 48, height: 36 };

/** Clips by visit: both ends, around multiples of ten, random with repeats, and from each key frame that can be started from. */
function draw({ frames, seeks = [] }: VideoFacts): number[][][] {
  const random = rng(7, 'odd', frames);
  const inside = (...all: number[]): number[] => all.filter((frame) => frame >= 0 && frame < frames);
  const around = Array.from({ length: Math.ceil(frames / 10) }, (_, i) => inside(i * 10 - 1, i * 10, i * 10 + 1));
  const some = (): number[] => Array.from({ length: 6 }, () => random.integer(frames));
  const starts = seeks.slice(0, 2).map(([key], i) => inside(key, key + 1, key + 9, (seeks[i + 1]?.[0] ?? frames) - 1));
  return [
    [[0], inside(frames - 2, frames - 1), ...around.slice(0, 5), some(), some()],
    [[frames - 1, Math.floor(frames * 0.7), frames - 1]],
    ...starts.map((clip) => [clip]),
  ];
}

/** Whether key frames were found that decoding can start from. */
async function check({ make, unreadable = false, damaged = false }: OddVideo, folder: string): Promise<boolean> {
  const file = await make(ffmpeg, folder);
  const [facts, truth] = [await probeVideo(ffmpeg, file), await fullDecode(ffmpeg, file, SIZE)];
  const said = `${JSON.stringify(facts)}; ffmpeg alone: ${truth.frames} frames, end ${truth.end}, ${truth.stderr}`;
  assert.equal(facts.frames, truth.frames, said);
  // The static ffmpeg 7.0.2 that set-up provides does so on transport streams.
  if (truth.end === 'SIGSEGV') assert.match(facts.reason ?? '', /crashed/);
  if (unreadable || truth.end === 'SIGSEGV') {
    assert.equal(facts.verdict, 'unreadable', said);
    assert.ok((facts.reason ?? '').length > 0);
    return false;
  }
  assert.equal(facts.verdict, damaged ? 'damaged' : 'ok', said);
  for (const asked of draw(facts)) {
    const clips = asked.map((frames): ClipRequest => ({ frames, size: SIZE }));
    const visit: Visit = {
      file,
      seeks: facts.seeks,
      disposable: facts.disposable,
      steady: facts.changesSize !== true,
      clips: clips as [ClipRequest, ...ClipRequest[]],
    };
    const data = new Uint8Array(visitBytes(visit));
    const warning = await decodeVisit(ffmpeg, visit, data);
    assert.ok(framesOf(truth, asked.flat()).equals(data), `frames ${asked.join('; ')} of ${said}`);
    if (!damaged) assert.equal(warning, undefined);
  }
  // One more process for each video would say nothing new.
  if (facts.frames < 13)
    await assert.rejects(decodeFrames(ffmpeg, { file, frames: [facts.frames], size: SIZE }), /asked for frame/);
  return facts.seeks !== undefined;
}

for (const [name, video] of Object.entries(ODD_VIDEOS)) {
  if (!name.includes(process.env.ODD ?? '')) continue;
  test(name, (t) =>
    withFolder(async (folder) => {
      if (await check(video, folder)) t.diagnostic('with seeks');
    }),
  );
}
