import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { taskNamed, VTAB_TASKS } from '../../datasets/vtab-tasks.ts';
import { vtab1k } from '../../datasets/vtab1k.ts';
import { checkListing, type Listing } from '../../src/data/listing.ts';
import { VTAB_GROUPS } from '../../src/eval/vtab.ts';
import { entriesOf, withFiles } from './layout.ts';

/** A task with `n` images per split, labels 0, 1, 0, … */
function task(name: string, extension = 'jpg', listed = extension, n = 2): Record<string, string> {
  const files: Record<string, string> = {};
  for (const split of ['train800', 'val200', 'train800val200', 'test']) {
    const lines = Array.from({ length: n }, (_, i) => {
      files[`${name}/images/${split}/00000${i}.${extension}`] = 'i';
      return `images/${split}/00000${i}.${listed} ${i % 2}\n`;
    });
    files[`${name}/${split}.txt`] = `${lines.join('')}\n`;
  }
  return files;
}

async function listed(files: Record<string, string>, at = ''): Promise<Record<string, Listing>> {
  const listings: Record<string, Listing> = {};
  await withFiles(files, async (root) => {
    for (const { name, source, definition } of (await vtab1k.tasks?.(path.join(root, at), {})) ?? []) {
      listings[name] = await definition.list(source, {});
      checkListing(listings[name]);
    }
  });
  return listings;
}

test('the tasks are those whose means are printed, in the same groups and order', () => {
  const grouped = Object.entries(VTAB_GROUPS).flatMap(([group, names]) =>
    names.map((name) => [name, group.toLowerCase()]),
  );
  assert.deepEqual(
    VTAB_TASKS.map(({ name, group }) => [name, group]),
    grouped,
  );
});

test('19 tasks of 940 classes, in three groups', () => {
  assert.equal(VTAB_TASKS.length, 19);
  assert.equal(
    VTAB_TASKS.reduce((sum, { classes }) => sum + classes, 0),
    940,
  );
  const count = (group: string) => VTAB_TASKS.filter((one) => one.group === group).length;
  assert.deepEqual([count('natural'), count('specialized'), count('structured')], [7, 4, 8]);
  for (const { name, names, classes } of VTAB_TASKS) assert.equal(names?.length ?? classes, classes, name);
});

test('folders may have the names that other programs give them', () => {
  const means = (folder: string) => taskNamed(folder)?.name;
  assert.equal(means('cifar100'), 'cifar');
  assert.equal(means('vtab-cifar(num_classes=100)'), 'cifar');
  assert.equal(means('vtab-smallnorb(predicted_attribute="label_azimuth")'), 'smallnorb_azi');
  assert.equal(means("vtab-clevr(task='count_all')"), 'clevr_count');
  assert.equal(means('oxford_pet'), 'oxford_iiit_pet');
  assert.equal(means('images'), undefined);
});

test('finds the tasks that are there, and both protocols of each', async () => {
  const files = { ...task('vtab-1k/svhn'), ...task('vtab-1k/oxford_pet'), 'vtab-1k/notes/test.txt': 'x' };
  for (const at of ['', 'vtab-1k']) {
    const listings = await listed(files, at);
    assert.deepEqual(Object.keys(listings), ['oxford_iiit_pet', 'svhn']);
    const { svhn } = listings as { svhn: Listing };
    assert.deepEqual(
      svhn.splits.map(({ name }) => name),
      ['train', 'validation', 'trainval', 'test'],
    );
    assert.deepEqual(entriesOf(svhn, 'trainval'), [
      { id: 'images/train800val200/000000.jpg', file: 'images/train800val200/000000.jpg', label: 0 },
      { id: 'images/train800val200/000001.jpg', file: 'images/train800val200/000001.jpg', label: 1 },
    ]);
    assert.equal(svhn.classes[7], '7');
  }
});

test('JPEG copies and lossless ones are told apart by name, and copies of small lossless images warned of', async () => {
  const { cifar: jpeg } = await listed(task('cifar'));
  assert.equal(jpeg?.name, 'vtab-cifar (JPEG copies)');
  assert.deepEqual(jpeg?.origin, { lists: 'VTAB-1k, extracted', images: 'JPEG copies' });
  assert.match(jpeg?.notes.join() ?? '', /JPEG copies of images that are lossless, of 32 x 32/);
  // Lists that still say .jpg.
  const { cifar: png } = await listed(task('cifar', 'png', 'jpg'));
  assert.equal(png?.name, 'vtab-cifar (lossless)');
  assert.deepEqual(png?.notes, []);
  assert.equal(entriesOf(png as Listing, 'test')[1]?.file, 'images/test/000001.png');
  const { dtd } = await listed(task('dtd'));
  assert.deepEqual(dtd?.notes, []);
});

test('missing images stay listed, missing lists are told', async () => {
  const files: Record<string, string> = task('eurosat');
  delete files['eurosat/images/test/000001.jpg'];
  delete files['eurosat/train800val200.txt'];
  const { eurosat } = await listed(files);
  assert.equal(entriesOf(eurosat as Listing, 'test').length, 2);
  assert.match(eurosat?.notes.join() ?? '', /train800val200\.txt was not found: no trainval split/);
});

test('refuses malformed lists with file and line, and a folder without tasks', async () => {
  const refuses = (lines: string, message: RegExp) =>
    assert.rejects(listed({ ...task('eurosat'), 'eurosat/test.txt': lines }), { kind: 'data', message });
  await refuses(
    'images/test/000000.jpg 0\n\nimages/test/000001.jpg 10\n',
    /the label 10 is out of range[\s\S]*test\.txt:3[\s\S]*0 to 9/,
  );
  await refuses('images/test/000000.jpg\n', /not a path, a blank and a label[\s\S]*test\.txt:1/);
  await refuses('images/test/000000.jpg 0\n5\n', /not a path[\s\S]*test\.txt:2/);
  await refuses('images/test/000000.jpg -1\n', /label -1 is out of range/);
  await refuses('', /the list is empty/);
  await assert.rejects(listed({ 'other/a.jpg': 'i' }), { message: /no task of VTAB-1k was found[\s\S]*smallnorb_ele/ });
  await assert.rejects(listed({ 'a.jpg': 'i' }, 'nowhere'), { message: /the folder does not exist/ });
});
