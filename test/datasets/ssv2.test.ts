import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { ssv2 } from '../../datasets/ssv2.ts';
import { checkListing } from '../../src/data/listing.ts';
import { entriesOf, realAnnotations, withFiles } from './layout.ts';

const LABELS = {
  'Moving something across a surface until it falls down': '1',
  'Approaching something with your camera': '0',
  'Poking a hole into some substance': '2',
};
const TRAIN = [
  { id: '78687', label: 'moving tüte \\ "x" off', template: 'Moving [something] across a surface until it falls down' },
  { id: '100904', label: 'poking', template: 'Poking a hole into [some substance]' },
];
const VALIDATION = [{ id: '74225', label: 'approaching', template: 'Approaching [something] with your camera' }];
const TEST = [{ id: '1420' }, { id: '3757' }];

/** One object per line and CR LF, as the official files are. */
const lines = (items: readonly unknown[]) => `[\r\n${items.map((item) => JSON.stringify(item)).join(',\r\n')}\r\n]`;
const labels = JSON.stringify(LABELS, null, 1).replaceAll('\n', '\r\n');

const annotations = (prefix: string) => ({
  [`${prefix}labels.json`]: labels,
  [`${prefix}train.json`]: lines(TRAIN),
  [`${prefix}validation.json`]: lines(VALIDATION),
  [`${prefix}test.json`]: lines(TEST),
});
const videos = { '20bn-something-something-v2/78687.webm': 'v', '20bn-something-something-v2/1420.webm': 'v' };

test('both generations of file names give the same listing', async () => {
  for (const prefix of ['', 'labels/', 'something-something-v2-', 'annotations/something-something-v2-']) {
    await withFiles({ ...annotations(prefix), ...videos }, async (root) => {
      const listing = await ssv2.list(root, {});
      checkListing(listing);
      assert.deepEqual(listing.classes, [
        'Approaching something with your camera',
        'Moving something across a surface until it falls down',
        'Poking a hole into some substance',
      ]);
      assert.deepEqual(entriesOf(listing, 'train'), [
        { id: '78687', file: '20bn-something-something-v2/78687.webm', label: 1 },
        { id: '100904', file: '100904.webm', label: 2 },
      ]);
      assert.deepEqual(entriesOf(listing, 'validation'), [{ id: '74225', file: '74225.webm', label: 0 }]);
      assert.deepEqual(
        entriesOf(listing, 'test').map((entry) => entry.label),
        [-1, -1],
      );
      assert.deepEqual(listing.notes, ['test-answers.csv was not found: test labels are hidden']);
    });
  }
});

test('takes the annotation folder apart from the videos, and test labels where there are answers', async () => {
  const answers = '3757;Poking a hole into some substance\r\n1420;Approaching something with your camera\r\n';
  await withFiles({ ...videos, 'elsewhere/x.txt': '' }, async (source) => {
    await withFiles({ ...annotations(''), 'test-answers.csv': answers }, async (folder) => {
      const listing = await ssv2.list(source, { annotations: folder });
      assert.deepEqual(
        entriesOf(listing, 'test').map(({ id, label }) => [id, label]),
        [
          ['1420', 0],
          ['3757', 2],
        ],
      );
      assert.deepEqual(listing.notes, []);
    });
  });
});

test('an original wins over a converted copy, a converted copy over nothing', async () => {
  const files = { 'mp4/78687.mp4': 'v', 'webm/78687.webm': 'v', 'mp4/74225.mp4': 'v', 'z/78687.mp4': 'v' };
  await withFiles({ ...annotations(''), ...files }, async (root) => {
    const listing = await ssv2.list(root, {});
    assert.equal(entriesOf(listing, 'train')[0]?.file, 'webm/78687.webm');
    assert.equal(entriesOf(listing, 'validation')[0]?.file, 'mp4/74225.mp4');
  });
});

