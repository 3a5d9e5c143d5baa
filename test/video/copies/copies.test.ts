import assert from 'node:assert/strict';
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { type CopyKind, comparedFrames, copySize, likenessOf } from '../../../src/video/copies/copy.ts';
import { packVideo } from '../../../src/video/copies/pack.ts';
import { openPackThreads } from '../../../src/video/copies/pack-threads.ts';
import { transcodeVideo } from '../../../src/video/copies/transcode.ts';
import { readPackedClips } from '../../../src/video/packed/read-clips.ts';
import { probeVideo } from '../../../src/video/probe.ts';
import { decodeAll, ffmpeg, runDirectly, withFolder } from '../ffmpegs.ts';

const JPEG: CopyKind = { kind: 'jpeg', shortSide: 48, quality: 80 };
const GOP: CopyKind = { kind: 'gop', shortSide: 48, gop: 5, crf: 18 };
const makers = { jpeg: packVideo, gop: transcodeVideo };

/** 23 frames of 91 x 73 with uneven time stamps. */
async function makeUneven(folder: string): Promise<string> {
  const file = path.join(folder, 'uneven.mkv');
  const source = "testsrc2=s=92x74:r=10:d=3,scale=91:73,select='not(eq(mod(n,4),1))',setpts=PTS+mod(N*N\\,3)*0.03/TB";
  const coding = ['-fps_mode', 'passthrough', '-c:v', 'ffv1', '-pix_fmt', 'yuv420p'];
  await runDirectly(ffmpeg, ['-f', 'lavfi', '-i', source, ...coding, file]);
  return file;
}

test('both kinds of copies keep every frame in its place, shrunk and never enlarged', async () => {
  await withFolder(async (folder) => {
    const file = await makeUneven(folder);
    const facts = await probeVideo(ffmpeg, file);
    assert.equal(facts.frames, 22);
    for (const kind of [JPEG, GOP]) {
      const copy = path.join(folder, `copy-${kind.kind}`);
      const made = await makers[kind.kind](ffmpeg, { file, copy, kind, facts });
      const size = kind.kind === 'jpeg' ? { width: 59, height: 48 } : { width: 58, height: 48 };
      assert.deepEqual({ width: made.facts.width, height: made.facts.height }, size);
      assert.equal(made.facts.frames, 22);
      assert.equal(made.facts.fps, facts.fps);
      assert.equal(made.bytes, (await stat(copy)).size);
      assert.ok(made.likeness > 28, `${made.likeness} dB`);
      const wanted = await decodeAll(ffmpeg, file, size);
      const bytes = size.width * size.height * 3;
      let got: Uint8Array = new Uint8Array(22 * bytes);
      if (kind.kind === 'jpeg')
        await readPackedClips(copy, [{ frames: Array.from({ length: 22 }, (_, i) => i), size }], got);
      else got = (await decodeAll(ffmpeg, copy, size)).data;
      assert.equal(got.length, 22 * bytes);
      for (let frame = 0; frame < 22; frame++) {
        const own = got.subarray(frame * bytes, (frame + 1) * bytes);
        const likeness = [frame - 1, frame, frame + 1].map((other) =>
          other < 0 || other > 21 ? 0 : likenessOf(own, wanted.data.subarray(other * bytes, (other + 1) * bytes)),
        );
        assert.equal(likeness.indexOf(Math.max(...likeness)), 1, `${kind.kind}: frame ${frame} has ${likeness} dB`);
      }
      assert.deepEqual(
        (await readdir(folder)).filter((name) => name.startsWith('.')),
        [],
      );
    }
  });
});

