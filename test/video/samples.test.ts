/** Real files of the data sets: exactly the frames asked for, as a full decode by ffmpeg alone has them, or a refusal. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { PetlVideoError } from '../../src/errors/index.ts';
import { rng } from '../../src/tensor/random.ts';
import { decodeFrames } from '../../src/video/decode.ts';
import { probeVideo } from '../../src/video/probe.ts';
import { cropClip } from '../../src/video/window.ts';
import { decodeAll, ffmpegs } from './ffmpegs.ts';

const samples = path.resolve('..', 'shared', 'samples');
const SMALL = { width: 64, height: 48 };
const WHOLE = { x: 0, y: 0, ...SMALL };

/** Frames that decode; the AVI files of HMDB51 claim one more. */
const FRAMES: Readonly<Record<string, number>> = {
  'RATRACE_wave_f_nm_np1_fr_goo_37.avi': 72,
  'SchoolRulesHowTheyHelpUs_wave_f_nm_np1_ba_med_0.avi': 74,
  'TrumanShow_wave_f_nm_np1_fr_med_26.avi': 48,
  'hmdb51_Turnk_r_Pippi_Michel_cartwheel_f_cm_np2_le_med_6.avi': 83,
  'task5_0.webm': 52,
};

async function videosOf(folder: string): Promise<string[]> {
  const names = await readdir(path.join(samples, folder));
  const videos = names.filter((name) => /\.(avi|mp4|webm|mov)$/.test(name)).sort();
  // The many files of one class are alike.
  return videos.slice(0, 7).map((name) => path.join(samples, folder, name));
}

for (const folder of ['hmdb51', 'ucf101', 'kinetics400', 'ssv2', 'robustness', 'tennis/backhand']) {
  test(`${folder}: exactly the frames asked for`, async (t) => {
    if (!existsSync(path.join(samples, folder))) return t.skip('samples not present');
    const videos = await videosOf(folder);
    assert.ok(videos.length > 0);
    for (const ffmpeg of ffmpegs) {
      // Of the second ffmpeg, which takes long to start, a few files.
      for (const [index, file] of (ffmpeg === ffmpegs[0] ? videos : videos.slice(0, 2)).entries()) {
        const name = `${path.basename(file)} by ffmpeg ${ffmpeg.version}`;
        const damaged = name.startsWith('corrupted');
        const facts = await probeVideo(ffmpeg, file);
        assert.equal(facts.verdict, damaged ? 'damaged' : 'ok', `${name}: ${facts.reason}`);
        const all = await decodeAll(ffmpeg, file, SMALL, { threads: damaged ? 1 : 0 });
        assert.equal(facts.frames, all.frames, name);
        assert.equal(facts.frames, FRAMES[path.basename(file)] ?? facts.frames, name);
        const { frames } = facts;
        const random = rng(11, 'frames', index);
        const chosen = [...Array.from({ length: 14 }, () => random.integer(frames)), frames - 1, 0];
        const clip = await decodeFrames(ffmpeg, { file, frames: chosen, size: SMALL });
        assert.ok(Buffer.from(clip.data).equals(cropClip(all, WHOLE, chosen)), `${name}: frames ${chosen}`);
        await assert.rejects(
          decodeFrames(ffmpeg, { file, frames: [frames], size: SMALL }),
          (error) => error instanceof PetlVideoError && error.kind === 'data' && error.at === file,
          name,
        );
      }
    }
  });
}

test('turned videos have the size at which they are displayed', async (t) => {
  const folder = path.join(samples, 'robustness');
  if (!existsSync(folder)) return t.skip('samples not present');
  for (const ffmpeg of ffmpegs) {
    for (const [angle, size] of Object.entries({ 0: '568x320', 90: '320x568', 180: '568x320', 270: '320x568' })) {
      const { width, height } = await probeVideo(ffmpeg, path.join(folder, `video_${angle}.mov`));
      assert.equal(`${width}x${height}`, size, `video_${angle}`);
    }
  }
});
