/** Videos made on the spot, with everything that makes frame numbers go wrong; see samples.test.ts for real ones. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { PetlVideoError } from '../../src/errors/index.ts';
import { rng } from '../../src/tensor/random.ts';
import { decodeAtShortSide, decodeFrames } from '../../src/video/decode.ts';
import type { Ffmpeg } from '../../src/video/ffmpeg.ts';
import { probeVideo } from '../../src/video/probe.ts';
import { cropClip, type Size } from '../../src/video/window.ts';
import { decodeAll, ffmpeg, ffmpegs, runDirectly, withFolder } from './ffmpegs.ts';

interface Made extends Size {
  readonly file: string;
  readonly frames: number;
  readonly fps?: number;
}

const source = (size: string, seconds: number): string[] => [
  '-f',
  'lavfi',
  '-i',
  `testsrc=s=${size}:r=20:d=${seconds}`,
];
const x264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p'];

/** Made by the program's own ffmpeg and read by all. */
const VIDEOS: Record<string, (folder: string) => Promise<Made>> = {
  'B-frames in open groups of pictures': async (folder) => {
    const file = path.join(folder, 'b.mp4');
    const coding = ['-bf', '3', '-g', '12', '-x264-params', 'open-gop=1:b-pyramid=normal:scenecut=0'];
    await runDirectly(ffmpeg, [...source('160x120', 2), ...x264, ...coding, file]);
    return { file, frames: 40, width: 160, height: 120, fps: 20 };
  },
  'packed B-frames without time stamps': async (folder) => {
    const file = path.join(folder, 'packed.avi');
    await runDirectly(ffmpeg, [...source('160x120', 2), '-c:v', 'mpeg4', '-bf', '2', '-g', '300', file]);
    return { file, frames: 40, width: 160, height: 120, fps: 20 };
  },
  'a variable frame rate': async (folder) => {
    const file = path.join(folder, 'vfr.mkv');
    // 20 frames in the first second, then 10 of which each lasts three times as long: 30 frames, 28 of 1/20 s.
    const uneven = "select='lt(n,20)+not(mod(n-20,3))'";
    await runDirectly(ffmpeg, [...source('160x120', 2.5), '-vf', uneven, '-fps_mode', 'passthrough', ...x264, file]);
    return { file, frames: 30, width: 160, height: 120, fps: (29 * 20) / 47 };
  },
  'an odd size': async (folder) => {
    const file = path.join(folder, 'odd.mkv');
    await runDirectly(ffmpeg, [...source('107x61', 1), '-c:v', 'ffv1', '-pix_fmt', 'yuv420p', file]);
    return { file, frames: 20, width: 107, height: 61, fps: 20 };
  },
  'a picture on its side': async (folder) => {
    const [flat, file] = [path.join(folder, 'flat.mp4'), path.join(folder, 'turned.mp4')];
    await runDirectly(ffmpeg, [...source('160x90', 1), ...x264, flat]);
    await runDirectly(ffmpeg, ['-i', flat, '-c', 'copy', file]);
    // The track's matrix in 16.16 fixed point, from upright to a quarter turn.
    const bytes = await readFile(file);
    const track = bytes.indexOf('tkhd') + 4 + 40;
    bytes.set([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0], track);
    await writeFile(file, bytes);
    return { file, frames: 20, width: 90, height: 160, fps: 20 };
  },
  'an edit list that hides the first frames': async (folder) => {
    const [whole, file] = [path.join(folder, 'whole.mp4'), path.join(folder, 'edited.mp4')];
    await runDirectly(ffmpeg, [...source('160x120', 2), ...x264, '-g', '20', '-bf', '0', whole]);
    await runDirectly(ffmpeg, ['-ss', '0.5', '-i', whole, '-c', 'copy', file]);
    return { file, frames: 30, width: 160, height: 120, fps: 20 };
  },
  'a size that changes on the way': async (folder) => {
    const parts = await Promise.all(
      ['160x120', '80x200'].map(async (size, i) => {
        const part = path.join(folder, `${i}.m2v`);
        await runDirectly(ffmpeg, [...source(size, 1), '-c:v', 'mpeg2video', '-bf', '0', '-g', '10', part]);
        return readFile(part);
      }),
    );
    const file = path.join(folder, 'changing.m2v');
    await writeFile(file, Buffer.concat(parts));
    // The decoder lets go of the last picture before the change.
    return { file, frames: 39, width: 160, height: 120 };
  },
  'ten bits and full colour': async (folder) => {
    const file = path.join(folder, 'deep.mkv');
    await runDirectly(ffmpeg, [...source('160x120', 1), '-c:v', 'ffv1', '-pix_fmt', 'yuv444p10le', file]);
    return { file, frames: 20, width: 160, height: 120, fps: 20 };
  },
};

const SMALL = { width: 48, height: 36 };

