import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { CIFAR100_CLASSES, cifar10, cifar100 } from '../../datasets/cifar.ts';
import type { DatasetDefinition, ListOptions } from '../../datasets/dataset.ts';
import { checkListing, type Listing } from '../../src/data/listing.ts';
import { writePictures } from '../../src/data/picture-arrays.ts';
import { readPng } from '../formats/read-png.ts';
import { ffmpegHere } from '../pipelines/project.ts';
import { pixelsOf, python2Pickle, records, tgzOf } from './cifar-files.ts';
import { entriesOf, withFiles } from './layout.ts';

const signal = new AbortController().signal;
const TRAIN = [0, 99, 42];
const TEST = [7, 7];

/** Writes the images below `<root>/out` and lists them, as `prepare` does. */
async function prepared(
  dataset: DatasetDefinition,
  root: string,
  options: ListOptions = {},
): Promise<{ listing: Listing; written: number }> {
  const unpacked = { videos: path.join(root, 'out', 'images'), annotations: path.join(root, 'out', 'annotations') };
  const arrays = await dataset.arrays?.(root, { ...options, unpacked });
  const written = await writePictures({ arrays: arrays ?? [], folder: unpacked.videos, signal });
  const listing = await dataset.list(root, { ...options, unpacked });
  checkListing(listing);
  return { listing, written };
}

const binary = { 'cifar-100-binary/train.bin': records(TRAIN), 'cifar-100-binary/test.bin': records(TEST) };
const python = { 'cifar-100-python/train': python2Pickle(TRAIN), 'cifar-100-python/test': python2Pickle(TEST) };

test('the names of the classes are in alphabetical order, a hundred of them', () => {
  assert.equal(CIFAR100_CLASSES.length, 100);
  assert.deepEqual([...CIFAR100_CLASSES].sort(), CIFAR100_CLASSES);
});

