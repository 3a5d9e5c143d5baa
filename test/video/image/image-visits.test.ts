/** Images through the decoders, as the loader asks for them. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { testWindows } from '../../../src/data/views.ts';
import { Interrupted } from '../../../src/errors/index.ts';
import { applyOperations, type Operation } from '../../../src/video/augment/operations.ts';
import { type Decoders, openDecoders } from '../../../src/video/decoders.ts';
import { imageLibraries } from '../../../src/video/image/decode-image.ts';
import { openResizable } from '../../../src/video/pixels/picture-resizer.ts';
import { type ClipRequest, type Visit, visitBytes } from '../../../src/video/visit.ts';
import { ffmpeg, withFolder } from '../ffmpegs.ts';
import { bytesOf, SIZE, views } from './pictures.ts';

const { sharp } = await imageLibraries();
const skip = sharp === undefined ? 'sharp is not installed' : false;
const CLIP = { width: 16, height: 16 };
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let decoders: Decoders;
before(() => {
  decoders = openDecoders(ffmpeg, { concurrency: 2, lazy: true });
});
after(() => decoders.close());

const visitOf = (file: string, ...clips: [Partial<ClipRequest>, ...Partial<ClipRequest>[]]): Visit => ({
  file,
  image: true,
  source: SIZE,
  clips: clips.map((clip) => ({ frames: [0], size: CLIP, ...clip })) as unknown as Visit['clips'],
});

async function decoded(visit: Visit): Promise<Uint8Array> {
  const into = new Uint8Array(visitBytes(visit));
  await decoders.visit(visit, into);
  return into;
}

async function place(folder: string, name: string): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, bytesOf(name));
  return file;
}

test("torchvision's views and crops, to the byte", { skip }, () =>
  withFolder(async (folder) => {
    for (const { file: name, interpolation, resize, crop, sha: expected } of views) {
      const file = await place(folder, name);
      let request: Partial<ClipRequest>;
      if (crop !== undefined) {
        const [x, y, width, height] = crop;
        request = { crop: { x, y, width, height }, flip: true, interpolation };
      } else {
        const { size, windows } = testWindows(SIZE, CLIP.width, 1, resize);
        const { x = 0, y = 0 } = windows[0] ?? {};
        request = { cut: { of: size, x, y }, interpolation };
      }
      assert.equal(sha(await decoded(visitOf(file, request))), expected, `${name} ${interpolation} ${resize ?? crop}`);
    }
  }),
);

test('many at once, clips of one image, repeated frames and shared memory', { skip }, () =>
  withFolder(async (folder) => {
    const file = await place(folder, 'rgb.jpg');
    const half = { x: 0, y: 0, width: 20, height: 26 };
    const [one, other] = await Promise.all([
      decoded(visitOf(file, {})),
      decoded(visitOf(file, { crop: half, flip: true })),
    ]);
    const many = await Promise.all(
      Array.from({ length: 70 }, async (_, i) => {
        const visit = visitOf(file, { frames: [0, 0] }, { crop: half, flip: true });
        const into = new Uint8Array(new SharedArrayBuffer(visitBytes(visit) + i), i);
        await decoders.visit(visit, into);
        return into;
      }),
    );
    for (const made of many) assert.deepEqual(Buffer.from(made), Buffer.concat([one, one, other]));
  }),
);

test('operations on the whole picture come before the crop, those on the clip at last', { skip }, () =>
  withFolder(async (folder) => {
    const file = await place(folder, 'rgb.png');
    const operations: readonly Operation[] = [{ name: 'invert' }, { name: 'rotate', degrees: 20 }];
    const opened = { data: new Uint8Array(SIZE.width * SIZE.height * 3), frames: 1, ...SIZE };
    opened.data.set(await decoded(visitOf(file, { size: SIZE })));
    const plain = await decoded(visitOf(file, {}));
    applyOperations(opened, operations);
    const picture = openResizable(SIZE);
    picture.source.set(opened.data);
    const before = new Uint8Array(CLIP.width * CLIP.height * 3);
    picture.resize({ size: CLIP }, before);
    assert.deepEqual(await decoded(visitOf(file, { augment: operations })), before);
    applyOperations({ data: plain, frames: 1, ...CLIP }, operations);
    assert.deepEqual(await decoded(visitOf(file, { finish: operations })), plain);
  }),
);

test('ffmpeg decodes what no library reads, and pictures are resized the same', { skip }, () =>
  withFolder(async (folder) => {
    const bmp = await place(folder, 'rgb.bmp');
    // The upper left 9 x 7 pixels of the PNG.
    const png = await place(folder, 'rgb.png');
    const cut: Visit = { ...visitOf(bmp, { interpolation: 'bicubic', flip: true }), source: { width: 9, height: 7 } };
    const same = visitOf(png, { crop: { x: 0, y: 0, width: 9, height: 7 }, interpolation: 'bicubic', flip: true });
    assert.deepEqual(await decoded(cut), await decoded(same));
  }),
);

test('what is wrong with an image is said as of a video, and only it is lost', { skip }, () =>
  withFolder(async (folder) => {
    const file = await place(folder, 'rgb.jpg');
    const broken = await place(folder, 'head-only.jpg');
    const missing = path.join(folder, 'missing.jpg');
    const grown = path.join(folder, 'grown.jpg');
    await writeFile(grown, bytesOf('rgb.jpg'));
    await appendFile(grown, 'more');
    const bytes = bytesOf('rgb.jpg').length;
    const asked: readonly [Visit, RegExp][] = [
      [visitOf(missing, {}), /^the file is missing\n {2}at .*missing\.jpg/],
      [{ ...visitOf(grown, {}), bytes }, new RegExp(`^the file has changed since it was prepared: ${bytes + 4} bytes`)],
      [
        { ...visitOf(file, {}), source: { width: 5, height: 5 } },
        /^the picture has changed since it was prepared: 37x26/,
      ],
      [visitOf(file, { frames: [0, 3] }), /^asked for 2 frames \(0-3\), got 0/],
      [visitOf(broken, {}), /^asked for frame 0, got 0/],
    ];
    const settled = await Promise.allSettled([...asked.map(([visit]) => decoded(visit)), decoded(visitOf(file, {}))]);
    for (const [i, [, words]] of asked.entries()) {
      const one = settled[i];
      assert.ok(one?.status === 'rejected' && one.reason.kind === 'data', `${i}`);
      assert.match(one.reason.message, words);
    }
    assert.equal(settled.at(-1)?.status, 'fulfilled');
    const cut = visitOf(await place(folder, 'cut.jpg'), {});
    const { warning } = await decoders.visit(cut, new Uint8Array(visitBytes(cut)));
    assert.match(warning ?? '', /premature end/i);
  }),
);

test('closing rejects what waits', { skip }, () =>
  withFolder(async (folder) => {
    const file = await place(folder, 'rgb.jpg');
    const own = openDecoders(ffmpeg, { concurrency: 1, lazy: true });
    const visit = visitOf(file, {});
    const all = Array.from({ length: 100 }, () => own.visit(visit, new Uint8Array(visitBytes(visit))));
    const settled = Promise.allSettled(all);
    await own.close();
    const last = (await settled).at(-1);
    assert.ok(last?.status === 'rejected' && last.reason instanceof Interrupted);
  }),
);
