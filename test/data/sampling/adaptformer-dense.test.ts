import assert from 'node:assert/strict';
import { test } from 'node:test';
import { samplers } from '../../../src/data/sampling/index.ts';
import { rng } from '../../../src/tensor/random.ts';
import { drawing } from './drawing.ts';

const sampler = samplers['adaptformer-dense'];
const paper = { frames: 8, stride: 4 };

test('the published positions come out, in long and in short videos', () => {
  assert.deepEqual(sampler.train(45, paper, drawing(13)), [13, 17, 21, 25, 29, 33, 37, 41]);
  assert.deepEqual(sampler.train(29, paper, drawing()), [0, 4, 8, 12, 16, 20, 24, 24]);
  assert.deepEqual(sampler.train(20, paper, drawing()), [0, 4, 8, 12, 16, 16, 16, 16]);
  assert.deepEqual(sampler.train(5, paper, drawing()), [0, 0, 0, 0, 0, 0, 0, 0]);
});

test('every start from 0 to the last window is drawn', () => {
  const starts = new Set<number>();
  for (let i = 0; i < 400; i++) starts.add(sampler.train(45, paper, rng(1, 'frames', i))[0] as number);
  assert.deepEqual(
    [...starts].sort((a, b) => a - b),
    Array.from({ length: 14 }, (_, i) => i),
  );
});

test('test clips start at sampled frames 0, 1, 2 and 4 of 12', () => {
  const clips = sampler.test(45, paper, 4);
  assert.deepEqual(
    clips.map((clip) => clip[0]),
    [0, 4, 8, 16],
  );
  assert.deepEqual(clips[3], [16, 20, 24, 28, 32, 36, 40, 44]);
});

test('one test clip lies in the middle; a short video repeats its last sampled frame', () => {
  assert.deepEqual(sampler.test(45, paper, 1), [[8, 12, 16, 20, 24, 28, 32, 36]]);
  const short = [0, 4, 8, 8, 8, 8, 8, 8];
  assert.deepEqual(sampler.test(10, paper, 3), [short, short, short]);
});

test('an image is a clip of its only frame', () => {
  assert.deepEqual(sampler.train(1, { frames: 1, stride: 4 }, drawing()), [0]);
  assert.deepEqual(sampler.train(1, { frames: 3, stride: 1 }, drawing()), [0, 0, 0]);
  assert.deepEqual(sampler.test(1, { frames: 1, stride: 4 }, 1), [[0]]);
  assert.deepEqual(sampler.test(1, { frames: 2, stride: 4 }, 2), [
    [0, 0],
    [0, 0],
  ]);
});
