import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { type PictureArray, readPictures, writePictures } from '../../src/data/picture-arrays.ts';
import { dataError, Interrupted } from '../../src/errors/index.ts';

/** Pictures of 2 x 1 pixels, 25 of them. */
function arrayIn(folder: string, count = 25, onPicture: (i: number) => void = () => {}): PictureArray {
  return {
    split: 'train',
    files: [{ file: path.join(folder, 'source.bin'), md5: 'd41d8cd98f00b204e9800998ecf8427e' }],
    ...{ width: 2, height: 1, expected: count },
    async *pictures() {
      for (let i = 0; i < count; i++) {
        onPicture(i);
        yield { label: i % 7, data: Uint8Array.of(i & 0xff, i >> 8, 0, 1, 2, 3) };
      }
    },
  };
}

async function withFolder(check: (folder: string, out: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'pictures-'));
  try {
    await writeFile(path.join(folder, 'source.bin'), '');
    await check(folder, path.join(folder, 'images'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const shards = (out: string) => readdir(path.join(out, 'train')).then((names) => names.sort());

test('shards, labels beside them, the official file known by its md5', async () => {
  await withFolder(async (folder, out) => {
    const seen: [number, number][] = [];
    const signal = new AbortController().signal;
    const written = await writePictures({
      arrays: [arrayIn(folder)],
      folder: out,
      shard: 10,
      signal,
      onProgress: (...at) => seen.push(at),
    });
    assert.equal(written, 25);
    assert.deepEqual(await shards(out), ['000', '001', '002']);
    assert.equal((await readdir(path.join(out, 'train', '002'))).length, 5);
    assert.deepEqual(seen.at(-1), [25, 25]);
    const { splits, size, source, notes } = await readPictures(out, ['train']);
    assert.deepEqual(splits[0]?.entries[21], { id: 'train/000021', file: 'train/002/000021.png', label: 21 % 7 });
    assert.deepEqual([size, source, notes], [{ width: 2, height: 1 }, 'source.bin (official)', []]);
  });
});

test('an interrupted run keeps its whole shards, says so, and the next one writes only the rest', async () => {
  await withFolder(async (folder, out) => {
    const stop = new AbortController();
    const stopping = arrayIn(folder, 25, (i) => i === 15 && stop.abort());
    await assert.rejects(
      writePictures({ arrays: [stopping], folder: out, shard: 10, signal: stop.signal }),
      Interrupted,
    );
    assert.deepEqual(await readdir(out), ['train', 'train.json']);
    assert.deepEqual(await shards(out), ['000']);
    await assert.rejects(readPictures(out, ['train']), { kind: 'data', message: /still in their arrays/ });
    const signal = new AbortController().signal;
    assert.equal(await writePictures({ arrays: [arrayIn(folder)], folder: out, shard: 10, signal }), 15);
    assert.equal(await writePictures({ arrays: [arrayIn(folder)], folder: out, shard: 10, signal }), 0);
    // A picture that somebody removed comes back with its shard.
    await rm(path.join(out, 'train', '001', '000013.png'));
    assert.equal(await writePictures({ arrays: [arrayIn(folder)], folder: out, shard: 10, signal }), 10);
  });
});

test('what a damaged file held before the damage is kept, and another source starts anew', async () => {
  await withFolder(async (folder, out) => {
    const signal = new AbortController().signal;
    const broken = arrayIn(folder, 25, (i) => {
      if (i === 21) throw dataError('cut off', { at: 'source.bin, byte 7' });
    });
    await assert.rejects(writePictures({ arrays: [broken], folder: out, shard: 10, signal }), {
      message: /cut off[\s\S]*byte 7/,
    });
    assert.deepEqual(await shards(out), ['000', '001']);
    await writeFile(path.join(folder, 'source.bin'), 'other');
    assert.equal(await writePictures({ arrays: [arrayIn(folder)], folder: out, shard: 10, signal }), 25);
    const { notes } = await readPictures(out, ['train']);
    assert.match(notes[0] ?? '', /source\.bin is not the official file: its md5 is 795f3202b17cb6bc3d4b771d8c6c9eaf/);
  });
});
