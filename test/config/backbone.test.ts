/** A recipe chooses between a ViT and a Swin, each with keys of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backboneOptions, parseRecipe } from '../../src/config/index.ts';
import { resolveRecipe } from '../../src/config/parse-recipe.ts';
import { readYaml } from '../../src/config/yaml-source.ts';
import { PetlVideoError } from '../../src/errors/index.ts';
import { fakeMethods, SHORTEST } from './fake-methods.ts';

const SWIN = SHORTEST.replace('{ path: data/x }', '{ path: data/x, frames: 1 }').replace(
  'backbone: {',
  'backbone: { model: swin,',
);
const options = { file: 'configs/x/y.yaml', methods: fakeMethods };
const told = (text: string): string[] => {
  try {
    parseRecipe(text, options);
  } catch (thrown) {
    if (thrown instanceof PetlVideoError) return thrown.message.split('\n');
    throw thrown;
  }
  throw new assert.AssertionError({ message: 'the recipe was accepted' });
};

test('a short Swin recipe gets every default', () => {
  const recipe = parseRecipe(SWIN, options);
  assert.deepEqual(recipe.backbone, {
    model: 'swin',
    size: 'base',
    patch: 4,
    window: 7,
    dropPath: 0,
    weights: 'random',
  });
  assert.deepEqual(backboneOptions(recipe), {
    frames: 1,
    size: 224,
    width: 128,
    depths: [2, 2, 18, 2],
    heads: [4, 8, 16, 32],
    mlpRatio: 4,
    patch: 4,
    window: 7,
    dropPath: 0,
    normalization: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  });
});

test('a key of the other backbone is an error that says whose it is', () => {
  assert.deepEqual(told(SWIN.replace('size: base', 'size: base, tubelet: 1')), [
    'backbone.tubelet belongs to vit, not to "swin"',
    '  at configs/x/y.yaml:2:38',
    '  → backbone.tubelet: Frames of a tubelet',
  ]);
  const [window] = told(SHORTEST.replace('size: base', 'size: base, window: 7'));
  assert.equal(window, 'backbone.window belongs to swin, not to "vit"');
  const [mistyped] = told(SWIN.replace('size: base', 'size: base, windw: 7'));
  assert.equal(mistyped, 'backbone.windw is not a key; did you mean backbone.window?');
  const [bias] = told(SHORTEST.replace('size: base', 'size: base, bais: qv'));
  assert.equal(bias, 'backbone.bais is not a key; did you mean backbone.bias?');
});

test('a model or size that is none is told with those that are', () => {
  const [model] = told(SHORTEST.replace('backbone: {', 'backbone: { model: swim,'));
  assert.equal(model, 'backbone.model must be vit or swin, not "swim"; did you mean swin?');
  const [size] = told(SWIN.replace('size: base', 'size: huge'));
  assert.match(size ?? '', /^backbone\.size must be tiny, small, base or large or a mapping, not "huge"/);
  const [missing] = told(SWIN.replace('size: base, ', ''));
  assert.equal(missing, 'backbone.size is missing: tiny, small, base or large');
});

test('over a basis, another model drops the keys of the former', () => {
  const basis = readYaml(
    `${SHORTEST.replace('size: base', 'size: large, bias: qkv, dropPath: 0.1').replace('data/x', 'data/x, frames: 1')}`,
    'configs/x/_base.yaml',
  );
  const over = (text: string) => resolveRecipe(readYaml(text, 'configs/x/y.yaml'), basis, options).backbone;
  assert.deepEqual(over('backbone: { model: swin, size: tiny, weights: w }'), {
    model: 'swin',
    size: 'tiny',
    patch: 4,
    window: 7,
    dropPath: 0,
    weights: 'w',
  });
  const vit = over('backbone: { model: vit, patch: 14 }');
  assert.deepEqual([vit.model, vit.size, vit.patch, vit.dropPath], ['vit', 'large', 14, 0.1]);
});
