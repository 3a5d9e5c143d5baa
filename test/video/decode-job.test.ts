import assert from 'node:assert/strict';
import { stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { likenessOf } from '../../src/video/copies/copy.ts';
import { packVideo } from '../../src/video/copies/pack.ts';
import { openDecoders } from '../../src/video/decoders.ts';
import { readPackedClips } from '../../src/video/packed/read-clips.ts';
import { type ClipRequest, type Visit, visitBytes } from '../../src/video/visit.ts';
import { ffmpeg, runDirectly, withFolder } from './ffmpegs.ts';

const SIZE = { width: 96, height: 72 };
const CLIPS: [ClipRequest, ...ClipRequest[]] = [
  { frames: [2, 5, 8, 11], size: { width: 32, height: 32 }, crop: { x: 7, y: 5, width: 60, height: 60 } },
  { frames: [11, 0, 0, 5], size: { width: 32, height: 32 }, flip: true },
];

test('packed copies and videos wait in one queue, and both are delivered like the original', () =>
  withFolder(async (folder) => {
    const file = path.join(folder, 'made.mkv');
    const source = ['-f', 'lavfi', '-i', 'testsrc2=s=96x72:r=12:d=1,gblur=sigma=4'];
    await runDirectly(ffmpeg, [...source, '-c:v', 'ffv1', '-pix_fmt', 'yuv420p', file]);
    const packed = path.join(folder, 'made.mjpk');
    const facts = { ...SIZE, frames: 12, fps: 12 };
    await packVideo(ffmpeg, { file, copy: packed, kind: { kind: 'jpeg', shortSide: 256, quality: 95 }, facts });
    const bytes = (await stat(packed)).size;
    const decoders = openDecoders(ffmpeg, { concurrency: 1 });
    const visit = async (asked: Visit): Promise<Uint8Array> => {
      const into = new Uint8Array(visitBytes(asked));
      assert.deepEqual(await decoders.visit(asked, into), {});
      return into;
    };
    try {
      const asked: Visit[] = [packed, file, packed, packed, file].map((one) => ({ file: one, clips: CLIPS }));
      const clips = await Promise.all(asked.map(visit));
      const direct = new Uint8Array(visitBytes({ file: packed, clips: CLIPS }));
      await readPackedClips(packed, CLIPS, direct);
      for (const i of [0, 2, 3]) assert.deepEqual(clips[i], direct, `visit ${i}`);
      assert.deepEqual(clips[4], clips[1]);
      const likeness = likenessOf(clips[0] as Uint8Array, clips[1] as Uint8Array);
      assert.ok(likeness > 32, `${likeness} dB`);

      const augment = [{ name: 'invert' }] as unknown as ClipRequest['augment'];
      const inverted = CLIPS.map((clip) => ({ ...clip, augment })) as unknown as Visit['clips'];
      const [ofPacked, ofVideo] = await Promise.all(
        [packed, file].map((one) => visit({ file: one, source: SIZE, clips: inverted })),
      );
      const back = (ofPacked as Uint8Array).map((value) => 255 - value);
      const inverse = likenessOf(back, clips[1] as Uint8Array);
      assert.ok(inverse > 28, `${inverse} dB inverted`);
      assert.ok(likenessOf(ofPacked as Uint8Array, ofVideo as Uint8Array) > 28);

      await assert.rejects(visit({ file: packed, bytes: bytes + 1, clips: CLIPS }), {
        kind: 'data',
        message: /changed/,
      });
      await truncate(packed, bytes - 40);
      const results = await Promise.allSettled([visit(asked[0] as Visit), visit(asked[1] as Visit)]);
      assert.deepEqual(
        results.map(({ status }) => status),
        ['rejected', 'fulfilled'],
      );
      assert.match(String((results[0] as PromiseRejectedResult).reason), /made\.mjpk/);
    } finally {
      await decoders.close();
    }
  }));
