import assert from 'node:assert/strict';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { before, test } from 'node:test';
import { PetlVideoError } from '../../../src/errors/index.ts';
import { packVideo } from '../../../src/video/copies/pack.ts';
import { layoutOf, parseFront } from '../../../src/video/packed/layout.ts';
import { clipBytes, type PackedClip, readPackedClips } from '../../../src/video/packed/read-clips.ts';
import { decodeAll, ffmpeg, runDirectly, withFolder } from '../ffmpegs.ts';

const SIZE = { width: 171, height: 97 };
const FRAMES = 12;
let packed: Buffer;
let original: Uint8Array;

before(async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, 'made.mkv');
    const source = `testsrc2=s=172x98:r=12:d=${FRAMES / 12},scale=171:97`;
    await runDirectly(ffmpeg, ['-f', 'lavfi', '-i', source, '-c:v', 'ffv1', '-pix_fmt', 'yuv420p', file]);
    original = (await decodeAll(ffmpeg, file, SIZE)).data;
    const copy = path.join(folder, 'made.mjpk');
    const facts = { ...SIZE, frames: FRAMES, fps: 12 };
    await packVideo(ffmpeg, { file, copy, kind: { kind: 'jpeg', shortSide: 256, quality: 95 }, facts });
    packed = await readFile(copy);
  });
});

async function withPacked(bytes: Uint8Array, check: (file: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const file = path.join(folder, 'video.mjpk');
    await writeFile(file, bytes);
    await check(file);
  });
}

async function read(file: string, ...clips: PackedClip[]): Promise<Uint8Array> {
  const into = new Uint8Array(clipBytes(clips));
  await readPackedClips(file, clips, into);
  return into;
}

const isDataError = (file: string) => (thrown: unknown) =>
  thrown instanceof PetlVideoError && thrown.kind === 'data' && thrown.at === file;

test('frames are the asked ones, in the asked order, repeats too', async () => {
  await withPacked(packed, async (file) => {
    const frames = [7, 0, 11, 7, 3];
    const bytes = SIZE.width * SIZE.height * 3;
    const clip = await read(file, { frames, size: SIZE });
    for (const [t, frame] of frames.entries()) {
      const distance = Array.from({ length: FRAMES }, (_, other) => {
        let sum = 0;
        for (let i = 0; i < bytes; i++) {
          sum += Math.abs((clip[t * bytes + i] as number) - (original[other * bytes + i] as number));
        }
        return sum / bytes;
      });
      assert.equal(distance.indexOf(Math.min(...distance)), frame);
      assert.ok((distance[frame] as number) < 10, `${distance[frame]} levels from the original`);
    }
  });
});

test('several clips at once are what each is alone, whatever strips they share', async () => {
  await withPacked(packed, async (file) => {
    const clips: PackedClip[] = [
      { frames: [1, 2, 3], crop: { x: 0, y: 0, width: 40, height: 50 }, size: { width: 32, height: 32 } },
      { frames: [3, 2, 9], crop: { x: 100, y: 9, width: 71, height: 80 }, size: { width: 32, height: 32 }, flip: true },
      { frames: [2], size: { width: 50, height: 20 } },
    ];
    const alone = await Promise.all(clips.map((clip) => read(file, clip)));
    assert.deepEqual(Buffer.from(await read(file, ...clips)), Buffer.concat(alone));
  });
});

test('a window is the same part of the picture, wherever strips begin', async () => {
  await withPacked(packed, async (file) => {
    const whole = await read(file, { frames: [5], size: SIZE });
    for (const x of [0, 30, 32, 34, 62, 96, 110]) {
      const crop = { x, y: 10, width: 60, height: 64 };
      const part = await read(file, { frames: [5], crop, size: { width: 60, height: 64 } });
      // Two pixels from the edge inwards, where chroma has no neighbour outside.
      for (let row = 2; row < 62; row++) {
        const from = ((row + 10) * SIZE.width + x + 2) * 3;
        const cut = part.subarray((row * 60 + 2) * 3, (row * 60 + 58) * 3);
        assert.deepEqual(cut, whole.subarray(from, from + 56 * 3), `window at ${x}, row ${row}`);
      }
    }
  });
});

test('frames and windows that are not there, and files that are none, are data errors', async () => {
  await withPacked(packed, async (file) => {
    const size = { width: 8, height: 8 };
    await assert.rejects(read(file, { frames: [12], size }), /frame 12 was asked for; the packed video has 12/);
    await assert.rejects(read(file, { frames: [-1], size }), isDataError(file));
    const crop = { x: 100, y: 0, width: 72, height: 97 };
    await assert.rejects(read(file, { frames: [0], crop, size }), /lies outside 171x97/);
    await assert.rejects(read(`${file}.no`, { frames: [0], size }), /the file is missing/);
    await assert.rejects(readPackedClips(file, [{ frames: [0], size }], new Uint8Array(191)), RangeError);
    const stopped = AbortSignal.abort(new Error('enough'));
    const into = new Uint8Array(192);
    await assert.rejects(readPackedClips(file, [{ frames: [0], size }], into, { signal: stopped }), /enough/);
    await writeFile(file, 'no packed video at all, but long enough to hold a header');
    await assert.rejects(read(file, { frames: [0], size }), /this is no packed video/);
    await writeFile(file, '');
    await assert.rejects(read(file, { frames: [0], size }), /the file is empty/);
  });
});

test('a cut or changed file gives a data error or the right frames, never wrong ones', async () => {
  const clip = { frames: [0, 4, 11], size: { width: 40, height: 40 } };
  await withPacked(packed, async (file) => {
    const right = await read(file, clip);
    for (const length of [1, 27, 28, 200, 2000, Math.floor(packed.length / 2), packed.length - 1]) {
      await writeFile(file, packed);
      await truncate(file, length);
      await assert.rejects(read(file, clip), isDataError(file), `cut to ${length} bytes`);
    }
    await writeFile(file, Buffer.concat([packed, Buffer.from([0])]));
    await assert.rejects(read(file, clip), isDataError(file), 'a byte too many');
    let refused = 0;
    for (let i = 0; i < 400; i++) {
      // Half of them in the front, which is the smaller part.
      const at = i % 2 === 0 ? Math.floor((i / 400) * packed.length) : Math.floor((i / 400) * 1600);
      const damaged = Buffer.from(packed);
      damaged[at] = (damaged[at] as number) ^ (1 << (i % 8));
      await writeFile(file, damaged);
      try {
        assert.deepEqual(await read(file, clip), right, `byte ${at} changed`);
      } catch (thrown) {
        if (!isDataError(file)(thrown)) throw thrown;
        refused++;
      }
    }
    assert.ok(refused > 200, `only ${refused} were refused`);
  });
});

test('the file says what it holds', () => {
  const { facts, sizes } = parseFront(packed.subarray(0, packed.readUInt32LE(12)), 'file');
  const { width, height, frames, quality } = facts;
  assert.deepEqual({ width, height, frames, quality }, { ...SIZE, frames: FRAMES, quality: 95 });
  assert.equal(facts.original.width, 171);
  assert.equal(sizes.length, FRAMES * 6);
  assert.deepEqual(layoutOf(SIZE), { strips: 6, stride: 104 + 56, chromaAt: 104, stripBlocks: 80 });
});
