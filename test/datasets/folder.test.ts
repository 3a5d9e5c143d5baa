import assert from 'node:assert/strict';
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { folder } from '../../datasets/folder.ts';
import { checkListing } from '../../src/data/listing.ts';
import type { SplitName } from '../../src/data/manifest.ts';
import { entriesOf, realAnnotations, withFiles } from './layout.ts';

const classFiles = (name: string, count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${name}/${name}${i + 1}.mp4`, 'v']));

async function listed(files: Record<string, string>, options: Parameters<typeof folder.list>[1] = {}) {
  let result: Record<string, unknown> = {};
  await withFiles(files, async (root) => {
    const csv = options.csv === undefined ? {} : { csv: path.join(root, options.csv) };
    const listing = await folder.list(root, { ...options, ...csv });
    checkListing(listing);
    const splits = listing.splits.map(({ name, entries }) => [
      name,
      entries.map(({ file, label }) => `${file} ${label}`),
    ]);
    result = {
      ...listing,
      name: listing.name === path.basename(root) ? '<source>' : listing.name,
      ...Object.fromEntries(splits),
    };
  });
  return result as { classes: string[]; name: string; flip: boolean; notes: string[] } & Record<SplitName, string[]>;
}

test('class folders: the last fifth of each class in natural order is validation', async () => {
  const { classes, name, train, validation, notes } = await listed({ ...classFiles('b', 10), ...classFiles('A', 5) });
  assert.deepEqual(classes, ['A', 'b']);
  assert.equal(name, '<source>');
  // Natural order: b9 and b10 are last, not b8 and b9.
  assert.deepEqual(validation, ['A/A5.mp4 0', 'b/b9.mp4 1', 'b/b10.mp4 1']);
  assert.deepEqual(train.slice(3, 6), ['A/A4.mp4 0', 'b/b1.mp4 1', 'b/b2.mp4 1']);
  assert.equal(train.length, 12);
  assert.deepEqual(notes, ['validation: the last 20 % of the files of each class in file order']);
});

test('a number or a fraction of each class for validation', async () => {
  const files = { ...classFiles('a', 8), ...classFiles('b', 4) };
  assert.deepEqual((await listed(files, { validationPerClass: 3 })).validation.length, 6);
  assert.deepEqual((await listed(files, { validationFraction: 0.5 })).validation.length, 6);
  assert.deepEqual((await listed(files, { validationFraction: 0.01 })).validation, ['a/a8.mp4 0', 'b/b4.mp4 1']);
  await assert.rejects(listed(files, { validationPerClass: 4 }), {
    kind: 'data',
    message: /class b has 4 files, and the last 4 files would go to validation/,
  });
  await assert.rejects(listed(files, { validationPerClass: 1, validationFraction: 0.5 }), {
    kind: 'config',
    message: /exclude each other/,
  });
  await assert.rejects(listed(files, { validationFraction: 1 }), { kind: 'config' });
});

test('images and videos, extensions in any case, hidden files and stray ones left out', async () => {
  const files = {
    'cat/1.JPG': 'v',
    'cat/2.Png': 'v',
    'cat/.3.jpg': 'v',
    'cat/Thumbs.db': 'v',
    'dog/1.WebM': 'v',
    'dog/deep/2.mkv': 'v',
    '.cache/x/1.mp4': 'v',
    '__MACOSX/cat/1.JPG': 'v',
    'stray.mp4': 'v',
  };
  const { classes, train, validation, notes } = await listed(files);
  assert.deepEqual(classes, ['cat', 'dog']);
  assert.deepEqual([...train, ...validation], ['cat/1.JPG 0', 'dog/1.WebM 1', 'cat/2.Png 0', 'dog/deep/2.mkv 1']);
  assert.ok(notes.includes('not in a class folder, ignored: stray.mp4'));
});

test('split folders are kept as they are', async () => {
  const files = {
    'Train/a/1.mp4': 'v',
    'Train/b/1.mp4': 'v',
    'val/a/2.mp4': 'v',
    'test/b/3.mp4': 'v',
    'notes/readme/x.txt': '',
  };
  const { train, validation, test: tested, classes, notes } = await listed(files);
  assert.deepEqual(classes, ['a', 'b']);
  assert.deepEqual(
    [train, validation, tested],
    [['Train/a/1.mp4 0', 'Train/b/1.mp4 1'], ['val/a/2.mp4 0'], ['test/b/3.mp4 1']],
  );
  assert.deepEqual(notes, ['not in a class folder, ignored: notes']);
  await assert.rejects(listed(files, { validationPerClass: 1 }), {
    kind: 'config',
    message: /brings its own validation split/,
  });
  await assert.rejects(listed({ ...files, 'val/c/1.mp4': 'v' }), {
    kind: 'data',
    message: /class c is in the validation split, but not in train/,
  });
});

test('validation is cut from train when asked, or when there is nothing else to evaluate on', async () => {
  const two = { 'train/a/1.mp4': 'v', 'train/a/2.mp4': 'v', 'test/a/3.mp4': 'v' };
  const unasked = await listed(two);
  assert.deepEqual(unasked.validation, undefined);
  assert.match(
    unasked.notes.join(),
    /no validation split: .*--validation-fraction 0\.1; or .*data\.validationSplit=test/,
  );
  const asked = await listed(two, { validationPerClass: 1 });
  assert.deepEqual(
    [asked.train, asked.validation, asked.test],
    [['train/a/1.mp4 0'], ['train/a/2.mp4 0'], ['test/a/3.mp4 0']],
  );
  // What was chosen on validation may then be trained on both, and measured on test.
  assert.deepEqual(asked.trainval, ['train/a/1.mp4 0', 'train/a/2.mp4 0']);
  const only = await listed({ 'train/a/1.mp4': 'v', 'train/a/2.mp4': 'v' });
  assert.deepEqual(only.validation, ['train/a/2.mp4 0']);
  assert.equal(only.trainval, undefined);
});

test('the real images of CIFAR-10, in folders of train and test', async (t) => {
  const source = realAnnotations('cifar10');
  if (source === undefined) return t.skip('no samples here');
  const listing = await folder.list(source, { validationFraction: 0.2 });
  checkListing(listing);
  assert.deepEqual(listing.classes, [
    ...['airplane', 'automobile', 'bird', 'cat', 'deer'],
    ...['dog', 'frog', 'horse', 'ship', 'truck'],
  ]);
  const counts = Object.fromEntries(listing.splits.map(({ name, entries }) => [name, entries.length]));
  assert.deepEqual(Object.keys(counts), ['train', 'validation', 'trainval', 'test']);
  assert.equal(counts.trainval, (counts.train ?? 0) + (counts.validation ?? 0));
});

test('a class may be called train, as long as its folder holds files', async () => {
  const { classes } = await listed({ ...classFiles('train', 2), ...classFiles('bus', 2) });
  assert.deepEqual(classes, ['bus', 'train']);
});

test('an empty class folder is an error that names it; so is a folder without any', async () => {
  await withFiles(classFiles('a', 2), async (root) => {
    await mkdir(path.join(root, 'b'));
    await assert.rejects(folder.list(root, {}), {
      kind: 'data',
      message: /class folder b holds no video and no image[\s\S]*\/b\n/,
    });
  });
  await assert.rejects(listed({ ...classFiles('a', 2), 'b/x.txt': '' }), { message: /class folder b holds/ });
  await assert.rejects(listed({ 'x.mp4': 'v' }), { kind: 'data', message: /no class folder with videos or images/ });
});

test('follows links, but not in circles', async () => {
  await withFiles({ ...classFiles('a', 2), ...classFiles('b', 2) }, async (root) => {
    await withFiles({ '1.mp4': 'v', '2.mp4': 'v' }, async (elsewhere) => {
      await symlink(elsewhere, path.join(root, 'c'));
      await symlink(root, path.join(elsewhere, 'back'));
      await symlink('/nowhere', path.join(elsewhere, '3.mp4'));
      const listing = await folder.list(root, {});
      assert.deepEqual(listing.classes, ['a', 'b', 'c']);
      const files = [...entriesOf(listing, 'train'), ...entriesOf(listing, 'validation')].map((entry) => entry.file);
      assert.deepEqual(files.filter((file) => file.startsWith('c/')).sort(), ['c/1.mp4', 'c/2.mp4']);
    });
  });
});

test('a direction in a class name switches mirroring off', async () => {
  for (const name of ['push_left', 'TurnRight', 'Right', 'left hook', 'counter-clockwise', 'anticlockwise']) {
    const { flip, notes } = await listed({ [`${name}/1.mp4`]: 'v', [`${name}/2.mp4`]: 'v' });
    assert.equal(flip, false, name);
    assert.ok(notes.some((note) => note.includes(name)));
  }
  for (const name of ['bright', 'Wright', 'cleft', 'leftover', 'forehand']) {
    assert.equal((await listed({ [`${name}/1.mp4`]: 'v', [`${name}/2.mp4`]: 'v' })).flip, true, name);
  }
});

test('a list of names, in every separation, with and without header and split', async () => {
  const expected = { train: ['x y/1.mp4 0', 'b.mp4 1'], validation: ['c.mp4 0'] };
  const lists = [
    'path,label,split\nx y/1.mp4,jump,train\nb.mp4,run,train\nc.mp4,jump,val\n',
    'x y/1.mp4,jump,train\r\nb.mp4,run,train\r\nc.mp4,jump,validation\r\n',
    '\uFEFFfile\tlabel\tsplit\nx y/1.mp4\tjump\ttrain\nb.mp4\trun\ttrain\n\nc.mp4\tjump\tval',
    '"x y/1.mp4","jump",training\nb.mp4,run,train\nc.mp4,jump,valid\n',
    'x y/1.mp4 jump train\nb.mp4  run  train\nc.mp4 jump val\n',
  ];
  for (const text of lists) {
    const { classes, train, validation } = await listed({ 'list.csv': text }, { csv: 'list.csv', name: 'mine' });
    assert.deepEqual({ classes, train, validation }, { classes: ['jump', 'run'], ...expected }, text);
  }
});

test('a list without splits is split by class; commas and blanks may stand in paths', async () => {
  const text = 'a, b/1.mp4,0\na, b/10.mp4,0\na, b/9.mp4,0\nc.mp4,1\nd.mp4,1\n';
  const { classes, train, validation } = await listed({ 'l.csv': text }, { csv: 'l.csv', validationPerClass: 1 });
  assert.deepEqual(classes, ['0', '1']);
  assert.deepEqual(train, ['a, b/1.mp4 0', 'a, b/9.mp4 0', 'c.mp4 1']);
  assert.deepEqual(validation, ['a, b/10.mp4 0', 'd.mp4 1']);
  const blanks = await listed(
    { 'l.txt': 'my clips/a b.mp4 0\nmy clips/c.mp4 1\nd.mp4 0\ne.mp4 1\n' },
    { csv: 'l.txt' },
  );
  assert.deepEqual(blanks.train, ['d.mp4 0', 'e.mp4 1']);
  assert.deepEqual(blanks.validation, ['my clips/a b.mp4 0', 'my clips/c.mp4 1']);
});

test('absolute paths in a list become relative to the source', async () => {
  await withFiles({ 'a/1.mp4': 'v', 'a/2.mp4': 'v' }, async (root) => {
    await withFiles({ 'l.csv': `${root}/a/1.mp4,x\n${root}/a/2.mp4,x\n` }, async (lists) => {
      const listing = await folder.list(root, { csv: path.join(lists, 'l.csv') });
      assert.deepEqual(entriesOf(listing, 'train'), [{ id: 'a/1.mp4', file: 'a/1.mp4', label: 0 }]);
    });
  });
});

test('a fault in a list names file and line', async () => {
  const faults: [string, RegExp][] = [
    ['a.mp4,0\nb.mp4,-2\n', /label -2 is out of range[\s\S]*l\.csv:2/],
    ['a.mp4,0\nb.mp4,4000000\n', /label 4000000 is out of range[\s\S]*l\.csv:2/],
    ['a.mp4,x\nb.mp4,\n', /the label is missing[\s\S]*l\.csv:2/],
    ['path,label,split\na.mp4,x,train\nb.mp4,x,dev\n', /"dev" is no split[\s\S]*l\.csv:3/],
    ['a.mp4 0\nb.mp4\n', /not a path and a label[\s\S]*l\.csv:2/],
    ['label,path\n0,a.mp4\n', /columns are not path, label[\s\S]*l\.csv:1/],
    ['', /the list is empty/],
    ['path,label\n', /the list is empty/],
  ];
  for (const [text, message] of faults) {
    await assert.rejects(listed({ 'l.csv': text }, { csv: 'l.csv' }), { kind: 'data', message });
  }
  await assert.rejects(listed({}, { csv: 'absent.csv' }), { kind: 'data', message: /the list does not exist/ });
});
