import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import type { DatasetDefinition } from '../../datasets/dataset.ts';
import { svhn, svhnExtra } from '../../datasets/svhn.ts';
import { checkListing } from '../../src/data/listing.ts';
import { writePictures } from '../../src/data/picture-arrays.ts';
import { bytes, matlabFile } from '../formats/matlab-writer.ts';
import { readPng } from '../formats/read-png.ts';
import { ffmpegHere } from '../pipelines/project.ts';
import { entriesOf, withFiles } from './layout.ts';

/** Of image n at row, column and colour. */
const value = (n: number, row: number, column: number, color: number) =>
  (50 * n + 3 * row + 5 * column + 70 * color) & 0xff;

function matOf(labels: readonly number[], images = labels.length): Buffer {
  const data = Buffer.alloc(3072 * images);
  for (let i = 0; i < data.length; i++) {
    data[i] = value(Math.floor(i / 3072), i % 32, Math.floor(i / 32) % 32, Math.floor(i / 1024) % 3);
  }
  return matlabFile({
    X: { class: 9, dims: [32, 32, 3, images], type: 2, data },
    y: bytes([labels.length, 1], labels),
  });
}

async function prepared(dataset: DatasetDefinition, root: string) {
  const unpacked = { videos: path.join(root, 'out', 'images'), annotations: path.join(root, 'out') };
  const arrays = (await dataset.arrays?.(root, { unpacked })) ?? [];
  await writePictures({ arrays, folder: unpacked.videos, signal: new AbortController().signal });
  const listing = await dataset.list(root, { unpacked });
  checkListing(listing);
  return listing;
}

const FILES = { 'train_32x32.mat': matOf([10, 1, 9]), 'test_32x32.mat': matOf([5]), 'extra_32x32.mat': matOf([2, 3]) };

test('label 10 is the digit 0, and arrays are column-major', async (t) => {
  await withFiles(FILES, async (root) => {
    const listing = await prepared(svhn, root);
    assert.deepEqual(
      entriesOf(listing, 'train').map(({ label }) => label),
      [0, 1, 9],
    );
    assert.deepEqual(
      entriesOf(listing, 'test').map(({ label }) => label),
      [5],
    );
    assert.equal(listing.classes[0], '0');
    assert.equal(svhn.flip, false);
    const ffmpeg = await ffmpegHere();
    if (ffmpeg === undefined) return t.diagnostic('no ffmpeg to read the PNG files with');
    const { data } = readPng(ffmpeg, await readFile(path.join(listing.root, 'train/000/000002.png')));
    const wanted = Array.from({ length: 3072 }, (_, i) => value(2, Math.floor(i / 96), Math.floor(i / 3) % 32, i % 3));
    assert.deepEqual([...data], wanted);
  });
});

test('with the extra images they follow those of train', async () => {
  await withFiles(FILES, async (root) => {
    assert.deepEqual(
      entriesOf(await prepared(svhnExtra, root), 'train').map(({ label }) => label),
      [0, 1, 9, 2, 3],
    );
  });
});

test('refuses labels out of range, images without labels and missing files', async () => {
  const refuses = (files: Record<string, Uint8Array>, message: RegExp) =>
    withFiles(files, (root) => assert.rejects(prepared(svhn, root), { kind: 'data', message }));
  await refuses(
    { ...FILES, 'train_32x32.mat': matOf([1, 11]) },
    /label 11 is out of range[\s\S]*variable y, element 1/,
  );
  await refuses({ ...FILES, 'train_32x32.mat': matOf([1, 2], 3) }, /X is \[32, 32, 3, 3\], not \[32, 32, 3, 2\]/);
  await refuses({ 'train_32x32.mat': FILES['train_32x32.mat'] }, /found no test_32x32\.mat/);
  await refuses({ ...FILES, 'test_32x32.mat': FILES['test_32x32.mat'].subarray(0, 300) }, /cut off/);
});
