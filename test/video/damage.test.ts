/** A few dozen damaged videos; `npm run proof:damage` tries thousands. */
import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { openSubject } from './damage-subject.ts';
import { descendants, readSound, tryDamage } from './damage-trials.ts';
import { ffmpeg, withFolder } from './ffmpegs.ts';
import { ODD_VIDEOS, type OddVideo } from './odd-videos.ts';

const TRIALS = 40;
const BASES = [
  'open groups of pictures, h264',
  'fragmented mp4',
  'AVI without times, B-frames',
  'odd sides',
  'uneven times in Matroska',
  'program stream',
];

test('damaged videos are refused or decode to what is left of them, and their neighbours are right', () =>
  withFolder(async (folder) => {
    // What is written for a while, here and in processes below, goes where nobody else writes.
    const temporary = path.join(folder, 'temporary');
    await mkdir(temporary);
    const usual = process.env.TMPDIR;
    process.env.TMPDIR = temporary;
    const { subject, decoders } = openSubject(ffmpeg, 2);
    const outcomes = new Set<string>();
    try {
      const files = await Promise.all(
        BASES.map(async (name, i) => {
          const own = path.join(folder, `made-${i}`);
          await mkdir(own);
          return (ODD_VIDEOS[name] as OddVideo).make(ffmpeg, own);
        }),
      );
      const sound = await readSound(ffmpeg, subject, files);
      assert.equal(sound.length, BASES.length);
      for (let number = 0; number < TRIALS; number += 4) {
        const trials = await Promise.all(
          Array.from({ length: 4 }, (_, i) =>
            tryDamage(number + i, { ffmpeg, subject, sound, folder, seed: 1, limitMs: 30_000 }),
          ),
        );
        for (const { faults, afterProbe, preparedBefore } of trials) {
          assert.deepEqual(faults, []);
          outcomes.add(afterProbe.kind).add(preparedBefore.kind);
        }
      }
    } finally {
      await decoders.close();
      if (usual === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = usual;
    }
    assert.deepEqual([...outcomes].sort(), ['delivered', 'not asked', 'refused', 'warned'], 'the trials try something');
    assert.deepEqual(descendants(), []);
    assert.deepEqual(await readdir(temporary), []);
  }));