test('an h264 copy has a key frame every so many frames and none that needs a later one', async () => {
  await withFolder(async (folder) => {
    const file = await makeUneven(folder);
    const copy = path.join(folder, 'copy.mp4');
    await transcodeVideo(ffmpeg, { file, copy, kind: GOP, facts: await probeVideo(ffmpeg, file) });
    const packets = (
      await runDirectly(ffmpeg, ['-i', copy, '-c', 'copy', '-copyts', '-f', 'framecrc', '-'])
    ).toString();
    const rows = packets.split('\n').filter((line) => /^0,/.test(line));
    assert.equal(rows.length, 22);
    const keys = rows.flatMap((row, i) => (row.includes('F=') ? [] : [i]));
    assert.deepEqual(keys, [0, 5, 10, 15, 20]);
    for (const row of rows) assert.equal(row.split(',')[1]?.trim(), row.split(',')[2]?.trim());
  });
});

test('a copy that is not the original is refused and nothing is left', async () => {
  await withFolder(async (folder) => {
    const file = await makeUneven(folder);
    const facts = await probeVideo(ffmpeg, file);
    for (const kind of [JPEG, GOP]) {
      const copy = path.join(folder, 'copy');
      const more = { ...facts, frames: 25 };
      await assert.rejects(
        makers[kind.kind](ffmpeg, { file, copy, kind, facts: more }),
        /the copy has 22 frames, the original 25/,
      );
      const missing = path.join(folder, 'none.mkv');
      await assert.rejects(makers[kind.kind](ffmpeg, { file: missing, copy, kind, facts }), /the file is missing/);
      const signal = AbortSignal.abort(new Error('enough'));
      await assert.rejects(makers[kind.kind](ffmpeg, { file, copy, kind, facts }, { signal }), /enough/);
      assert.deepEqual(await readdir(folder), ['uneven.mkv']);
    }
    const poor: CopyKind = { kind: 'jpeg', shortSide: 48, quality: 1 };
    const copy = path.join(folder, 'copy');
    await assert.rejects(
      packVideo(ffmpeg, { file, copy, kind: poor, facts }),
      /differs from the original: .* dB, where 28/,
    );
    assert.deepEqual(await readdir(folder), ['uneven.mkv']);
  });
});

test('threads pack one video after the other, pass errors on and stop when told', async () => {
  await withFolder(async (folder) => {
    const file = await makeUneven(folder);
    const facts = await probeVideo(ffmpeg, file);
    const threads = openPackThreads(ffmpeg);
    const { signal } = new AbortController();
    try {
      const task = { file, copy: path.join(folder, 'a.mjpk'), kind: JPEG, facts };
      const both = await Promise.all([
        threads.pack(task, signal),
        threads.pack({ ...task, copy: `${task.copy}2` }, signal),
      ]);
      assert.deepEqual(both[0], both[1]);
      await assert.rejects(threads.pack({ ...task, facts: { ...facts, frames: 3 } }, signal), /has 22 frames/);
      const stop = new AbortController();
      const stopped = threads.pack(task, stop.signal);
      stop.abort(new Error('enough'));
      await assert.rejects(stopped, /enough/);
      await rm(task.copy);
      assert.deepEqual(await threads.pack(task, signal), both[0]);
    } finally {
      await threads.close();
    }
  });
});

test('sizes, compared frames and likeness', () => {
  assert.deepEqual(copySize({ width: 1920, height: 1080 }, 256), { width: 455, height: 256 });
  assert.deepEqual(copySize({ width: 427, height: 240 }, 256), { width: 427, height: 240 });
  assert.deepEqual(comparedFrames(1), [0]);
  assert.deepEqual(comparedFrames(5), [0, 1, 2, 3, 4]);
  assert.deepEqual(comparedFrames(111), [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110]);
  assert.equal(likenessOf(Uint8Array.of(1, 2), Uint8Array.of(1, 2)), 99);
  // A mean square of 10: 10 log10(65025 / 10).
  assert.ok(Math.abs(likenessOf(Uint8Array.of(0, 4, 0, 6, 8), Uint8Array.of(0, 0, 3, 6, 3)) - 38.1308) < 1e-3);
});