test('what is missing is named, with where it was looked for and where to get it', async () => {
  await withFiles(videos, async (root) => {
    await assert.rejects(ssv2.list(root, {}), {
      kind: 'data',
      message: /found no labels\.json, with or without something-something-v2-[\s\S]*dataset-[\s\S]*qualcomm\.com/,
    });
  });
  await withFiles({ ...videos, 'labels.json': labels }, async (root) => {
    await assert.rejects(ssv2.list(root, {}), {
      kind: 'data',
      message: /found no train\.json, validation\.json or test\.json/,
    });
  });
  await withFiles({ '20bn-something-something-v2-00': 'x', '20bn-something-something-v2-01': 'x' }, async (root) => {
    await assert.rejects(ssv2.list(root, {}), {
      message: /unpack 20bn-something-something-v2-00 and 1 more by hand/,
    });
  });
  await withFiles({ ...annotations(''), '20bn-something-something-v2-00.zip': 'x' }, async (root) => {
    await assert.rejects(ssv2.list(root, {}), {
      kind: 'data',
      message: /archives, but no video yet[\s\S]*v2-00\.zip by hand/,
    });
  });
  await withFiles(annotations(''), async (root) => {
    await assert.rejects(ssv2.list(root, {}), { kind: 'data', message: /no video was found/ });
  });
  await assert.rejects(ssv2.list('/nowhere/at/all', {}), { kind: 'data', message: /the folder does not exist/ });
});

test('a fault in an annotation names file and line', async () => {
  const faults: [Record<string, string>, RegExp][] = [
    [{ 'labels.json': labels.replace('"2"', '"3"') }, /label "3"[\s\S]*labels\.json:4[\s\S]*0 to 2/],
    [{ 'labels.json': labels.replace('"2"', '"1"') }, /has the label "1"[\s\S]*each once/],
    [{ 'labels.json': '[]' }, /no object of class names/],
    [
      { 'train.json': lines(TRAIN).replace('some substance', 'some stone') },
      /"Poking a hole into \[some stone\]"[\s\S]*train\.json:3/,
    ],
    [{ 'train.json': lines(TRAIN).replace('"template":"Pok', '"x":"Pok') }, /no "template"[\s\S]*train\.json:3/],
    [{ 'train.json': lines(TRAIN).replace('},', '}') }, /malformed JSON[\s\S]*train\.json:3/],
    [{ 'train.json': lines(TRAIN).slice(0, -20) }, /malformed JSON[\s\S]*train\.json:3[\s\S]*download the file again/],
    [{ 'validation.json': '{"id":"1"}' }, /no list of objects[\s\S]*validation\.json/],
    [{ 'validation.json': '[{"label":"x"}]' }, /no "id"/],
    [
      { 'test-answers.csv': '1420;Poking a hole into some substance\n3757,x\n' },
      /not `id;class name`[\s\S]*answers\.csv:2/,
    ],
    [{ 'test-answers.csv': '1420;Poking something\n' }, /names no class[\s\S]*answers\.csv:1/],
  ];
  for (const [files, message] of faults) {
    await withFiles({ ...annotations(''), ...videos, ...files }, async (root) => {
      await assert.rejects(ssv2.list(root, {}), { kind: 'data', message });
    });
  }
});

test('the real validation list: 174 classes, every item has one', async (t) => {
  const real = realAnnotations('ssv2');
  if (real === undefined) return t.skip('samples not present');
  await withFiles({ '74225.webm': 'v' }, async (root) => {
    for (const name of ['labels', 'validation']) {
      const file = `something-something-v2-${name}.json`;
      await copyFile(path.join(real, file), path.join(root, file));
    }
    const listing = await ssv2.list(root, {});
    checkListing(listing);
    const entries = entriesOf(listing, 'validation');
    assert.equal(listing.classes.length, 174);
    assert.equal(listing.classes[173], 'Wiping something off of something');
    assert.equal(entries.length, 24_777);
    assert.equal(new Set(entries.map((entry) => entry.label)).size, 174);
    const [first] = entries;
    assert.deepEqual([first?.id, first?.file], ['74225', '74225.webm']);
    assert.equal(listing.classes[first?.label ?? -1], 'Spinning something that quickly stops spinning');
  });
});

test('mirroring stays off: pushing left to right is a class', () => {
  assert.equal(ssv2.flip, false);
});