async function checkFrames(from: Ffmpeg, made: Made): Promise<void> {
  const { file, frames, fps, ...size } = made;
  const facts = await probeVideo(from, file);
  const said = { frames: facts.frames, width: facts.width, height: facts.height, verdict: facts.verdict };
  assert.deepEqual(said, { frames, width: size.width, height: size.height, verdict: 'ok' }, facts.reason);
  // Matroska keeps time in milliseconds.
  if (fps !== undefined) assert.ok(Math.abs(facts.fps / fps - 1) < 2e-3, `${facts.fps} frames/s, not ${fps}`);

  const all = await decodeAll(from, file, SMALL);
  assert.equal(all.frames, frames);
  const distinct = new Set(
    Array.from({ length: frames }, (_, i) => hashOf(cropClip(all, { x: 0, y: 0, ...SMALL }, [i]))),
  );
  assert.ok(distinct.size > 0.9 * frames, 'the test can tell frames apart');
  for (let draw = 0; draw < 4; draw++) {
    const random = rng(5, 'frames', draw);
    const chosen = Array.from({ length: 1 + random.integer(12) }, () => random.integer(frames));
    const decoded = await decodeFrames(from, { file, frames: chosen, size: SMALL });
    assertSame(decoded.data, cropClip(all, { x: 0, y: 0, ...SMALL }, chosen), `frames ${chosen}`);
    assert.equal(decoded.warning, undefined);
  }
  const every = await decodeFrames(from, { file, frames: Array.from({ length: frames }, (_, i) => i), size: SMALL });
  assertSame(every.data, all.data);
  await assert.rejects(
    decodeFrames(from, { file, frames: [0, frames], size: SMALL }),
    (error) =>
      error instanceof PetlVideoError && error.kind === 'data' && error.at === file && /got 1\b/.test(error.message),
  );
}

/** `deepEqual` would print every byte. */
function assertSame(got: Uint8Array, want: Uint8Array, what?: string): void {
  assert.equal(got.length, want.length, what);
  const differing = got.findIndex((value, i) => value !== want[i]);
  assert.equal(differing, -1, what);
}

const hashOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

for (const from of ffmpegs) {
  for (const [what, make] of Object.entries(VIDEOS)) {
    test(`ffmpeg ${from.version}, ${what}: exactly the frames asked for`, () =>
      withFolder(async (folder) => {
        const made = await make(folder);
        if (what.includes('changes')) await checkChangingSize(from, made);
        else await checkFrames(from, made);
      }));
  }

  test(`ffmpeg ${from.version}: crop, size, flip and interpolation`, () =>
    withFolder(async (folder) => {
      const file = path.join(folder, 'v.mkv');
      await runDirectly(ffmpeg, [...source('161x121', 0.5), '-c:v', 'ffv1', '-pix_fmt', 'yuv420p', file]);
      const crop = { x: 15, y: 9, width: 101, height: 77 };
      const asked = { file, frames: [2, 7], crop, size: SMALL };
      const reference = await decodeAll(from, file, SMALL, { filters: 'crop=101:77:15:9:exact=1,' });
      const plain = await decodeFrames(from, asked);
      assertSame(plain.data, cropClip(reference, { x: 0, y: 0, ...SMALL }, [2, 7]));

      const flipped = await decodeFrames(from, { ...asked, flip: true });
      const mirrored = new Uint8Array(plain.data.length);
      for (let pixel = 0; pixel < plain.data.length / 3; pixel++) {
        const x = pixel % SMALL.width;
        const other = pixel - x + (SMALL.width - 1 - x);
        mirrored.set(plain.data.subarray(pixel * 3, pixel * 3 + 3), other * 3);
      }
      assertSame(flipped.data, mirrored);
      assert.ok(!Buffer.from(flipped.data).equals(plain.data));

      const bicubic = await decodeFrames(from, { ...asked, interpolation: 'bicubic' });
      const area = await decodeFrames(from, { ...asked, interpolation: 'area' });
      assert.ok(!Buffer.from(bicubic.data).equals(plain.data));
      assert.ok(!Buffer.from(area.data).equals(bicubic.data));
    }));

  test(`ffmpeg ${from.version}: a window without resizing is that part of the whole picture`, () =>
    withFolder(async (folder) => {
      const file = path.join(folder, 'v.mkv');
      await runDirectly(ffmpeg, [...source('160x120', 0.5), '-c:v', 'ffv1', '-pix_fmt', 'yuv444p', file]);
      const window = { x: 33, y: 17, width: 64, height: 50 };
      const whole = await decodeAll(from, file, { width: 160, height: 120 });
      const part = await decodeFrames(from, { file, frames: [4], crop: window, size: { width: 64, height: 50 } });
      assertSame(part.data, cropClip(whole, window, [4]));
      await assert.rejects(
        decodeFrames(from, { file, frames: [4], crop: { ...window, x: 100 }, size: SMALL }),
        (error) => error instanceof PetlVideoError && error.kind === 'data',
      );
    }));

  test(`ffmpeg ${from.version}: all of a video at a short side`, () =>
    withFolder(async (folder) => {
      const file = path.join(folder, 'v.mkv');
      await runDirectly(ffmpeg, [...source('121x161', 0.5), '-c:v', 'ffv1', '-pix_fmt', 'yuv420p', file]);
      const size = { width: 40, height: 53 };
      const asked = { file, frames: [9, 0, 9], source: { width: 121, height: 161 }, shortSide: 40 };
      const decoded = await decodeAtShortSide(from, asked);
      const expected = cropClip(await decodeAll(from, file, size), { x: 0, y: 0, ...size }, [9, 0, 9]);
      assert.deepEqual({ ...decoded, data: 0 }, { data: 0, frames: 3, ...size });
      assertSame(decoded.data, expected);
    }));

  test(`ffmpeg ${from.version}: colours by the stream's tags, BT.601 without`, () =>
    withFolder(async (folder) => {
      const file = path.join(folder, 'v.mkv');
      const pixel = async (...tags: string[]): Promise<number[]> => {
        const yuv = ['-f', 'lavfi', '-i', 'color=c=0x5A5A5A:s=32x32:r=5:d=0.2', '-vf'];
        const planes = ['format=yuv420p,geq=lum=90:cb=90:cr=90', '-c:v', 'libx264', '-qp', '0', ...tags];
        await runDirectly(ffmpeg, [...yuv, ...planes, file]);
        return [
          ...(await decodeFrames(from, { file, frames: [0], size: { width: 32, height: 32 } })).data.subarray(0, 3),
        ];
      };
      // Y = Cb = Cr = 90 by the definitions: R = 1.164 (Y-16) + 1.596 (Cr-128) and so on, to one level of rounding.
      const near = (got: number[], want: number[]): void =>
        assert.ok(
          got.every((value, i) => Math.abs(value - (want[i] ?? 0)) <= 2),
          `${got}, not ${want}`,
        );
      near(await pixel(), [25, 132, 10]);
      near(await pixel('-bsf:v', 'h264_metadata=matrix_coefficients=1'), [18, 115, 6]);
      near(await pixel('-bsf:v', 'h264_metadata=video_full_range_flag=1'), [37, 130, 23]);
    }));
}

