import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { isFolder, loadRecipes } from '../../src/config/index.ts';
import { fakeMethods, SHORTEST } from './fake-methods.ts';

let folder = '';
const load = (place: string, overrides: string[] = []) =>
  loadRecipes(path.join(folder, place), overrides, { methods: fakeMethods });

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'petl-video-folders-'));
  const files: Record<string, string> = {
    'set/_base.yaml': SHORTEST,
    'set/b10.yaml': 'extends: _base.yaml\n',
    'set/b9.yaml': 'extends: _base.yaml\n',
    'set/notes.txt': 'no recipe',
    'set/a/_base.yaml': SHORTEST,
    'set/a/c.yaml': 'extends: _base.yaml\n',
    'set/_old/c.yaml': 'not: a recipe\n',
    'wrong/one.yaml': `${SHORTEST}lrr: 1\n`,
    'wrong/two.yaml': SHORTEST.replace('epochs: 30', 'epochs: 0'),
    'twins/one.yaml': `name: twin\n${SHORTEST}`,
    'twins/two.yaml': `name: twin\n${SHORTEST}`,
    'empty/_base.yaml': SHORTEST,
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
});
after(() => rm(folder, { recursive: true }));

test('files before folders, numbers in their order, nothing that begins with _', async () => {
  const loaded = await load('set', ['train.batch=2']);
  assert.deepEqual(
    loaded.map(({ file, recipe }) => [path.relative(folder, file), recipe.name, recipe.train.batch]),
    [
      ['set/b9.yaml', 'set-b9', 2],
      ['set/b10.yaml', 'set-b10', 2],
      ['set/a/c.yaml', 'a-c', 2],
    ],
  );
});

test('the problems of all recipes are told at once', async () => {
  await assert.rejects(load('wrong'), (thrown: Error) => {
    assert.match(thrown.message, /^2 recipes with problems\n\nlrr is not a key.*one\.yaml.*train\.epochs must be/s);
    return true;
  });
});

test('two recipes of one name, and a folder without any', async () => {
  await assert.rejects(load('twins'), { what: 'two recipes are named twin: their runs would share a folder' });
  await assert.rejects(load('empty'), { what: 'no recipe in the folder' });
});

test('what is a folder', async () => {
  assert.equal(await isFolder(path.join(folder, 'set')), true);
  assert.equal(await isFolder(path.join(folder, 'set', 'b9.yaml')), false);
  assert.equal(await isFolder(path.join(folder, 'absent')), false);
});
