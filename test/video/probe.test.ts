import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { PetlVideoError } from '../../src/errors/index.ts';
import { decodeFrames } from '../../src/video/decode.ts';
import type { VideoFacts } from '../../src/video/facts.ts';
import { probeVideo } from '../../src/video/probe.ts';
import { ffmpeg, ffmpegs, runDirectly, scriptedFfmpeg, withFolder } from './ffmpegs.ts';

const unreadable = { frames: 0, width: 0, height: 0, fps: 0, verdict: 'unreadable' };
const SIZE = { width: 32, height: 24 };

async function makeVideo(file: string, ...coding: string[]): Promise<Buffer> {
  const source = ['-f', 'lavfi', '-i', 'testsrc=s=160x120:r=25:d=2', '-pix_fmt', 'yuv420p', '-c:v', 'libx264'];
  await runDirectly(ffmpeg, [...source, ...coding, file]);
  return readFile(file);
}

for (const from of ffmpegs) {
  test(`ffmpeg ${from.version}: a sound video`, () =>
    withFolder(async (folder) => {
      const file = path.join(folder, 'v.mp4');
      await makeVideo(file);
      const { seeks: _seeks, disposable: _disposable, ...facts } = await probeVideo(from, file);
      assert.deepEqual(facts, { frames: 50, width: 160, height: 120, fps: 25, verdict: 'ok' });
    }));

  test(`ffmpeg ${from.version}: what is no video is unreadable, with the reason in few words`, () =>
    withFolder(async (folder) => {
      const reasonOf = async (name: string, content: Buffer | string | undefined): Promise<string> => {
        const file = path.join(folder, name);
        if (content !== undefined) await writeFile(file, content);
        const { reason, ...facts } = await probeVideo(from, file);
        assert.deepEqual(facts, unreadable, name);
        assert.ok(reason !== undefined && !reason.includes(folder) && !/0x[0-9a-f]{6}|\n/.test(reason), reason);
        await assert.rejects(
          decodeFrames(from, { file, frames: [0], size: SIZE }),
          (error) => error instanceof PetlVideoError && error.kind === 'data' && error.at === file,
          name,
        );
        return reason;
      };
      const whole = await makeVideo(path.join(folder, 'whole.mp4'));
      assert.match(await reasonOf('absent.mp4', undefined), /missing/);
      assert.match(await reasonOf('empty.mp4', ''), /the file is empty/);
      assert.match(
        await reasonOf('text.avi', 'This is a page that says the video is gone.\n'.repeat(60)),
        /Invalid data/,
      );
      assert.match(await reasonOf('short.mp4', whole.subarray(0, 700)), /moov atom not found|Invalid data/);
      assert.match(await reasonOf('moov.mp4', whole.subarray(0, whole.length - 3000)), /moov atom not found/);
      const noise = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i * 31 + i * 7) & 255));
      assert.match(await reasonOf('noise.avi', noise), /Invalid data|could not find|not found/i);
      await runDirectly(ffmpeg, ['-f', 'lavfi', '-i', 'sine=d=1', path.join(folder, 'sound.m4a')]);
      assert.match(await reasonOf('sound.m4a', undefined), /^no video stream$/);
      await mkdir(path.join(folder, 'folder.mp4'));
      assert.match(await reasonOf('folder.mp4', undefined), /this is a folder/);
    }));

  test(`ffmpeg ${from.version}: sound with a cover picture is no video`, () =>
    withFolder(async (folder) => {
      const [cover, file] = [path.join(folder, 'c.png'), path.join(folder, 'song.m4a')];
      await runDirectly(ffmpeg, ['-f', 'lavfi', '-i', 'testsrc=s=64x64', '-frames:v', '1', cover]);
      const inputs = ['-f', 'lavfi', '-i', 'sine=d=1', '-i', cover];
      await runDirectly(ffmpeg, [...inputs, '-c:v', 'copy', '-disposition:v', 'attached_pic', '-f', 'mp4', file]);
      assert.deepEqual(await probeVideo(from, file), { ...unreadable, reason: 'no video stream' });
    }));

  test(`ffmpeg ${from.version}: damaged videos, and the count is what decoding delivers`, () =>
    withFolder(async (folder) => {
      const front = await makeVideo(path.join(folder, 'front.mp4'), '-movflags', '+faststart', '-g', '10');
      const matroska = await makeVideo(path.join(folder, 'whole.mkv'), '-g', '10');
      const flipped = Buffer.from(front);
      for (let i = 0; i < 400; i++) flipped[Math.floor(front.length * 0.6) + i] = (flipped[(0.6 * i) | 0] ?? 0) ^ 0x5a;
      const damaged: Record<string, Buffer> = {
        'cut.mp4': front.subarray(0, Math.floor(front.length * 0.6)),
        'cut.mkv': matroska.subarray(0, Math.floor(matroska.length * 0.6)),
        'flipped.mp4': flipped,
      };
      for (const [name, content] of Object.entries(damaged)) {
        const file = path.join(folder, name);
        await writeFile(file, content);
        const facts: VideoFacts = await probeVideo(from, file);
        assert.equal(facts.verdict, 'damaged', `${name} ${facts.reason}`);
        assert.ok(facts.frames > 10 && facts.frames <= 50, `${name}: ${facts.frames} frames`);
        if (name.startsWith('cut')) assert.ok(facts.frames < 40, `${name}: ${facts.frames} frames`);
        assert.ok(facts.reason !== undefined && !facts.reason.includes(folder), facts.reason);
        const every = Array.from({ length: facts.frames }, (_, i) => i);
        const decoded = await decodeFrames(from, { file, frames: every, size: SIZE });
        assert.equal(decoded.data.length, facts.frames * SIZE.width * SIZE.height * 3);
        await assert.rejects(
          decodeFrames(from, { file, frames: [...every, facts.frames], size: SIZE }),
          (error) => error instanceof PetlVideoError && error.message.includes(`got ${facts.frames}`),
          name,
        );
      }
      const made = await decodeFrames(from, {
        file: path.join(folder, 'flipped.mp4'),
        frames: Array.from({ length: (await probeVideo(from, path.join(folder, 'flipped.mp4'))).frames }, (_, i) => i),
        size: SIZE,
      });
      assert.ok(
        made.warning !== undefined && !made.warning.includes(folder),
        'a clip made up in part carries a warning',
      );
    }));

  test(`ffmpeg ${from.version}: images of any name and any extension are clips of one frame`, () =>
    withFolder(async (folder) => {
      const picture = (name: string, ...more: string[]): Promise<unknown> =>
        runDirectly(ffmpeg, [
          '-f',
          'lavfi',
          '-i',
          'testsrc=s=40x30',
          '-frames:v',
          '1',
          ...more,
          path.join(folder, name),
        ]);
      for (const name of ['p.png', 'p.jpg', 'p.bmp', 'p.webp', 'p.tiff']) await picture(name);
      const odd = [
        'a%d.png',
        'b%03d.png',
        'a*b?.png',
        '-x.png',
        '#1 [x]{y}.png',
        `q'q"q.png`,
        'ü ö:c.png',
        'http:x.png',
      ];
      const names = ['p.png', 'p.jpg', 'p.bmp', 'p.webp', 'p.tiff', 'noextension', 'png.jpg', ...odd];
      for (const name of names.slice(5)) await copyFile(path.join(folder, 'p.png'), path.join(folder, name));
      const reference = await decodeFrames(from, { file: path.join(folder, 'p.png'), frames: [0], size: SIZE });
      for (const name of names) {
        const file = path.join(folder, name);
        assert.deepEqual(
          await probeVideo(from, file),
          { frames: 1, width: 40, height: 30, fps: 0, verdict: 'ok' },
          name,
        );
        const { data, frames } = await decodeFrames(from, { file, frames: [0, 0], size: SIZE });
        assert.equal(frames, 2);
        assert.ok(Buffer.from(data.subarray(0, data.length / 2)).equals(data.subarray(data.length / 2)), name);
        if (!/^p\.(jpg|webp)/.test(name)) {
          assert.ok(Buffer.from(data.subarray(0, data.length / 2)).equals(reference.data), name);
        }
      }
    }));

  test(`ffmpeg ${from.version}: videos of any name`, () =>
    withFolder(async (folder) => {
      const video = await makeVideo(path.join(folder, 'v.mp4'));
      for (const name of [
        '-dash.mp4',
        '#hash (1) [2]!&;+~@.avi',
        '%d.mp4',
        'a:b.mp4',
        `'"ß.mp4`,
        'file:x.mp4',
        ' .mp4',
      ]) {
        const file = path.join(folder, name);
        await writeFile(file, video);
        assert.equal((await probeVideo(from, file)).frames, 50, name);
        assert.equal((await decodeFrames(from, { file, frames: [49], size: SIZE })).frames, 1, name);
      }
    }));

  test(`ffmpeg ${from.version}: an image lying on its side by Exif stays as it is stored`, () =>
    withFolder(async (folder) => {
      const plain = path.join(folder, 'plain.jpg');
      await runDirectly(ffmpeg, ['-f', 'lavfi', '-i', 'testsrc=s=40x30', '-frames:v', '1', plain]);
      const bytes = await readFile(plain);
      // APP1 with one entry: orientation (0x112) = 6, a quarter turn.
      const tiff = '49492a0008000000' + '0100' + '120103000100000006000000' + '00000000';
      const exif = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), Buffer.from(tiff, 'hex')]);
      const marker = Buffer.from([0xff, 0xe1, 0, exif.length + 2]);
      const file = path.join(folder, 'turned.jpg');
      await writeFile(file, Buffer.concat([bytes.subarray(0, 2), marker, exif, bytes.subarray(2)]));
      const { width, height } = await probeVideo(from, file);
      assert.deepEqual([width, height], [40, 30]);
      const [one, other] = await Promise.all(
        [plain, file].map((image) => decodeFrames(from, { file: image, frames: [0], size: SIZE })),
      );
      assert.ok(Buffer.from(one?.data ?? []).equals(other?.data ?? new Uint8Array(1)));
    }));
}

test('one frame of video has the rate of its duration', () =>
  withFolder(async (folder) => {
    const file = path.join(folder, 'one.mp4');
    await makeVideo(file, '-frames:v', '1');
    assert.deepEqual(await probeVideo(ffmpeg, file), { frames: 1, width: 160, height: 120, fps: 25, verdict: 'ok' });
  }));

test('a crash of ffmpeg is the reason; a missing ffmpeg and an abort are not the video’s fault', () =>
  withFolder(async (folder) => {
    const file = path.join(folder, 'v.mp4');
    await makeVideo(file);
    const crashing = await scriptedFfmpeg(folder, 'kill -SEGV $$');
    assert.deepEqual(await probeVideo(crashing, file), { ...unreadable, reason: 'ffmpeg crashed (SIGSEGV)' });
    await assert.rejects(
      probeVideo({ ...ffmpeg, path: path.join(folder, 'nothing') }, file),
      (error) => error instanceof PetlVideoError && error.kind === 'environment',
    );
    await assert.rejects(probeVideo(ffmpeg, file, { signal: AbortSignal.abort(new Error('stop')) }), /^Error: stop$/);
  }));
