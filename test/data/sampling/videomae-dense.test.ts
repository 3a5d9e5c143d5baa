import assert from 'node:assert/strict';
import { test } from 'node:test';
import { samplers } from '../../../src/data/sampling/index.ts';
import { rng } from '../../../src/tensor/random.ts';
import { drawing } from './drawing.ts';

const sampler = samplers['videomae-dense'];
const paper = { frames: 16, stride: 4 };

test('a long video: 16 numbers over 64 frames, both ends included', () => {
  // The end is drawn from 64..D-1; 0 draws 64.
  const first = [0, 4, 8, 12, 17, 21, 25, 29, 34, 38, 42, 46, 51, 55, 59, 63];
  assert.deepEqual(sampler.train(300, paper, drawing(0)), first);
  assert.deepEqual(
    sampler.train(300, paper, drawing(235)),
    first.map((frame) => frame + 235),
  );
});

test('the end is never the last frame', () => {
  const last = new Set<number>();
  for (let i = 0; i < 200; i++) last.add(sampler.train(70, paper, rng(1, 'frames', i)).at(-1) as number);
  assert.deepEqual(
    [...last].sort((a, b) => a - b),
    [63, 64, 65, 66, 67, 68],
  );
});

test('a short video is walked through once, then its last frame repeats', () => {
  const walked = [0, 4, 8, 13, 17, 22, 26, 31, 35, 39, 39, 39, 39, 39, 39, 39];
  assert.deepEqual(sampler.train(40, paper, drawing()), walked);
  assert.deepEqual(sampler.train(10, paper, drawing()), [0, ...Array(15).fill(9)]);
  assert.deepEqual(sampler.train(64, paper, drawing()).slice(-2), [59, 63]);
  assert.deepEqual(sampler.train(3, paper, drawing()), Array(16).fill(2));
});

test('5 test clips of a video of 300 frames start at 0, 56, 116, 176, 236 with a stride of exactly 4', () => {
  const clips = sampler.test(300, paper, 5);
  assert.deepEqual(
    clips.map((clip) => clip[0]),
    [0, 56, 116, 176, 236],
  );
  for (const clip of clips) {
    assert.equal(clip.length, 16);
    assert.ok(clip.every((frame, i) => frame === (clip[0] as number) + 4 * i));
  }
  assert.equal(sampler.test(300, paper, 1)[0]?.[0], 116);
});

test('an image is a clip of its only frame', () => {
  assert.deepEqual(sampler.train(1, { frames: 1, stride: 4 }, drawing()), [0]);
  assert.deepEqual(sampler.train(1, { frames: 1, stride: 1 }, drawing()), [0]);
  assert.deepEqual(sampler.test(1, { frames: 1, stride: 4 }, 1), [[0]]);
});
