import assert from 'node:assert/strict';
import { test } from 'node:test';
import { food101 } from '../../datasets/food101.ts';
import { checkListing } from '../../src/data/listing.ts';
import { entriesOf, withFiles } from './layout.ts';

const FILES = {
  'food-101/meta/classes.txt': 'apple_pie\nbeef tartare\nchurros',
  'food-101/meta/labels.txt': 'Apple pie\nBeef tartare\nChurros',
  'food-101/meta/train.txt': 'churros/1000\napple_pie/12\nbeef tartare/7\nbeef tartare/8',
  'food-101/meta/test.txt': 'apple_pie/13\nchurros/1001\n',
  'food-101/images/churros/1000.jpg': 'i',
  'food-101/images/apple_pie/12.jpg': 'i',
  'food-101/images/beef tartare/7.JPG': 'i',
  'food-101/images/beef tartare/8.jpg': 'i',
  'food-101/images/apple_pie/13.jpg': 'i',
};

test('lists without .jpg, labels by the alphabetical order of classes.txt', async () => {
  await withFiles(FILES, async (root) => {
    const listing = await food101.list(root, {});
    checkListing(listing);
    assert.deepEqual(listing.classes, ['apple_pie', 'beef tartare', 'churros']);
    assert.deepEqual(entriesOf(listing, 'train').slice(0, 3), [
      { id: 'churros/1000', file: 'food-101/images/churros/1000.jpg', label: 2 },
      { id: 'apple_pie/12', file: 'food-101/images/apple_pie/12.jpg', label: 0 },
      { id: 'beef tartare/7', file: 'food-101/images/beef tartare/7.JPG', label: 1 },
    ]);
    assert.equal(entriesOf(listing, 'test')[1]?.file, 'images/churros/1001.jpg');
    const held = await food101.list(root, { validationFraction: 0.5 }).catch((error: Error) => error.message);
    assert.match(String(held), /the class apple_pie has 1 files/);
  });
});

test('refuses a line of no class, with file and line, and says what is missing', async () => {
  const refuses = (files: Record<string, string>, message: RegExp) =>
    withFiles(files, (root) => assert.rejects(food101.list(root, {}), { kind: 'data', message }));
  await refuses(
    { ...FILES, 'food-101/meta/test.txt': 'apple_pie/13\npizza/3\n' },
    /not a class of classes\.txt[\s\S]*test\.txt:2/,
  );
  await refuses({ 'images/a/1.jpg': 'i' }, /found no meta\/classes\.txt/);
  await refuses({ 'meta/classes.txt': 'a\n', 'meta/train.txt': 'a/1' }, /no image was found/);
});
