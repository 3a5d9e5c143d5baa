import assert from 'node:assert/strict';
import { test } from 'node:test';
import { samplers } from '../../../src/data/sampling/index.ts';
import { rng } from '../../../src/tensor/random.ts';
import { drawing } from './drawing.ts';

const sampler = samplers.segments;
const paper = { frames: 16, stride: 4 };

test('training takes one random frame of each segment and never the tail', () => {
  // 45 frames: segments of 2, and 13 frames that no segment holds.
  const draws = [0, 1, 1, 0, 0, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1];
  assert.deepEqual(
    sampler.train(45, paper, drawing(...draws)),
    draws.map((draw, i) => 2 * i + draw),
  );
  const seen = new Set<number>();
  for (let i = 0; i < 100; i++) for (const frame of sampler.train(45, paper, rng(1, 'frames', i))) seen.add(frame);
  assert.equal(seen.size, 32);
  assert.equal(Math.max(...seen), 31);
});

test('a video with fewer frames than segments is spread over the clip', () => {
  assert.deepEqual(sampler.train(5, { frames: 8, stride: 1 }, drawing()), [0, 0, 1, 1, 2, 3, 3, 4]);
  assert.deepEqual(sampler.train(1, paper, drawing()), Array(16).fill(0));
});

test('the two published test clips of 45 frames', () => {
  assert.deepEqual(sampler.test(45, paper, 2), [
    [0, 2, 5, 8, 11, 14, 16, 19, 22, 25, 28, 30, 33, 36, 39, 42],
    [1, 4, 7, 9, 12, 15, 18, 21, 23, 26, 29, 32, 35, 37, 40, 43],
  ]);
});

test('one test clip takes the middle of each segment', () => {
  assert.deepEqual(sampler.test(40, { frames: 4, stride: 1 }, 1), [[5, 15, 25, 35]]);
  assert.deepEqual(sampler.test(1, { frames: 1, stride: 1 }, 1), [[0]]);
});

test('three clips interleave and have T frames each, in short videos too', () => {
  assert.deepEqual(sampler.test(36, { frames: 4, stride: 1 }, 3), [
    [0, 9, 18, 27],
    [3, 12, 21, 30],
    [6, 15, 24, 33],
  ]);
  for (const clip of sampler.test(3, { frames: 4, stride: 1 }, 3)) {
    assert.equal(clip.length, 4);
    assert.ok(clip.every((frame) => frame >= 0 && frame < 3));
  }
});
