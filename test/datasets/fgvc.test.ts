import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import type { DatasetDefinition, ListOptions } from '../../datasets/dataset.ts';
import { cars196, cub200, dogs120, flowers102, nabirds } from '../../datasets/fgvc.ts';
import { checkListing, type Listing } from '../../src/data/listing.ts';
import { bytes, matlabFile, shorts } from '../formats/matlab-writer.ts';
import { entriesOf, realAnnotations, withFiles } from './layout.ts';

type Files = Record<string, string | Uint8Array>;

async function listed(dataset: DatasetDefinition, files: Files, options: ListOptions = {}): Promise<Listing> {
  let listing: Listing | undefined;
  await withFiles(files, async (root) => {
    listing = await dataset.list(root, options);
    checkListing(listing);
  });
  return listing as Listing;
}

const short = (listing: Listing, name: Parameters<typeof entriesOf>[1]) =>
  entriesOf(listing, name).map(({ file, label }) => `${file} ${label}`);

const CUB: Files = {
  'CUB_200_2011/images.txt': '1 001.Albatross/A_1.jpg\n2 001.Albatross/A_2.jpg\n3 002.Auklet/B_3.jpg\n',
  'CUB_200_2011/image_class_labels.txt': '1 1\n2 1\n3 2\n',
  'CUB_200_2011/train_test_split.txt': '1 1\n2 0\n3 1\n',
  'CUB_200_2011/classes.txt': '1 001.Albatross\n2 002.Auklet\n',
  'CUB_200_2011/images/001.Albatross/A_1.jpg': 'i',
  'CUB_200_2011/images/001.Albatross/A_2.jpg': 'i',
  'CUB_200_2011/images/002.Auklet/B_3.jpg': 'i',
  'CUB_200_2011/segmentations/001.Albatross/A_1.png': 'i',
};

test('CUB by its official lists', async () => {
  const listing = await listed(cub200, CUB);
  assert.deepEqual(listing.classes, ['001.Albatross', '002.Auklet']);
  assert.deepEqual(short(listing, 'train'), [
    'CUB_200_2011/images/001.Albatross/A_1.jpg 0',
    'CUB_200_2011/images/002.Auklet/B_3.jpg 1',
  ]);
  assert.deepEqual(short(listing, 'test'), ['CUB_200_2011/images/001.Albatross/A_2.jpg 0']);
  assert.deepEqual(listing.origin, { lists: 'the official lists' });
  assert.deepEqual(listing.official, [
    { split: 'train', entries: 5994 },
    { split: 'test', entries: 5794 },
  ]);
});

test("VPT's files win where they are there; ids are made contiguous in sorted order", async () => {
  const listing = await listed(cub200, {
    ...CUB,
    'CUB_200_2011/train.json': '{"002.Auklet/B_3.jpg": 9, "001.Albatross/A_1.jpg": 2}',
    'CUB_200_2011/val.json': '{"001.Albatross/A_2.jpg": 2}',
    'CUB_200_2011/test.json': '{"002.Auklet/lost.jpg": 9}',
    // Of another set, beside it.
    'NABirds/train.json': '{}',
    'NABirds/val.json': '{}',
    'NABirds/test.json': '{}',
  });
  assert.deepEqual(listing.origin, { lists: "VPT's train.json, val.json and test.json" });
  assert.deepEqual(listing.classes, ['001.Albatross', '002.Auklet']);
  assert.deepEqual(short(listing, 'train'), [
    'CUB_200_2011/images/002.Auklet/B_3.jpg 1',
    'CUB_200_2011/images/001.Albatross/A_1.jpg 0',
  ]);
  assert.deepEqual(short(listing, 'validation'), ['CUB_200_2011/images/001.Albatross/A_2.jpg 0']);
  assert.equal(entriesOf(listing, 'trainval').length, 3);
  assert.deepEqual(short(listing, 'test'), ['images/002.Auklet/lost.jpg 1']);
  assert.deepEqual(listing.notes, []);
});