test('both forms, as archive and as folder, give the same images, pixel by pixel', async (t) => {
  const ffmpeg = await ffmpegHere();
  const layouts: Record<string, Record<string, Uint8Array>> = {
    'binary folder': binary,
    'python folder': python,
    'binary archive': { 'cifar-100-binary.tar.gz': await tgzOf(binary) },
    'python archive': { 'deep/cifar-100-python.tar.gz': await tgzOf(python) },
    'inside the folder': {
      'train.bin': binary['cifar-100-binary/train.bin'],
      'test.bin': binary['cifar-100-binary/test.bin'],
    },
  };
  for (const [form, files] of Object.entries(layouts)) {
    await withFiles(files, async (root) => {
      const { listing, written } = await prepared(cifar100, root);
      assert.equal(written, 5, form);
      assert.deepEqual(
        entriesOf(listing, 'train').map(({ id, file, label }) => [id, file, label]),
        TRAIN.map((label, i) => [`train/00000${i}`, `train/000/00000${i}.png`, label]),
        form,
      );
      assert.deepEqual(
        entriesOf(listing, 'test').map(({ label }) => label),
        TEST,
        form,
      );
      assert.deepEqual(listing.written, { width: 32, height: 32 });
      assert.match(
        listing.origin?.['read from'] ?? '',
        form === 'binary folder' || form === 'inside the folder' ? /train\.bin \(md5 / : /not the official file/,
      );
      if (ffmpeg === undefined) return t.diagnostic('no ffmpeg to read the PNG files with');
      for (const i of [0, 2]) {
        const png = await readFile(path.join(listing.root, `train/000/00000${i}.png`));
        assert.deepEqual(readPng(ffmpeg, png), { data: pixelsOf(i), width: 32, height: 32 }, form);
      }
    });
  }
});

test('CIFAR-10 comes in five batches', async () => {
  const files: Record<string, Uint8Array> = { 'cifar-10-batches-bin/test_batch.bin': records([9], false) };
  for (let i = 1; i <= 5; i++) files[`cifar-10-batches-bin/data_batch_${i}.bin`] = records([i], false);
  await withFiles(files, async (root) => {
    const { listing } = await prepared(cifar10, root);
    assert.deepEqual(
      entriesOf(listing, 'train').map(({ label }) => label),
      [1, 2, 3, 4, 5],
    );
    assert.equal(listing.classes[9], 'truck');
  });
});

test('a validation split is cut from train when it is asked for; trainval is the official one', async () => {
  const labels = [0, 1, 0, 1, 0, 1];
  const files = { 'cifar-100-binary/train.bin': records(labels), 'cifar-100-binary/test.bin': records(TEST) };
  await withFiles(files, async (root) => {
    const { listing } = await prepared(cifar100, root, { validationPerClass: 1 });
    const ids = (name: Parameters<typeof entriesOf>[1]) =>
      entriesOf(listing, name).map(({ id }) => Number(id.split('/')[1]));
    assert.deepEqual(
      [ids('train'), ids('validation'), ids('trainval')],
      [
        [0, 2, 1, 3],
        [4, 5],
        [0, 1, 2, 3, 4, 5],
      ],
    );
    assert.deepEqual(listing.official, [
      { split: 'trainval', entries: 50_000 },
      { split: 'test', entries: 10_000 },
    ]);
  });
});

test('a second run writes nothing; a changed file is read anew', async () => {
  await withFiles(binary, async (root) => {
    const { listing } = await prepared(cifar100, root);
    const first = path.join(listing.root, 'train/000/000000.png');
    const before = await stat(first);
    assert.equal((await prepared(cifar100, root)).written, 0);
    assert.equal((await stat(first)).mtimeMs, before.mtimeMs);
    await writeFile(path.join(root, 'cifar-100-binary/train.bin'), records([1, 2]));
    const again = await prepared(cifar100, root);
    assert.equal(again.written, 2);
    assert.deepEqual(
      entriesOf(again.listing, 'train').map(({ label }) => label),
      [1, 2],
    );
  });
});

test('refuses what is damaged, made by others or dangerous, with file and byte', async () => {
  const refuses = (files: Record<string, Uint8Array>, message: RegExp) =>
    withFiles({ ...binary, ...files }, (root) => assert.rejects(prepared(cifar100, root), { kind: 'data', message }));
  const cut = records(TRAIN).subarray(0, 2 * 3074 + 100);
  await refuses(
    { 'cifar-100-binary/train.bin': cut },
    /cut off: 100 bytes where a record has 3074[\s\S]*train\.bin, byte 6148/,
  );
  await refuses(
    { 'cifar-100-binary/train.bin': records([3, 200]) },
    /the label 200 is out of range[\s\S]*train\.bin, byte 3075/,
  );
  const pickled = (train: Buffer): Promise<void> =>
    withFiles({ ...python, 'cifar-100-python/train': train }, async (root) => {
      await prepared(cifar100, root);
    });
  await assert.rejects(pickled(python2Pickle(TRAIN, 'labels')), {
    message: /no file of CIFAR-100: it has batch_label, labels, data, but no fine_labels/,
  });
  await assert.rejects(pickled(python2Pickle(TRAIN, 'fine_labels', [2, 3072])), { message: /without its 6144 bytes/ });
  await assert.rejects(pickled(python2Pickle([5, 100])), {
    message: /label 100 is out of range[\s\S]*fine_labels\[1\]/,
  });
  await assert.rejects(pickled(Buffer.from('\x80\x02}U\x01acos\nsystem\nU\x02ls\x85Rs.', 'latin1')), {
    message: /names os\.system, which no data need; nothing of it was executed/,
  });
  const noTest = await tgzOf({ 'cifar-100-binary/train.bin': records(TRAIN) });
  await withFiles({ 'cifar-100-binary.tar.gz': noTest }, (root) =>
    assert.rejects(prepared(cifar100, root), { message: /the archive holds no test\.bin/ }),
  );
  await withFiles({ 'notes.txt': 'x' }, (root) =>
    assert.rejects(prepared(cifar100, root), { message: /found no cifar-100-binary\.tar\.gz/ }),
  );
});
