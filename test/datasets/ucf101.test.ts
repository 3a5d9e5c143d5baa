import assert from 'node:assert/strict';
import { copyFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { ucf101 } from '../../datasets/ucf101.ts';
import { checkListing } from '../../src/data/listing.ts';
import { entriesOf, realAnnotations, withFiles } from './layout.ts';

const FILES = {
  'ucfTrainTestlist/classInd.txt': '1 Archery\r\n2 Basketball\r\n3 HandstandPushups\r\n',
  'ucfTrainTestlist/trainlist01.txt':
    'Archery/v_Archery_g08_c01.avi 1\r\nHandstandPushups/v_HandStandPushups_g08_c01.avi 3\r\n',
  'ucfTrainTestlist/testlist01.txt':
    'Basketball/v_Basketball_g01_c01.avi\r\nHandStandPushups/v_HandStandPushups_g01_c01.avi\r\n',
  'UCF-101/Archery/v_Archery_g08_c01.avi': 'v',
  'UCF-101/HandStandPushups/v_HandStandPushups_g08_c01.avi': 'v',
  'UCF-101/HandstandPushups/v_HandstandPushups_g01_c01.avi': 'v',
};

test('reads CR LF, test lists without labels, and the class whose case differs between copies', async () => {
  await withFiles(FILES, async (root) => {
    const listing = await ucf101.list(root, {});
    checkListing(listing);
    assert.deepEqual(listing.classes, ['Archery', 'Basketball', 'HandstandPushups']);
    assert.deepEqual(entriesOf(listing, 'train', 1), [
      { id: 'v_Archery_g08_c01', file: 'UCF-101/Archery/v_Archery_g08_c01.avi', label: 0 },
      { id: 'v_HandStandPushups_g08_c01', file: 'UCF-101/HandStandPushups/v_HandStandPushups_g08_c01.avi', label: 2 },
    ]);
    assert.deepEqual(entriesOf(listing, 'test', 1), [
      { id: 'v_Basketball_g01_c01', file: 'Basketball/v_Basketball_g01_c01.avi', label: 1 },
      { id: 'v_HandStandPushups_g01_c01', file: 'UCF-101/HandstandPushups/v_HandstandPushups_g01_c01.avi', label: 2 },
    ]);
    assert.equal(listing.notes.length, 4);
    assert.match(listing.notes[0] ?? '', /trainlist02\.txt was not found/);
  });
});

test('ignores a third-party label column in test lists', async () => {
  const files = { ...FILES, 'ucfTrainTestlist/testlist01.txt': 'Basketball/v_Basketball_g01_c01.avi 7\n' };
  await withFiles(files, async (root) => {
    assert.equal(entriesOf(await ucf101.list(root, {}), 'test', 1)[0]?.label, 1);
  });
});

test('names file and line of what is wrong', async () => {
  const train = (label: string) => `Archery/v_Archery_g08_c01.avi 1\nBasketball/v_Basketball_g08_c01.avi ${label}\n`;
  const faults: [string, string, RegExp][] = [
    ['trainlist01.txt', train('0'), /label 0 is out of range[\s\S]*trainlist01\.txt:2[\s\S]*from 1 to 3/],
    ['trainlist01.txt', train('4'), /label 4 is out of range/],
    ['trainlist01.txt', train('x'), /label x is out of range/],
    ['trainlist01.txt', train('1'), /label 1 is Archery, but the folder is Basketball[\s\S]*trainlist01\.txt:2/],
    [
      'testlist01.txt',
      'Cycling/v_Cycling_g01_c01.avi\n',
      /Cycling is no class of classInd\.txt[\s\S]*testlist01\.txt:1/,
    ],
    [
      'classInd.txt',
      '1 Archery\n1 Basketball\n3 HandstandPushups\n',
      /number from 1 to 3, each once[\s\S]*classInd\.txt:2/,
    ],
    ['classInd.txt', '1 Archery\n2 Basketball\n4 HandstandPushups\n', /classInd\.txt:3/],
    ['classInd.txt', '0 Archery\n', /classInd\.txt:1/],
  ];
  for (const [name, content, message] of faults) {
    await withFiles({ ...FILES, [`ucfTrainTestlist/${name}`]: content }, async (root) => {
      await assert.rejects(ucf101.list(root, {}), { kind: 'data', message });
    });
  }
  await withFiles({ 'UCF101.rar': 'x' }, async (root) => {
    await assert.rejects(ucf101.list(root, {}), { message: /found no classInd\.txt[\s\S]*unpack UCF101\.rar by hand/ });
  });
  const { 'ucfTrainTestlist/trainlist01.txt': _, 'ucfTrainTestlist/testlist01.txt': __, ...without } = FILES;
  await withFiles(without, async (root) => {
    await assert.rejects(ucf101.list(root, {}), { kind: 'data', message: /found no trainlist01\.txt/ });
  });
});

test('the real lists: 101 classes and the official counts of all folds', async (t) => {
  const real = realAnnotations('annotations/ucf101');
  if (real === undefined) return t.skip('samples not present');
  await withFiles({ 'UCF-101/SoccerJuggling/v_SoccerJuggling_g23_c01.avi': 'v' }, async (root) => {
    for (const name of await readdir(real)) await copyFile(path.join(real, name), path.join(root, name));
    const listing = await ucf101.list(root, {});
    checkListing(listing);
    assert.equal(listing.classes.length, 101);
    assert.deepEqual(listing.notes, []);
    for (const { split, fold, entries } of ucf101.official)
      assert.equal(entriesOf(listing, split, fold).length, entries);
    for (const split of listing.splits) {
      for (const { id, label } of split.entries) {
        assert.ok(id.toLowerCase().startsWith(`v_${listing.classes[label]?.toLowerCase()}_`), `${id} ${label}`);
      }
    }
    const found = entriesOf(listing, 'test', 1).filter(({ id }) => id.startsWith('v_SoccerJuggling_g23'));
    const all = [...found, ...entriesOf(listing, 'train', 1)].map((entry) => entry.file);
    assert.ok(all.includes('UCF-101/SoccerJuggling/v_SoccerJuggling_g23_c01.avi'));
  });
});
