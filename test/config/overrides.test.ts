import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRecipe } from '../../src/config/index.ts';
import { PetlVideoError } from '../../src/errors/index.ts';
import { fakeMethods, SHORTEST } from './fake-methods.ts';

const withOverrides = (...overrides: string[]) =>
  parseRecipe(SHORTEST, { file: 'r.yaml', overrides, methods: fakeMethods });

test('values are YAML, the later argument counts', () => {
  const { data, train, backbone, optim } = withOverrides(
    'data.cropScale=[0.5, 0.75]',
    'train.batch=4',
    'train.batch=6',
    'train.dropLast=false',
    'backbone.size={width: 96, depth: 2, heads: 3}',
    'backbone.weights=a=b.safetensors',
    'optim.blr=1e-3',
  );
  assert.deepEqual(data.cropScale, [0.5, 0.75]);
  assert.equal(train.batch, 6);
  assert.equal(train.dropLast, false);
  assert.equal(train.epochs, 30);
  assert.deepEqual(backbone.size, { width: 96, depth: 2, heads: 3, mlpRatio: 4 });
  assert.equal(backbone.weights, 'a=b.safetensors');
  assert.equal(optim.blr, 0.001);
});

test('another method takes nothing over from the one in the file', () => {
  const text = SHORTEST.replace('name: bottle', 'name: bottle, bottleneck: 8, scale: learned');
  const resolve = (...overrides: string[]) =>
    parseRecipe(text, { file: 'r.yaml', overrides, methods: fakeMethods }).method;
  assert.deepEqual(resolve('method.name=prompt'), { name: 'prompt', prompts: 1 });
  assert.deepEqual(resolve('method.prompts=5', 'method.name=prompt'), { name: 'prompt', prompts: 5 });
  assert.deepEqual(resolve('method.name=bottle', 'method.scale=2'), {
    name: 'bottle',
    bottleneck: 8,
    scale: 2,
    blocks: 'all',
  });
});

test('another optimizer keeps the schedule, not the momentum nor the learning rate', () => {
  const text = SHORTEST.replace('blr: 0.1', 'blr: 0.1, minLr: 0.01, momentum: 0.5, warmupEpochs: 4, clipNorm: 2');
  const { optim } = parseRecipe(text, {
    file: 'r.yaml',
    overrides: ['optim.name=adamw', 'optim.lr=0.001'],
    methods: fakeMethods,
  });
  assert.deepEqual(optim, {
    name: 'adamw',
    lr: 0.001,
    minLr: 0,
    betas: [0.9, 0.999],
    eps: 1e-8,
    weightDecay: 0.05,
    warmupEpochs: 4,
    layerDecay: 1,
    schedule: 'steps',
    decay: 'matrices',
    warmupLr: 0,
    clipNorm: 2,
  });
});

test('lr given later stands for blr, and blr for lr', () => {
  assert.deepEqual([withOverrides('optim.lr=2').optim.blr, withOverrides('optim.lr=2').optim.lr], [undefined, 2]);
  const text = SHORTEST.replace('blr: 0.1', 'lr: 0.1');
  const { optim } = parseRecipe(text, { file: 'r.yaml', overrides: ['optim.blr=0.3'], methods: fakeMethods });
  assert.deepEqual([optim.blr, optim.lr], [0.3, undefined]);
});

test('an unknown path is an error like an unknown key', () => {
  assert.throws(() => withOverrides('method.bottlneck=3'), {
    kind: 'config',
    message: `method.bottlneck is not a key; did you mean method.bottleneck?
  at argument method.bottlneck=3
  → method.bottleneck: Small dimension`,
  });
  assert.throws(() => withOverrides('optim.lrr.x=1'), { at: 'argument optim.lrr.x=1' });
  assert.throws(() => withOverrides('__proto__.x=1'), { message: /^__proto__ is not a key\n/ });
  assert.equal(({} as { x?: number }).x, undefined);
});

test('a mistake in the file is still placed in the file when an argument touches the section', () => {
  const text = SHORTEST.replace('path: data/x', 'pth: data/x');
  assert.throws(
    () => parseRecipe(text, { file: 'r.yaml', overrides: ['data.frames=4'], methods: fakeMethods }),
    /\n {2}r\.yaml:1:1: data\.path is missing\n.*\n {2}r\.yaml:1:9: data\.pth is not a key; did you mean data\.path\?/,
  );
});

test("a list given anew takes its items' places along", () => {
  const text = SHORTEST.replace('data/x', 'data/x, cropScale: [0.5, 1]');
  assert.throws(
    () => parseRecipe(text, { file: 'r.yaml', overrides: ['data.cropScale=[0, 1]'], methods: fakeMethods }),
    { message: 'data.cropScale.0 must be above 0, not 0\n  at argument data.cropScale=[0, 1]' },
  );
});

test('what is no path=value is a usage error', () => {
  for (const argument of ['train.batch', '=3', 'train..batch=3', '.a=1']) {
    assert.throws(
      () => withOverrides(argument),
      (thrown) => {
        assert.ok(thrown instanceof PetlVideoError);
        assert.equal(thrown.exitCode, 2);
        assert.equal(thrown.message, `'${argument}' is not path=value\n  → write for instance train.batch=8`);
        return true;
      },
    );
  }
  assert.throws(() => withOverrides('train.batch=[1'), {
    kind: 'usage',
    message: 'the value of train.batch is not YAML: Flow sequence must end with a ]\n  at argument train.batch=[1',
  });
});
