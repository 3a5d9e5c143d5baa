import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selectFrames } from '../../src/video/select.ts';
import { ffmpegs, runDirectly } from './ffmpegs.ts';

test('regular clips are one term, others a search tree', () => {
  assert.equal(selectFrames([7]), "select='eq(n,7)'");
  assert.equal(selectFrames([2, 6, 10]), "select='between(n,2,10)*not(mod(n-2,4))'");
  assert.equal(selectFrames([0, 1, 2, 9]), "select='if(lt(n,9),between(n,0,2),eq(n,9))'");
});

for (const ffmpeg of ffmpegs) {
  test(`ffmpeg ${ffmpeg.version} passes exactly these frames`, async () => {
    // 400 irregular numbers: more terms than ffmpeg takes in a sum.
    const many = Array.from({ length: 400 }, (_, i) => 2 * i + ((i * i) % 7 > 3 ? 1 : 0));
    for (const frames of [[0], [799], [0, 1, 2, 3], [5, 9, 13, 14, 700], many]) {
      const source = ['-f', 'lavfi', '-i', 'color=s=16x16:r=25', '-frames:v', String(frames.length)];
      const sync = ffmpeg.versionNumber[0] >= 6 ? ['-fps_mode', 'passthrough'] : ['-vsync', '0'];
      const table = await runDirectly(ffmpeg, [
        ...source,
        ...['-vf', `${selectFrames(frames)},settb=1/25`, ...sync, '-f', 'framecrc', '-'],
      ]);
      // Column 3 is the time stamp, in frames: nothing here renumbers them.
      const passed = [...table.toString().matchAll(/^0,[^,]*, *(\d+),/gm)].map((match) => Number(match[1]));
      assert.deepEqual(passed, frames);
    }
  });
}