/** Pictures of another size are brought to the first one's; `select` must not begin to count anew. */
async function checkChangingSize(from: Ffmpeg, { file, frames, ...size }: Made): Promise<void> {
  const facts = await probeVideo(from, file);
  const { width, height } = size;
  assert.deepEqual([facts.frames, facts.width, facts.height], [frames, width, height]);
  const all = await decodeFrames(from, { file, frames: Array.from({ length: frames }, (_, i) => i), size: SMALL });
  const first = await decodeAll(from, path.join(path.dirname(file), '0.m2v'), SMALL);
  const second = await decodeAll(from, path.join(path.dirname(file), '1.m2v'), SMALL);
  assert.equal(first.frames + second.frames - 1, frames);
  assertSame(
    cropClip(all, { x: 0, y: 0, ...SMALL }, [0, 7, 18]),
    cropClip(first, { x: 0, y: 0, ...SMALL }, [0, 7, 18]),
  );
  // The second part is scaled twice, so it is alike, not equal: nearest to itself among all frames of its part.
  const distance = (i: number, j: number): number => {
    const bytes = SMALL.width * SMALL.height * 3;
    const [a, b] = [all.data.subarray(i * bytes, (i + 1) * bytes), second.data.subarray(j * bytes, (j + 1) * bytes)];
    return a.reduce((sum, value, k) => sum + Math.abs(value - (b[k] ?? 0)), 0);
  };
  for (const i of [19, 27, 38]) {
    const distances = Array.from({ length: second.frames }, (_, j) => distance(i, j));
    assert.equal(distances.indexOf(Math.min(...distances)), i - 19);
  }
  const chosen = [3, 14, 22, 31, 38];
  const crop = { x: 20, y: 10, width: 100, height: 100 };
  const cropped = await decodeFrames(from, { file, frames: chosen, crop, size: SMALL });
  const every = { file, frames: Array.from({ length: frames }, (_, i) => i), crop, size: SMALL };
  assertSame(cropped.data, cropClip(await decodeFrames(from, every), { x: 0, y: 0, ...SMALL }, chosen));
}

test('requests that cannot be meant are refused', async () => {
  const asked = { file: 'nothing.mp4', size: SMALL };
  const isData = (words: RegExp) => (error: unknown) =>
    error instanceof PetlVideoError && error.kind === 'data' && error.at === 'nothing.mp4' && words.test(error.message);
  await assert.rejects(decodeFrames(ffmpeg, { ...asked, frames: [-1] }), isData(/frame -1/));
  await assert.rejects(decodeFrames(ffmpeg, { ...asked, frames: [1.5] }), isData(/frame 1\.5/));
  await assert.rejects(decodeFrames(ffmpeg, { ...asked, frames: [0] }), isData(/missing/));
  await assert.rejects(decodeFrames(ffmpeg, { ...asked, frames: [] }), RangeError);
});
