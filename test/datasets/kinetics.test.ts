import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { kinetics400, kinetics600 } from '../../datasets/kinetics.ts';
import { checkListing } from '../../src/data/listing.ts';
import { entriesOf, realAnnotations, withFiles } from './layout.ts';

const TRAIN = [
  'label,youtube_id,time_start,time_end,split,is_cc',
  '"skiing crosscountry",aaaaaaaaaaa,12,22,train,0',
  '"skiing (not slalom or crosscountry)",-bbbbbbbbbb,7.0,17.0,train,0',
  'abseiling,c_c-ccccccc,0,10,train,0',
  '"massaging person\'s head",ddddddddddd,3,13,train,0',
].join('\r\n');
const VALIDATE = 'label,youtube_id,time_start,time_end,split\nabseiling,eeeeeeeeeee,84,94,validate\n';
const TEST = 'youtube_id,time_start,time_end,split\nfffffffffff,1,11,test\n';

const FILES = {
  'annotations/train.csv': TRAIN,
  'annotations/validate.csv': VALIDATE,
  'annotations/test.csv': TEST,
  'train/aaaaaaaaaaa_000012_000022.mp4': 'v',
  'vol_03/-bbbbbbbbbb.mp4': 'v',
  'train/abseiling/c_c-ccccccc_000000_000010.mp4': 'v',
};

test('reads quotes, float times and hidden labels; finds files by name alone; orders classes by raw label', async () => {
  await withFiles(FILES, async (root) => {
    const listing = await kinetics400.list(root, {});
    checkListing(listing);
    // As folder names these two change places: "skiing crosscountry" < "skiing not slalom or crosscountry".
    assert.deepEqual(listing.classes, [
      'abseiling',
      "massaging person's head",
      'skiing (not slalom or crosscountry)',
      'skiing crosscountry',
    ]);
    assert.deepEqual(entriesOf(listing, 'train'), [
      { id: 'aaaaaaaaaaa_000012_000022', file: 'train/aaaaaaaaaaa_000012_000022.mp4', label: 3 },
      { id: '-bbbbbbbbbb_000007_000017', file: 'vol_03/-bbbbbbbbbb.mp4', label: 2 },
      { id: 'c_c-ccccccc_000000_000010', file: 'train/abseiling/c_c-ccccccc_000000_000010.mp4', label: 0 },
      { id: 'ddddddddddd_000003_000013', file: 'ddddddddddd_000003_000013.mp4', label: 1 },
    ]);
    assert.equal(entriesOf(listing, 'validation')[0]?.label, 0);
    assert.equal(entriesOf(listing, 'test')[0]?.label, -1);
    assert.deepEqual(listing.notes, [
      'the lists name 4 classes, not 400: labels differ from those of published weights',
    ]);
  });
});

test('a replacement stands in for the file of the same id; other times are another clip', async () => {
  const files = {
    ...FILES,
    'replacement_for_corrupted_k400/aaaaaaaaaaa_000012_000022.mp4': 'v',
    'train/ddddddddddd_000004_000014.mp4': 'v',
  };
  await withFiles(files, async (root) => {
    const listing = await kinetics400.list(root, {});
    const [first, , , last] = entriesOf(listing, 'train');
    assert.equal(first?.file, 'replacement_for_corrupted_k400/aaaaaaaaaaa_000012_000022.mp4');
    assert.equal(last?.file, 'ddddddddddd_000003_000013.mp4');
    assert.ok(listing.notes.includes('1 replacement files stand in for damaged ones'));
  });
});

test('two segments of one video: by times where the files have them, else one file is one clip, for evaluation first', async () => {
  const lists = {
    'train.csv': `${TRAIN}\nabseiling,eeeeeeeeeee,10,20,train,0\nabseiling,ggggggggggg,1,11,train,0\nabseiling,ggggggggggg,20,30,train,0\n`,
    'val.csv': VALIDATE,
  };
  const files = { 'ggggggggggg_000001_000011.mp4': 'v', 'ggggggggggg_000020_000030.mp4': 'v', 'eeeeeeeeeee.mp4': 'v' };
  await withFiles({ ...lists, ...files }, async (root) => {
    const listing = await kinetics400.list(root, {});
    checkListing(listing);
    const train = entriesOf(listing, 'train').slice(-3);
    assert.deepEqual(
      train.map((entry) => entry.file),
      ['eeeeeeeeeee_000010_000020.mp4', 'ggggggggggg_000001_000011.mp4', 'ggggggggggg_000020_000030.mp4'],
    );
    assert.equal(entriesOf(listing, 'validation')[0]?.file, 'eeeeeeeeeee.mp4');
  });
});

test('repeated lines count once, and a clip of validation is not trained on', async () => {
  const lists = {
    'train.csv': `${TRAIN}\n"skiing crosscountry",aaaaaaaaaaa,12,22,train,0\nabseiling,eeeeeeeeeee,84,94,train,0\n`,
    'val.csv': VALIDATE,
    'eeeeeeeeeee.mp4': 'v',
  };
  await withFiles(lists, async (root) => {
    const listing = await kinetics400.list(root, {});
    checkListing(listing);
    assert.equal(entriesOf(listing, 'train').length, 4);
    assert.deepEqual(listing.notes.slice(0, 1), ['1 lines of the train list repeat a clip and were dropped']);
    assert.ok(listing.notes.some((note) => /^1 training clips are in validation or test too/.test(note)));
  });
});