test('malformed JSON files and lists are refused with file and line', async () => {
  const json = { 'a/val.json': '{"x/y.jpg": 1}', 'a/test.json': '{"x/y.jpg": 1}', 'a/images/x/1.jpg': 'i' };
  const refuses = (files: Files, message: RegExp) => assert.rejects(listed(cub200, files), { kind: 'data', message });
  await refuses(
    { ...json, 'a/train.json': '{"x/1.jpg": 1,\n "x/2.jpg": "one"}' },
    /class id of x\/2\.jpg is "one"[\s\S]*train\.json:2/,
  );
  await refuses({ ...json, 'a/train.json': '{"x/1.jpg": 3}' }, /class id 1 is not in train\.json[\s\S]*val\.json:1/);
  await refuses({ ...json, 'a/train.json': '[1]' }, /no object of image paths/);
  await refuses({ ...json, 'a/train.json': '{"x/1.jpg": 3' }, /malformed JSON/);
  await refuses(
    { ...CUB, 'CUB_200_2011/train_test_split.txt': '1 1\n9 0\n' },
    /image 9 is not in images\.txt[\s\S]*split\.txt:2/,
  );
  await refuses({ ...CUB, 'CUB_200_2011/train_test_split.txt': '1 1\n2 yes\n' }, /"yes" is neither 1/);
  await refuses({ ...CUB, 'CUB_200_2011/images.txt': '1\n' }, /not an id and a value: 1[\s\S]*images\.txt:1/);
  await refuses({ 'images/a.jpg': 'i' }, /found no train\.json, val\.json and test\.json of VPT, nor images\.txt/);
  await assert.rejects(
    listed(
      cub200,
      { ...CUB, 'train.json': '{"a/b.jpg":1}', 'val.json': '{"a/c.jpg":1}', 'test.json': '{"a/d.jpg":1}' },
      { validationFraction: 0.1 },
    ),
    { kind: 'config', message: /brings its own validation split/ },
  );
});

test('NABirds: class ids with gaps, names of several words', async () => {
  const listing = await listed(nabirds, {
    'nabirds/images.txt': 'aa-1 0817/aa1.jpg\nbb-2 0900/bb2.jpg\n',
    'nabirds/image_class_labels.txt': 'aa-1 817\nbb-2 900\n',
    'nabirds/train_test_split.txt': 'aa-1 1\nbb-2 0\n',
    'nabirds/classes.txt': '0 Birds\n817 Oak Titmouse\n900 Canyon Towhee (adult)\n',
    'nabirds/images/0817/aa1.jpg': 'i',
    'nabirds/images/0900/bb2.jpg': 'i',
  });
  assert.deepEqual(listing.classes, ['Oak Titmouse', 'Canyon Towhee (adult)']);
  assert.deepEqual(short(listing, 'test'), ['nabirds/images/0900/bb2.jpg 1']);
});

test('Stanford Dogs by file_list cells', async () => {
  const list = (files: string[], labels: number[]) =>
    matlabFile({ file_list: { cells: files }, labels: bytes([labels.length, 1], labels) });
  const dog = (breed: string, i: number) => `n0208562${i}-${breed}/n0208562${i}_${i}.jpg`;
  const files = {
    'lists/train_list.mat': list([dog('Chihuahua', 1), dog('Toy_Poodle', 2)], [1, 120]),
    'lists/test_list.mat': list([dog('Chihuahua', 3)], [1]),
    [`Images/${dog('Chihuahua', 1)}`]: 'i',
    [`Images/${dog('Toy_Poodle', 2)}`]: 'i',
  };
  const listing = await listed(dogs120, files);
  assert.equal(listing.classes.length, 120);
  assert.deepEqual([listing.classes[0], listing.classes[119]], ['Chihuahua', 'Toy_Poodle']);
  assert.deepEqual(short(listing, 'train'), [`Images/${dog('Chihuahua', 1)} 0`, `Images/${dog('Toy_Poodle', 2)} 119`]);
  await assert.rejects(listed(dogs120, { ...files, 'lists/test_list.mat': list([dog('x', 3)], [121]) }), {
    message: /label 121 is out of range[\s\S]*test_list\.mat, labels\[0\]/,
  });
});

