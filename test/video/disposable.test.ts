import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { decodeVisit } from '../../src/video/decode.ts';
import { canDrop, dropUnwanted, isDisposable, writeDisposable } from '../../src/video/disposable.ts';
import { probeVideo } from '../../src/video/probe.ts';
import { type Visit, visitBytes } from '../../src/video/visit.ts';
import { ffmpeg, runDirectly, scriptedFfmpeg, withFolder } from './ffmpegs.ts';

const skip = !canDrop(ffmpeg) && 'this ffmpeg does not drop packets before it decodes them';

test('what is written is read back: the packets of unwanted disposable frames, and the ranks of the others', () => {
  // I0 P3 B1 B2 P6 B4 B5: packets in decoding order 0 3 1 2 6 4 5.
  const packets = [undefined, 2, 3, undefined, 5, 6, undefined];
  const text = writeDisposable(packets);
  assert.equal(text, '-NN-NN-');
  assert.ok(isDisposable(text) && !isDisposable('-nN') && !isDisposable(7));
  const dropped = dropUnwanted(text, [2, 6]);
  assert.deepEqual(dropped?.options, ['-bsf:v', "noise=drop='if(lt(n,6),between(n,2,5)*not(mod(n-2,3)),eq(n,6))'"]);
  assert.deepEqual(
    [2, 6].map((frame) => dropped?.rank(frame)),
    [1, 3],
  );
  // Behind the last wanted frame nothing is decoded anyway.
  assert.deepEqual(dropUnwanted(text, [0, 2])?.options, ['-bsf:v', "noise=drop='eq(n,2)'"]);
  assert.equal(dropUnwanted(text, [0, 1]), undefined);
  assert.equal(writeDisposable([40]), '-', 'a packet too far from its frame is kept');
});

test('frames that are left out change none of those that are wanted', { skip }, () =>
  withFolder(async (folder) => {
    const file = path.join(folder, 'b-frames.mp4');
    const source = ['-f', 'lavfi', '-i', 'testsrc2=s=96x64:r=25:d=4'];
    await runDirectly(ffmpeg, [...source, '-c:v', 'mpeg4', '-bf', '2', '-g', '50', file]);
    const { frames, disposable, seeks } = await probeVideo(ffmpeg, file);
    assert.equal(frames, 100);
    assert.match(disposable ?? '', /^-(N N|N)/);
    assert.ok((disposable?.match(/[A-Y]/g)?.length ?? 0) > 50, disposable);
    const noting = await scriptedFfmpeg(folder, `echo "$@" >> '${folder}/calls'\nexec "$FFMPEG" "$@"`);
    const size = { width: 48, height: 32 };
    for (const wanted of [[0, 4, 8, 12], [1, 2, 3, 40], [17, 18, 99], [98, 33, 33], [60, 64, 68, 72], [99]]) {
      const plain: Visit = { file, clips: [{ frames: wanted, size }] };
      const whole = new Uint8Array(visitBytes(plain));
      const left = new Uint8Array(visitBytes(plain));
      await decodeVisit(ffmpeg, plain, whole);
      assert.equal(await decodeVisit(noting, { ...plain, disposable, seeks: undefined }, left), undefined);
      assert.deepEqual(left, whole, `frames ${wanted}`);
      assert.equal(await decodeVisit(ffmpeg, { ...plain, disposable, seeks }, left), undefined);
      assert.deepEqual(left, whole, `frames ${wanted}, with seeks`);
    }
    const calls = (await readFile(path.join(folder, 'calls'), 'utf8')).trim().split('\n');
    assert.equal(calls.filter((call) => call.includes('noise=drop')).length, 6);
  }),
);

test('videos whose packets are not told apart, or that have no such frames, have none', () =>
  withFolder(async (folder) => {
    const source = ['-f', 'lavfi', '-i', 'testsrc2=s=96x64:r=25:d=4'];
    for (const [name, coding] of [
      ['no-b.mp4', ['-c:v', 'mpeg4']],
      ['short.mp4', ['-t', '1', '-c:v', 'mpeg4', '-bf', '2']],
      ['intra.mkv', ['-c:v', 'ffv1']],
    ] as const) {
      const file = path.join(folder, name);
      await runDirectly(ffmpeg, [...source, ...coding, file]);
      const { verdict, disposable } = await probeVideo(ffmpeg, file);
      assert.deepEqual({ verdict, disposable }, { verdict: 'ok', disposable: undefined }, name);
    }
  }));
