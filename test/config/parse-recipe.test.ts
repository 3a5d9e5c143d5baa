import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backboneOptions, explainLearningRate, learningRate, parseRecipe, toYaml } from '../../src/config/index.ts';
import { nameOf } from '../../src/config/parse-recipe.ts';
import { PetlVideoError } from '../../src/errors/index.ts';
import { fakeMethods, SHORTEST } from './fake-methods.ts';

const parse = (text: string, overrides: string[] = []) =>
  parseRecipe(text, { file: 'configs/x/y.yaml', overrides, methods: fakeMethods });

const fault = (text: string, overrides: string[] = []): PetlVideoError => {
  try {
    parse(text, overrides);
  } catch (thrown) {
    if (thrown instanceof PetlVideoError) return thrown;
    throw thrown;
  }
  throw new assert.AssertionError({ message: 'the recipe was accepted' });
};

test('the shortest recipe gets every default', () => {
  assert.deepEqual(parse(SHORTEST), {
    name: 'x-y',
    data: {
      path: 'data/x',
      trainSplit: 'train',
      validationSplit: 'validation',
      frames: 8,
      stride: 4,
      size: 224,
      sampling: 'adaptformer-dense',
      crop: 'multi-scale',
      resize: 256,
      interpolation: 'bilinear',
      cropScale: [0.08, 1],
      flip: 'auto',
      randAugment: false,
      colorJitter: 0,
      augmentOn: 'picture',
      erasing: 0,
      repeats: 1,
      normalize: 'imagenet',
      retries: 0,
      onError: 'skip',
      maxSkipped: 0.01,
      decoders: 0,
      decoder: 'ffmpeg',
    },
    backbone: {
      model: 'vit',
      size: 'base',
      patch: 16,
      tubelet: 2,
      bias: 'qv',
      positions: 'sincos',
      clsToken: false,
      pool: 'mean',
      attention: 'joint',
      dropPath: 0,
      weights: 'random',
    },
    method: { name: 'bottle', bottleneck: 64, scale: 0.1, blocks: 'all' },
    head: { batchNorm: true, initStd: 2e-5, dropout: 0 },
    optim: {
      name: 'sgd',
      blr: 0.1,
      minLr: 0,
      momentum: 0.9,
      weightDecay: 0,
      warmupEpochs: 0,
      layerDecay: 1,
      schedule: 'steps',
      decay: 'matrices',
      warmupLr: 0,
      clipNorm: 0,
    },
    train: {
      epochs: 30,
      batch: 16,
      accumulate: 8,
      seed: 0,
      labelSmoothing: 0,
      mixup: 0,
      cutmix: 0,
      mixProbability: 1,
      mixSwitch: 0.5,
      validateEvery: 1,
      checkpointMinutes: 10,
      logEverySteps: 10,
      dropLast: true,
      recompute: false,
    },
    eval: { segments: 4, crops: 3, fuse: 'softmax', batch: 16 },
    engine: { name: 'auto', device: 'auto', precision: 'fp32', xla: 'auto', threads: 0 },
    run: {},
  });
});

test('a resolved recipe re-loads as itself, whatever file it then is', () => {
  const recipe = parse(SHORTEST, [
    'method.blocks=[0, 11]',
    'data.cropScale=[0.25, 1]',
    'backbone.size={width: 96, depth: 12, heads: 3}',
    'backbone.weights="1e3"',
    'run.folder=runs/again',
  ]);
  const again = parseRecipe(toYaml(recipe), { file: 'runs/again/config.yaml', methods: fakeMethods });
  assert.deepEqual(again, recipe);
  assert.equal(again.name, 'x-y');
  assert.equal(again.backbone.weights, '1e3');
});

test('the name comes from folder and file', () => {
  assert.equal(nameOf('configs/ssv2/linear-vit-b.yaml'), 'ssv2-linear-vit-b');
  assert.equal(nameOf('/my videos/(new) try.yaml'), 'my-videos-new-try');
  assert.equal(nameOf('/home/.cache/_try.yaml'), 'cache-_try');
});

test('the learning rate and where it comes from', () => {
  assert.equal(explainLearningRate(parse(SHORTEST)), 'lr 0.05 = blr 0.1 × 128 / 256');
  const outright = parse(SHORTEST, ['optim.lr=0.003']);
  assert.equal(explainLearningRate(outright), 'lr 0.003');
  assert.equal(learningRate(outright), 0.003);
});

test('the options of the backbone', () => {
  assert.deepEqual(backboneOptions(parse(SHORTEST, ['backbone.size=large', 'data.normalize=half', 'data.frames=16'])), {
    frames: 16,
    size: 224,
    width: 1024,
    depth: 24,
    heads: 16,
    mlpRatio: 4,
    patch: 16,
    tubelet: 2,
    bias: 'qv',
    positions: 'sincos',
    clsToken: false,
    pool: 'mean',
    attention: 'joint',
    dropPath: 0,
    normalization: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  });
});

