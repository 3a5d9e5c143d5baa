import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { backboneOptions, learningRate, loadRecipe, parseRecipe, toYaml } from '../../src/config/index.ts';
import { classifier } from '../../src/petl/classifier.ts';
import { methodOf } from '../../src/petl/index.ts';
import { sizeOf } from '../../src/tensor/host.ts';

const CLASSES: Readonly<Record<string, number>> = { ssv2: 174, hmdb51: 51, kinetics400: 400 };

const folders = readdirSync('configs', { withFileTypes: true }).filter((entry) => entry.isDirectory());
const files = folders.flatMap(({ name }) =>
  readdirSync(path.join('configs', name)).map((file) => path.join('configs', name, file)),
);

for (const file of files) {
  const text = readFileSync(file, 'utf8');
  const folder = path.basename(path.dirname(file));

  test(`${file} tells editors its schema`, () => {
    assert.equal(text.split('\n')[0], '# yaml-language-server: $schema=../recipe.schema.json');
  });
  if (path.basename(file).startsWith('_base')) continue;

  test(`${file} loads, and re-loads resolved`, async () => {
    const recipe = await loadRecipe(file);
    assert.equal(recipe.name, `${folder}-${path.basename(file, '.yaml')}`);
    assert.equal(recipe.data.path, `data/${folder}`);
    assert.deepEqual(parseRecipe(toYaml(recipe), { file: 'runs/x/config.yaml' }), recipe);
  });

  test(`${file} names its command and what to expect`, () => {
    assert.match(text, folder === 'quickstart' ? /petl-video quickstart/ : new RegExp(`petl-video train ${file}`));
    assert.match(text, /# Expected top-1: /);
  });

  const classes = CLASSES[folder];
  if (classes === undefined) continue;
  test(`${file} trains as many parameters as it says`, async () => {
    const recipe = await loadRecipe(file);
    const backbone = backboneOptions(recipe);
    const attached = methodOf(recipe.method.name).attach(backbone, optionsOf(recipe.method));
    const { trained } = classifier(backbone, attached, { ...recipe.head, classes });
    const count = trained.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    assert.equal(/Trained parameters: ([\d,]+)/.exec(text)?.[1], count.toLocaleString('en'));
  });
}

function optionsOf({ name: _, ...options }: { name: string }): object {
  return options;
}

test('the VideoMAE recipes have its augmentations, and no AdaptFormer recipe has any', async () => {
  for (const file of files.filter((name) => !path.basename(name).startsWith('_base'))) {
    const { data } = await loadRecipe(file);
    const expected = file.includes('videomae') ? ['rand-m7-n4-mstd0.5-inc1', 0.25, 2] : [false, 0, 1];
    assert.deepEqual([data.randAugment, data.erasing, data.repeats], expected, file);
  }
});

test('the AdaptFormer recipes have its learning rate, the VideoMAE recipes theirs', async () => {
  for (const folder of Object.keys(CLASSES)) {
    for (const method of ['adaptformer', 'linear', 'vpt', 'full']) {
      const recipe = await loadRecipe(`configs/${folder}/${method}-vit-b.yaml`);
      assert.equal(learningRate(recipe), 0.4);
      assert.equal(recipe.train.batch * recipe.train.accumulate, 1024);
    }
  }
  for (const folder of ['ssv2', 'kinetics400']) {
    const recipe = await loadRecipe(`configs/${folder}/full-videomae-vit-b.yaml`);
    assert.equal(learningRate(recipe), 7.5e-4);
    assert.equal(recipe.optim.minLr, 1.5e-6);
  }
});
