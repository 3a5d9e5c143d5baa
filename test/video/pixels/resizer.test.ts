import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { makeResizing, type ResizeTask } from '../../../src/video/pixels/resizer.ts';
import type { Size, Window } from '../../../src/video/window.ts';
import { ffmpeg, runDirectly, withFolder } from '../ffmpegs.ts';
import { resizeExactly, roughPicture } from './definition.ts';

function resized(rgb: Uint8Array, task: ResizeTask): Uint8Array {
  const resizing = makeResizing(task);
  resizing.source.set(rgb);
  const into = new Uint8Array(task.size.width * task.size.height * 3);
  resizing.run(into);
  return into;
}

const whole = (size: Size): Window => ({ x: 0, y: 0, ...size });

test('windows are resized and mirrored by the definition, to half a level and the error of 14-bit weights', () => {
  const SSV2 = { width: 427, height: 240 };
  const CLIP = { width: 224, height: 224 };
  const tasks: readonly ResizeTask[] = [
    { source: SSV2, crop: { x: 50, y: 11, width: 250, height: 201 }, size: CLIP },
    { source: SSV2, crop: { x: 50, y: 11, width: 250, height: 201 }, size: CLIP, flip: true },
    { source: SSV2, crop: { x: 400, y: 200, width: 27, height: 40 }, size: { width: 223, height: 225 }, flip: true },
    { source: SSV2, size: { width: 37, height: 19 }, flip: true },
    { source: { width: 1281, height: 723 }, size: { width: 224, height: 130 } },
    { source: { width: 1281, height: 723 }, size: { width: 5, height: 3 }, flip: true },
    { source: { width: 30, height: 2 }, size: { width: 1, height: 1 } },
    { source: { width: 1, height: 1 }, size: { width: 7, height: 5 } },
    { source: { width: 2, height: 3 }, crop: { x: 1, y: 1, width: 1, height: 2 }, size: { width: 33, height: 2 } },
  ];
  for (const task of tasks) {
    const { source, crop = whole(source), size, flip } = task;
    const picture = roughPicture(source);
    const exact = resizeExactly(picture, source, crop, size, flip);
    const worst = resized(picture, task).reduce((most, value, i) => {
      return Math.max(most, Math.abs(value - (exact[i] as number)));
    }, 0);
    assert.ok(worst < 0.53, `${JSON.stringify(task)}: off by ${worst}`);
  }
});

test('a window as large as the result is only copied', () => {
  const source = { width: 40, height: 30 };
  const picture = roughPicture(source);
  const task = { source, crop: { x: 3, y: 5, width: 24, height: 20 }, size: { width: 24, height: 20 } };
  const cut = Array.from({ length: 20 }, (_, y) => [...picture.subarray(((y + 5) * 40 + 3) * 3).subarray(0, 72)]);
  assert.deepEqual([...resized(picture, task)], cut.flat());
  const mirrored = cut.map((row) => row.map((_, i) => row[(23 - Math.floor(i / 3)) * 3 + (i % 3)]));
  assert.deepEqual([...resized(picture, { ...task, flip: true })], mirrored.flat());
});

test('nothing outside the window has a part in the result, nor what was resized before', () => {
  const source = { width: 64, height: 48 };
  const crop = { x: 20, y: 9, width: 31, height: 29 };
  const task = { source, crop, size: { width: 17, height: 23 } };
  const picture = roughPicture(source);
  const before = resized(picture, task);
  resized(new Uint8Array(1281 * 723 * 3).fill(255), { source: { width: 1281, height: 723 }, size: crop });
  const inverted = picture.map((value, i) => {
    const [x, y] = [Math.floor(i / 3) % 64, Math.floor(i / 192)];
    return x >= 20 && x < 51 && y >= 9 && y < 38 ? value : 255 - value;
  });
  assert.deepEqual(resized(inverted, task), before);
});

