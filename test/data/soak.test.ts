/** A short soak; `npm run proof:soak` makes 100,000 visits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { descendants } from '../video/damage-trials.ts';
import { ffmpeg, withFolder } from '../video/ffmpegs.ts';
import { leaks, soak } from './soak.ts';

test('1,500 visits through the loader leave memory and descriptors where they were', () =>
  withFolder(async (folder) => {
    const samples = await soak({ ffmpeg, folder, visits: 1500, samples: 30 });
    assert.ok(samples.length >= 25 && samples.every(({ processes }) => processes.length >= 2));
    // Node's heaps still grow to their working size in so short a time.
    assert.deepEqual(leaks(samples, { rssMiB: 48, descriptors: 4 }), []);
    assert.deepEqual(descendants(), []);
  }));
