import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { buildModel, learningRate, loadRecipe, parseRecipe, toYaml } from '../../src/config/index.ts';
import { countParameters } from '../../src/tensor/parameters.ts';
import { TASKS } from './vtab1k-table.ts';

/** Classes by the folder of the prepared data. */
const CLASSES: Readonly<Record<string, number>> = {
  ...{ ssv2: 174, hmdb51: 51, kinetics400: 400, cifar100: 100, svhn: 10, food101: 101 },
  ...{ cub200: 200, nabirds: 555, flowers102: 102, dogs120: 120, cars196: 196 },
  ...{ 'few-shot/fgvc-aircraft': 100, 'few-shot/food101': 101, 'few-shot/oxford-flowers102': 102 },
  ...{ 'few-shot/oxford-pets': 37, 'few-shot/stanford-cars': 196 },
  ...Object.fromEntries(Object.entries(TASKS).map(([task, [, classes]]) => [`vtab1k/${task}`, classes])),
};

/** The folders of AdaptFormer's own tables, in which every method has its protocol. */
const ADAPTFORMER = {
  video: ['ssv2', 'hmdb51', 'kinetics400'],
  image: ['cifar100', 'svhn', 'food101'],
} as const;

const files = readdirSync('configs', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => path.join('configs', file));
const recipes = files.filter((file) => !path.basename(file).startsWith('_'));

test('recipes stand in folders of their own', () => {
  assert.ok(files.length > 250);
  assert.deepEqual(
    files.filter((file) => ![3, 4].includes(file.split(path.sep).length)),
    [],
  );
});

test('every file tells editors its schema', () => {
  for (const file of files) {
    const up = '../'.repeat(file.split(path.sep).length - 2);
    const [first] = readFileSync(file, 'utf8').split('\n');
    assert.equal(first, `# yaml-language-server: $schema=${up}recipe.schema.json`, file);
  }
});

for (const file of recipes) {
  test(`${file} loads, re-loads resolved, says its command, what to expect and how many parameters it trains`, async () => {
    const text = readFileSync(file, 'utf8');
    const folders = file.split(path.sep).slice(1, -1);
    const recipe = await loadRecipe(file);
    assert.equal(recipe.name, [...folders, path.basename(file, '.yaml')].join('-'));
    if (!['fgvc', 'images'].includes(folders[0] as string))
      assert.ok(recipe.data.path.startsWith(`data/${folders[0]}`), recipe.data.path);
    assert.deepEqual(parseRecipe(toYaml(recipe), { file: 'runs/x/config.yaml' }), recipe);

    const command = { quickstart: 'quickstart', images: 'bench methods' }[folders[0] as string] ?? `train ${file}`;
    assert.match(text, new RegExp(`petl-video ${command}`));
    assert.match(text, /# Expected top-1: /);

    const classes = CLASSES[recipe.data.path.replace(/^data\//, '')];
    if (classes === undefined) return;
    const count = countParameters(buildModel(recipe, classes).trained);
    assert.equal(/Trained parameters: ([\d,]+)/.exec(text)?.[1], count.toLocaleString('en'));
  });
}

test('the VideoMAE recipes have its augmentations, and no AdaptFormer recipe has any', async () => {
  for (const folder of [...ADAPTFORMER.video, ...ADAPTFORMER.image]) {
    for (const file of recipes.filter((name) => name.split(path.sep)[1] === folder)) {
      const { data } = await loadRecipe(file);
      const expected = file.includes('videomae') ? ['rand-m7-n4-mstd0.5-inc1', 0.25, 2] : [false, 0, 1];
      assert.deepEqual([data.randAugment, data.erasing, data.repeats], expected, file);
    }
  }
});

test('the AdaptFormer recipes have its learning rate, the VideoMAE recipes theirs', async () => {
  for (const folder of [...ADAPTFORMER.video, ...ADAPTFORMER.image]) {
    for (const method of ['adaptformer', 'linear', 'vpt', 'full']) {
      const recipe = await loadRecipe(`configs/${folder}/${method}-vit-b.yaml`);
      // The paper divides the rate of full fine-tuning by 10 there.
      const lower = method === 'full' && ['svhn', 'food101'].includes(folder);
      assert.equal(learningRate(recipe), lower ? 0.04 : 0.4);
      assert.equal(recipe.train.batch * recipe.train.accumulate, 1024);
    }
  }
  for (const folder of ['ssv2', 'kinetics400']) {
    const recipe = await loadRecipe(`configs/${folder}/full-videomae-vit-b.yaml`);
    assert.equal(learningRate(recipe), 7.5e-4);
    assert.equal(recipe.optim.minLr, 1.5e-6);
  }
});
