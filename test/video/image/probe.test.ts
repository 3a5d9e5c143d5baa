import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { imageLibraries } from '../../../src/video/image/decode-image.ts';
import { imageFacts, probeImage } from '../../../src/video/image/probe.ts';
import { probeVideo } from '../../../src/video/probe.ts';
import { ffmpeg, withFolder } from '../ffmpegs.ts';
import { bytesOf, SIZE } from './pictures.ts';

const { sharp } = await imageLibraries();
const skip = sharp === undefined ? 'sharp is not installed' : false;

test('facts of sound, cut, broken and missing images; names do not count', { skip }, () =>
  withFolder(async (folder) => {
    const place = async (name: string, from: string): Promise<string> => {
      const file = path.join(folder, name);
      await writeFile(file, bytesOf(from));
      return file;
    };
    const ok = { frames: 1, ...SIZE, fps: 0, verdict: 'ok' };
    for (const name of ['rgb.jpg', 'turned.jpg', 'cmyk.jpg', 'palette.png', 'lossy.webp', 'lzw.tif', 'still.gif']) {
      assert.deepEqual(await probeImage(await place(`${name}.jpg`, name)), ok, name);
    }
    const cut = await probeImage(await place('%d cut.jpg', 'cut.jpg'));
    assert.deepEqual([cut.frames, cut.verdict], [1, 'damaged']);
    assert.match(cut.reason ?? '', /premature end/i);

    const none = { frames: 0, width: 0, height: 0, fps: 0, verdict: 'unreadable' };
    await writeFile(path.join(folder, 'empty.jpg'), '');
    await mkdir(path.join(folder, 'folder.jpg'));
    for (const [name, reason] of [
      ['missing.jpg', 'the file is missing'],
      ['empty.jpg', 'the file is empty'],
      ['folder.jpg', 'this is a folder, not a video or an image'],
    ] as const) {
      assert.deepEqual(await probeImage(path.join(folder, name)), { ...none, reason });
    }
  }),
);

test('videos, moving pictures and what no library reads are for ffmpeg', { skip }, () =>
  withFolder(async (folder) => {
    for (const name of ['moving.gif', 'rgb.bmp', 'head-only.jpg']) {
      const file = path.join(folder, name);
      await writeFile(file, bytesOf(name));
      assert.equal(await imageFacts(file), undefined, name);
    }
    const moving = await probeVideo(ffmpeg, path.join(folder, 'moving.gif'));
    assert.deepEqual([moving.frames, moving.width, moving.height], [2, SIZE.width, SIZE.height]);
    const bmp = await probeVideo(ffmpeg, path.join(folder, 'rgb.bmp'));
    assert.deepEqual([bmp.frames, bmp.width, bmp.height, bmp.fps, bmp.verdict], [1, 9, 7, 0, 'ok']);
    assert.equal((await probeVideo(ffmpeg, path.join(folder, 'head-only.jpg'))).verdict, 'unreadable');
  }),
);