test('an unknown key is an error with its place, the nearest key and what that means', () => {
  const error = fault(SHORTEST.replace('blr: 0.1', 'blr: 0.1, lrr: 1'));
  assert.equal(error.kind, 'config');
  assert.equal(error.exitCode, 3);
  assert.equal(error.at, 'configs/x/y.yaml:4:31');
  assert.equal(
    error.message,
    `optim.lrr is not a key; did you mean optim.lr?
  at configs/x/y.yaml:4:31
  → optim.lr: Learning rate, instead of blr`,
  );
});

test('all problems are told at once, in the order of the file', () => {
  const text = `frames: 3
data:
  path: 3
  framez: 7
  crop: centre
  cropScale: [0.5]
  flip: true
  fold:
  size: 224.5
backbone:
  size: {width: 10, depht: 3}
  weights: x
method:
  name: bottle
  prompts: 3
  blocks: 12-3
  scale: learnt
optim: {name: sdg, lr: 3}
train: {epochs: 3, batch: 1, mixup: -1, seed: yes}
eval: {fuse: prob}
zzzzzz: 1
`;
  const told = fault(text)
    .message.split('\n')
    .filter((line) => !line.startsWith('    →'));
  assert.deepEqual(told, [
    '19 problems in the recipe',
    '  configs/x/y.yaml:1:1: frames is not a key; did you mean data.frames?',
    '  configs/x/y.yaml:3:3: data.path must be text, not 3',
    '  configs/x/y.yaml:4:3: data.framez is not a key; did you mean data.frames?',
    '  configs/x/y.yaml:5:3: data.crop must be multi-scale, random-resized, random-resized-once, center, squash or random, not "centre"; did you mean center?',
    '  configs/x/y.yaml:6:3: data.cropScale must be a list of at least 2, not a list of 1',
    '  configs/x/y.yaml:7:3: data.flip must be auto or false, not true',
    '  configs/x/y.yaml:8:3: data.fold is empty; it must be a number',
    '  configs/x/y.yaml:9:3: data.size must be a whole number, not 224.5',
    '  configs/x/y.yaml:11:3: backbone.size.depth is missing',
    '  configs/x/y.yaml:11:3: backbone.size.heads is missing',
    '  configs/x/y.yaml:11:21: backbone.size.depht is not a key; did you mean backbone.size.depth?',
    '  configs/x/y.yaml:15:3: method.prompts belongs to prompt, not to "bottle"',
    '  configs/x/y.yaml:16:3: method.blocks must be all or a list, not "12-3"',
    '  configs/x/y.yaml:17:3: method.scale must be a number or learned, not "learnt"; did you mean learned?',
    '  configs/x/y.yaml:18:9: optim.name must be sgd or adamw, not "sdg"; did you mean sgd?',
    '  configs/x/y.yaml:19:30: train.mixup must be at least 0, not -1',
    '  configs/x/y.yaml:19:41: train.seed must be a number, not "yes"',
    '  configs/x/y.yaml:20:8: eval.fuse must be logits or softmax, not "prob"',
    '  configs/x/y.yaml:21:1: zzzzzz is not a key',
  ]);
});

test('a backbone never stays random by silence: what has no default is missing', () => {
  const told = fault('engine: {}').message;
  assert.deepEqual(told.match(/[a-z]+\.[a-z]+ is missing.*/g), [
    'data.path is missing',
    'backbone.size is missing: tiny, small, base, large or huge',
    'backbone.weights is missing',
    'method.name is missing: bottle or prompt',
    'optim.name is missing: sgd or adamw',
    'train.epochs is missing',
    'train.batch is missing',
  ]);
});

test('what is no recipe at all', () => {
  const told = (text: string): string[] => {
    const { message } = fault(text);
    return message.split('\n').slice(0, 2);
  };
  assert.deepEqual(told(''), ['the recipe is empty', '  at configs/x/y.yaml']);
  assert.deepEqual(told('- 1'), ['a recipe is a mapping of keys to values', '  at configs/x/y.yaml']);
  assert.deepEqual(told('data: {path: a}\ndata: 1'), [
    'not YAML: Map keys must be unique',
    '  at configs/x/y.yaml:2:1',
  ]);
  assert.deepEqual(told(`${SHORTEST}extends: _base.yaml`), [
    'extends is for recipes that are files',
    '  at configs/x/y.yaml:6:1',
  ]);
});

test('aliases are read, and __proto__ is a key like any other', () => {
  const recipe = parse(`name: &n once\nrun: { folder: *n }\n${SHORTEST}`);
  assert.equal(recipe.run.folder, 'once');
  assert.equal(fault(`${SHORTEST}__proto__: { x: 1 }`).at, 'configs/x/y.yaml:6:1');
});
