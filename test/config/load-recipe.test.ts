import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { loadRecipe } from '../../src/config/index.ts';
import { fakeMethods, SHORTEST } from './fake-methods.ts';

let folder = '';
const file = (name: string): string => path.join(folder, 'set', name);
const load = (name: string, overrides: string[] = []) => loadRecipe(file(name), overrides, { methods: fakeMethods });

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'petl-video-recipes-'));
  await mkdir(file(''));
  const files: Record<string, string> = {
    '_base.yaml': SHORTEST.replace('name: bottle', 'name: bottle, bottleneck: 8'),
    '_base-wrong.yaml': SHORTEST.replace('epochs: 30', 'epochs: 0'),
    '_base-twice.yaml': `extends: _base.yaml\n${SHORTEST}`,
    '_base-named.yaml': `name: shared\n${SHORTEST}`,
    'same-method.yaml': 'extends: _base.yaml\nmethod:\n  scale: 3\ntrain:\n  batch: 4\n',
    'other-method.yaml': 'extends: _base.yaml\nmethod:\n  name: prompt\n',
    'wrong-here.yaml': 'extends: _base.yaml\nmethod:\n  scael: 3\n',
    'wrong-below.yaml': 'extends: _base-wrong.yaml\ntrain:\n  batch: 4\n',
    'twice.yaml': 'extends: _base-twice.yaml\n',
    'named.yaml': 'extends: _base-named.yaml\n',
    'outside.yaml': 'name: x\nextends: ../_base.yaml\n',
    'absent.yaml': 'extends: _base-absent.yaml\n',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(file(name), text);
});
after(() => rm(folder, { recursive: true }));

test('a recipe lies over its basis, and arguments over both', async () => {
  const recipe = await load('same-method.yaml', ['train.batch=2']);
  assert.equal(recipe.name, 'set-same-method');
  assert.deepEqual(recipe.method, { name: 'bottle', bottleneck: 8, scale: 3, blocks: 'all' });
  assert.deepEqual([recipe.train.epochs, recipe.train.batch, recipe.train.accumulate], [30, 2, 8]);
  assert.equal('extends' in recipe, false);
});

test('another method takes nothing over from the basis', async () => {
  assert.deepEqual((await load('other-method.yaml')).method, { name: 'prompt', prompts: 1 });
});

test('an error points into the file that has it', async () => {
  await assert.rejects(load('wrong-here.yaml'), {
    message: `method.scael is not a key; did you mean method.scale?\n  at ${file('wrong-here.yaml')}:3:3\n  → method.scale: Factor`,
  });
  await assert.rejects(load('wrong-below.yaml'), {
    message: `train.epochs must be at least 1, not 0\n  at ${file('_base-wrong.yaml')}:5:10\n  → train.epochs: Passes over the training split`,
  });
});

test('extends goes one file deep, in the same folder', async () => {
  await assert.rejects(load('twice.yaml'), {
    message: `a recipe extends one file, and that extends no other\n  at ${file('_base-twice.yaml')}:1:1`,
  });
  await assert.rejects(load('named.yaml'), {
    message: `a name belongs to a recipe, not to what several extend\n  at ${file('_base-named.yaml')}:1:1`,
  });
  await assert.rejects(load('outside.yaml'), {
    message: `extends must name a file of the same folder that begins with _base\n  at ${file('outside.yaml')}:2:1`,
  });
  await assert.rejects(load('absent.yaml'), {
    message: `extends _base-absent.yaml, which is not there\n  at ${file('absent.yaml')}:1:1`,
  });
});

test('a file that is not there: the nearest recipe', async () => {
  await assert.rejects(load('same-metod.yaml'), {
    kind: 'config',
    message: `no such recipe\n  at ${file('same-metod.yaml')}\n  → did you mean ${file('same-method.yaml')}?`,
  });
  const elsewhere = path.join(folder, 'sett', 'same-method.yaml');
  await assert.rejects(loadRecipe(elsewhere), {
    message: `no such recipe\n  at ${elsewhere}\n  → did you mean ${file('same-method.yaml')}?`,
  });
  await assert.rejects(loadRecipe(path.join(folder, 'set')), { message: /^a recipe is a file, not a folder\n/ });
});
