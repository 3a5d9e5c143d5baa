/** Odd videos as streams: every frame as a visit has it, which is how evaluation decodes. Set ODD to `all` to try all of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testSquare, testWindows } from '../../src/data/views.ts';
import { decodeFrames } from '../../src/video/decode.ts';
import { probeVideo } from '../../src/video/probe.ts';
import { streamFrames } from '../../src/video/stream.ts';
import { cropClip } from '../../src/video/window.ts';
import { ffmpeg, withFolder } from './ffmpegs.ts';
import { ODD_VIDEOS } from './odd-videos.ts';

const SOME = [
  'turned, with odd sides',
  'turned by 45°',
  'times that go back',
  'two edits',
  'AVI without times, B-frames',
];
const NAMES = process.env.ODD === 'all' ? Object.keys(ODD_VIDEOS) : SOME;

for (const name of NAMES) {
  test(name, () =>
    withFolder(async (folder) => {
      const file = await (ODD_VIDEOS[name] ?? assert.fail()).make(ffmpeg, folder);
      const facts = await probeVideo(ffmpeg, file);
      if (facts.verdict === 'unreadable') return;
      const { size, windows } = testWindows(facts, 32, 1, 37);
      const frames = Array.from({ length: facts.frames }, (_, i) => i);
      const all = await decodeFrames(ffmpeg, { file, frames, size });
      const seen: Buffer[] = [];
      const times: (number | undefined)[] = [];
      for await (const { data, seconds } of streamFrames(ffmpeg, { source: file, every: 1, ...testSquare(32, 37) })) {
        seen.push(Buffer.from(data));
        times.push(seconds);
      }
      assert.equal(seen.length, facts.frames);
      assert.ok(Buffer.concat(seen).equals(cropClip(all, windows[0] ?? assert.fail())), 'pixels');
      assert.ok(times.every((time) => time !== undefined));
    }),
  );
}