test('picks the lists of its own version, with the official columns, and the complete one', async () => {
  const other = 'label,youtube_id,time_start,time_end,split\nfencing,hhhhhhhhhhh,1,11,train\n';
  const files = {
    'kinetics-400_train.csv': TRAIN,
    'kinetics-600_train.csv': `${other}fencing,iiiiiiiiiii,1,11,train\n`,
    'k700-2020/annotations/train.csv': other,
    'lists/train.csv': '/data/aaaaaaaaaaa.mp4 3\n',
    'k600/train.txt': `${other}fencing,jjjjjjjjjjj,1,11,train\nfencing,kkkkkkkkkkk,1,11,train\n`,
    'aaaaaaaaaaa.mp4': 'v',
  };
  await withFiles(files, async (root) => {
    assert.equal(entriesOf(await kinetics400.list(root, {}), 'train').length, 4);
    const listing = await kinetics600.list(root, {});
    assert.equal(entriesOf(listing, 'train').length, 3);
    assert.ok(listing.notes.includes('took k600/train.txt (3 rows) rather than kinetics-600_train.csv (2 rows)'));
  });
});

test('names file and line of what is wrong', async () => {
  const faults: [Record<string, string>, RegExp][] = [
    [
      { 'annotations/train.csv': `${TRAIN}\nabseiling,short,1,11,train,0` },
      /"short" is no YouTube id[\s\S]*train\.csv:6/,
    ],
    [
      { 'annotations/train.csv': `${TRAIN}\nabseiling,ggggggggggg,x,11,train,0` },
      /time_start is "x"[\s\S]*train\.csv:6/,
    ],
    [{ 'annotations/train.csv': `${TRAIN}\nabseiling,ggggggggggg,1,,train,0` }, /time_end is ""[\s\S]*train\.csv:6/],
    [{ 'annotations/train.csv': `${TRAIN}\n,ggggggggggg,1,11,train,0` }, /the label is missing[\s\S]*train\.csv:6/],
    [
      { 'annotations/train.csv': `${TRAIN}\n"abseiling,ggggggggggg,1,11` },
      /quoted field never ends[\s\S]*train\.csv:6/,
    ],
    [
      { 'annotations/validate.csv': VALIDATE.replace('abseiling', 'zumba') },
      /"zumba" is not in the training list[\s\S]*validate\.csv:2/,
    ],
  ];
  for (const [files, message] of faults) {
    await withFiles({ ...FILES, ...files }, async (root) => {
      await assert.rejects(kinetics400.list(root, {}), { kind: 'data', message });
    });
  }
  await withFiles({ 'aaaaaaaaaaa.mp4': 'v' }, async (root) => {
    await assert.rejects(kinetics400.list(root, {}), {
      kind: 'data',
      message: /found no train\.csv, val\.csv[\s\S]*cvdfoundation/,
    });
  });
  await withFiles({ 'annotations/train.csv': TRAIN, 'part_0.tar.gz': 'x' }, async (root) => {
    await assert.rejects(kinetics400.list(root, {}), {
      kind: 'data',
      message: /archives, but no video yet[\s\S]*unpack part_0\.tar\.gz by hand/,
    });
  });
});

test('the real lists: every row is read, and the order of classes is the raw one', async (t) => {
  const real = realAnnotations('annotations/kinetics');
  if (real === undefined) return t.skip('samples not present');
  await withFiles({ 'SOX5yA1l24A.mp4': 'v' }, async (root) => {
    for (const name of [
      'kinetics-400_val.csv',
      'kinetics-400_test.csv',
      'kinetics-600_val.csv',
      'kinetics-600_test.csv',
    ]) {
      await copyFile(path.join(real, name), path.join(root, name));
    }
    const k400 = await kinetics400.list(root, {});
    checkListing(k400);
    assert.equal(entriesOf(k400, 'validation').length, 19_906);
    assert.equal(entriesOf(k400, 'test').length, 38_685);
    assert.equal(k400.classes.length, 400);
    assert.equal(k400.classes.indexOf('skiing (not slalom or crosscountry)'), 308);
    assert.equal(k400.classes.indexOf('skiing crosscountry'), 309);
    assert.equal(entriesOf(k400, 'validation').filter(({ id }) => id.startsWith('-')).length, 644);
    assert.ok(k400.notes.includes('class order from the other lists, for want of the training list'));

    const k600 = await kinetics600.list(root, {});
    checkListing(k600);
    assert.equal(k600.classes.length, 600);
    assert.equal(entriesOf(k600, 'validation').length, 30_000);
    assert.equal(new Set(entriesOf(k600, 'validation').map(({ id }) => id.slice(0, 11))).size, 30_000 - 6);
  });
});