test('Stanford Cars: the same names in both folders, and test labels in a file of their own', async () => {
  const annotations = (own: readonly (readonly [string, number])[], withClass = true) =>
    matlabFile({
      annotations: {
        structs: own.map(([fname, label]) => ({
          bbox_x1: bytes([1, 1], [39]),
          ...(withClass && { class: bytes([1, 1], [label]) }),
          fname,
        })),
      },
    });
  const files: Files = {
    'devkit/cars_meta.mat': matlabFile({
      class_names: { cells: ['AM General Hummer SUV 2000', 'Acura RL Sedan 2012'] },
    }),
    'devkit/cars_train_annos.mat': annotations([
      ['00001.jpg', 2],
      ['00002.jpg', 1],
    ]),
    'devkit/cars_test_annos.mat': annotations([['00001.jpg', 0]], false),
    'cars_train/00001.jpg': 'i',
    'cars_train/00002.jpg': 'i',
    'cars_test/00001.jpg': 'i',
  };
  const hidden = await listed(cars196, files);
  assert.deepEqual(short(hidden, 'test'), ['cars_test/00001.jpg -1']);
  assert.match(hidden.notes[0] ?? '', /cars_test_annos\.mat has no classes/);
  const listing = await listed(cars196, {
    ...files,
    'cars_test_annos_withlabels.mat': annotations([['00001.jpg', 1]]),
  });
  assert.deepEqual(short(listing, 'train'), ['cars_train/00001.jpg 1', 'cars_train/00002.jpg 0']);
  assert.deepEqual(short(listing, 'test'), ['cars_test/00001.jpg 0']);
  assert.deepEqual(listing.classes.slice(0, 3), ['AM General Hummer SUV 2000', 'Acura RL Sedan 2012', 'class 3']);
  const wrong = annotations([['00001.jpg', 197 & 0xff]]);
  await assert.rejects(listed(cars196, { ...files, 'cars_test_annos_withlabels.mat': wrong }), {
    message: /label 197 is out of range[\s\S]*annotations\(1\)\.class/,
  });
});

test('Flowers-102 by its MATLAB files, with an official validation split', async () => {
  const files = {
    'imagelabels.mat': matlabFile({ labels: bytes([1, 4], [102, 1, 1, 7]) }),
    'setid.mat': matlabFile({ trnid: shorts([1, 2], [1, 2]), valid: shorts([1, 1], [3]), tstid: shorts([1, 1], [4]) }),
    'jpg/image_00001.jpg': 'i',
  };
  const listing = await listed(flowers102, files);
  assert.deepEqual(short(listing, 'train'), ['jpg/image_00001.jpg 101', 'jpg/image_00002.jpg 0']);
  assert.equal(entriesOf(listing, 'trainval').length, 3);
  const beyond = {
    ...files,
    'setid.mat': matlabFile({ trnid: shorts([1, 1], [5]), valid: shorts([1, 1], [3]), tstid: shorts([1, 1], [4]) }),
  };
  await assert.rejects(listed(flowers102, beyond), {
    kind: 'data',
    message: /image 5 is out of range[\s\S]*setid\.mat, trnid\[0\]/,
  });
  await assert.rejects(listed(flowers102, { ...files, 'setid.mat': matlabFile({ trnid: shorts([1, 1], [1]) }) }), {
    message: /there is no variable valid, only trnid/,
  });
});

test('the real files of Flowers-102: the official counts, each class in every split', async (t) => {
  const real = realAnnotations('annotations/flowers102');
  if (real === undefined) return t.skip('no samples here');
  await withFiles({ 'jpg/image_00001.jpg': 'i' }, async (root) => {
    for (const name of ['imagelabels.mat', 'setid.mat']) await copyFile(path.join(real, name), path.join(root, name));
    const listing = await flowers102.list(root, {});
    checkListing(listing);
    assert.deepEqual(
      listing.splits.map(({ entries }) => entries.length),
      [1020, 1020, 2040, 6149],
    );
    // Ten images of each class for training and for validation.
    for (const name of ['train', 'validation'] as const) {
      const counts = new Map<number, number>();
      for (const { label } of entriesOf(listing, name)) counts.set(label, (counts.get(label) ?? 0) + 1);
      assert.deepEqual([counts.size, new Set(counts.values())], [102, new Set([10])]);
    }
    assert.equal(entriesOf(listing, 'train')[0]?.id, 'jpg/image_06765.jpg');
  });
});