test('only the resized frame is written, and frame after frame comes out the same', () => {
  const source = { width: 50, height: 40 };
  const size = { width: 13, height: 9 };
  const resizing = makeResizing({ source, size });
  resizing.source.set(roughPicture(source));
  const into = new Uint8Array(1000).fill(77);
  resizing.run(into.subarray(100));
  const first = into.slice(100, 451);
  resizing.run(into.subarray(100));
  assert.deepEqual(into.subarray(100, 451), first);
  assert.ok(into.every((value, i) => (i >= 100 && i < 451) || value === 77));
});

test('what makes no sense is refused', () => {
  const source = { width: 20, height: 10 };
  const size = { width: 4, height: 4 };
  assert.throws(
    () => makeResizing({ source, size, crop: { x: 5, y: 0, width: 16, height: 10 } }),
    /lies outside 20x10/,
  );
  assert.throws(() => makeResizing({ source, size, crop: { x: -1, y: 0, width: 5, height: 5 } }), /window at -1, 0/);
  assert.throws(() => makeResizing({ source, size: { width: 0, height: 4 } }), /to 0x4/);
  assert.throws(() => makeResizing({ source, size: { width: 2.5, height: 4 } }), /to 2.5x4/);
});

interface PillowCase {
  readonly source: readonly [number, number];
  readonly crop: readonly [number, number, number, number];
  readonly size: readonly [number, number];
  readonly rgb: string;
}

test('Pillow has the same numbers away from the edges, and everywhere when enlarging', async () => {
  const { cases } = JSON.parse(await readFile('test/video/pixels/pillow.json', 'utf8')) as { cases: PillowCase[] };
  assert.equal(cases.length, 3);
  for (const {
    source: [width, height],
    crop: [x, y, w, h],
    size: [W, H],
    rgb,
  } of cases) {
    const picture = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
      const [c, px, py] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
      return (7 * px * px + 13 * px * py + 3 * py * py + 91 * c) % 256;
    });
    const crop = { x, y, width: w, height: h };
    const ours = resized(picture, { source: { width, height }, crop, size: { width: W, height: H } });
    const theirs = Buffer.from(rgb, 'base64');
    assert.equal(theirs.length, ours.length);
    // Where a picture shrinks, Pillow's weights differ for outputs that reach over an edge: the outermost one.
    const [edgeX, edgeY] = [w > W ? 1 : 0, h > H ? 1 : 0];
    for (const [i, value] of ours.entries()) {
      const [px, py] = [Math.floor(i / 3) % W, Math.floor(i / 3 / W)];
      if (px < edgeX || px >= W - edgeX || py < edgeY || py >= H - edgeY) continue;
      // Pillow rounds to bytes between the passes too.
      assert.ok(Math.abs(value - (theirs[i] as number)) <= 1, `${W}x${H} at ${px}, ${py}: ${value}, ${theirs[i]}`);
    }
  }
});

test("ffmpeg's bilinear scaler has the same numbers, edges included", async () => {
  await withFolder(async (folder) => {
    const source = { width: 120, height: 90 };
    const picture = roughPicture(source);
    const file = path.join(folder, 'picture.rgb');
    await writeFile(file, picture);
    const raw = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', '120x90', '-i', file];
    for (const size of [
      { width: 64, height: 52 },
      { width: 200, height: 160 },
      { width: 31, height: 17 },
    ]) {
      // Planes of green, blue and red, none of them taken for chroma, of which half would be left out.
      const filters = `crop=100:80:7:4,format=gbrp,scale=${size.width}:${size.height}:flags=bilinear+accurate_rnd+full_chroma_inp+full_chroma_int`;
      const planes = await runDirectly(ffmpeg, [...raw, '-vf', filters, '-f', 'rawvideo', '-pix_fmt', 'gbrp', '-']);
      const crop = { x: 7, y: 4, width: 100, height: 80 };
      const ours = resized(picture, { source, crop, size });
      const pixels = size.width * size.height;
      const order = [2, 0, 1];
      const worst = ours.reduce((most, value, i) => {
        const plane = order[i % 3] as number;
        return Math.max(most, Math.abs(value - (planes[plane * pixels + Math.floor(i / 3)] as number)));
      }, 0);
      assert.ok(worst <= 1, `${size.width}x${size.height}: ${worst} levels`);
    }
  });
});
