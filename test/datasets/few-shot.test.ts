import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { fewShot, foldOf } from '../../datasets/few-shot.ts';
import { checkListing, type Listing } from '../../src/data/listing.ts';
import { entriesOf, withFiles } from './layout.ts';

const LISTS = 'annotations/';

async function listed(files: Record<string, string>): Promise<Record<string, Listing>> {
  const listings: Record<string, Listing> = {};
  await withFiles(files, async (root) => {
    for (const { name, source, definition } of (await fewShot.tasks?.(path.join(root), {})) ?? []) {
      listings[name] = await definition.list(source, {});
      checkListing(listings[name]);
    }
  });
  return listings;
}

function pets(): Record<string, string> {
  return {
    'few-shot/oxford-pets/annotations/train_meta.list.num_shot_1.seed_0':
      'Abyssinian_1.jpg 0\nAbyssinian_1.jpg 0\nbeagle 2.jpg 36\n',
    'few-shot/oxford-pets/annotations/train_meta.list.num_shot_16.seed_2': 'Abyssinian_5.jpg 0\r\nbeagle 2.jpg 36\r\n',
    'few-shot/oxford-pets/annotations/val_meta.list': 'Abyssinian_7.jpg 0\n',
    'few-shot/oxford-pets/annotations/test_meta.list': 'Abyssinian_8.jpg\t0\nlost.jpg 3\n',
    ...Object.fromEntries(
      ['Abyssinian_1', 'beagle 2', 'Abyssinian_5', 'Abyssinian_7', 'Abyssinian_8'].map((name) => [
        `few-shot/oxford-pets/images/${name}.jpg`,
        'i',
      ]),
    ),
  };
}

test('each training list is a fold, 10 × shots + seed; validation and test serve all', async () => {
  const listing = (await listed(pets()))['oxford-pets'] as Listing;
  assert.deepEqual(
    listing.splits.map(({ name, fold }) => [name, fold]),
    [
      ['train', 10],
      ['train', 162],
      ['validation', undefined],
      ['test', undefined],
    ],
  );
  assert.equal(foldOf(16, 2), 162);
  // A path may hold blanks; lines that repeat another count, as the 1-shot list of the pets has them.
  assert.deepEqual(entriesOf(listing, 'train', 10), [
    { id: 'Abyssinian_1.jpg', file: 'images/Abyssinian_1.jpg', label: 0 },
    { id: 'Abyssinian_1.jpg#2', file: 'images/Abyssinian_1.jpg', label: 0 },
    { id: 'beagle 2.jpg', file: 'images/beagle 2.jpg', label: 36 },
  ]);
  assert.match(listing.notes.join('\n'), /num_shot_1\.seed_0: 1 lines repeat another one; each counts/);
  assert.match(listing.notes.join('\n'), /lists that were not found: .*num_shot_2\.seed_1, /);
  assert.deepEqual(
    entriesOf(listing, 'test').map(({ file }) => file),
    ['images/Abyssinian_8.jpg', 'images/lost.jpg'],
  );
});

test('the misspelt folder of the cars, whose images lie at its root', async () => {
  const listings = await listed({
    [`data/standford-cars/${LISTS}train_meta.list.num_shot_1.seed_0`]: 'cars_train/00001.jpg 195\n',
    [`data/standford-cars/${LISTS}test_meta.list`]: 'cars_test/00001.jpg 7\n',
    'data/standford-cars/cars_train/00001.jpg': 'i',
    'data/standford-cars/cars_test/00001.jpg': 'i',
  });
  const cars = listings['stanford-cars'] as Listing;
  assert.equal(entriesOf(cars, 'train', 10)[0]?.file, 'cars_train/00001.jpg');
  assert.equal(entriesOf(cars, 'test')[0]?.file, 'cars_test/00001.jpg');
});

test('an image must not be trained on in any fold and tested on', async () => {
  const files = { ...pets(), 'few-shot/oxford-pets/annotations/test_meta.list': 'Abyssinian_5.jpg 0\n' };
  await assert.rejects(listed(files), { message: /Abyssinian_5\.jpg is in fold 162 train and in test/ });
});

test('refuses labels out of range, with file and line, and a folder without sets', async () => {
  const files = { ...pets(), 'few-shot/oxford-pets/annotations/val_meta.list': 'Abyssinian_7.jpg 0\nx y.jpg 37\n' };
  await assert.rejects(listed(files), { kind: 'data', message: /label 37 is out of range[\s\S]*val_meta\.list:2/ });
  await assert.rejects(listed({ 'x/a.jpg': 'i' }), { message: /no few-shot set was found/ });
});
