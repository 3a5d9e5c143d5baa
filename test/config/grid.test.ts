import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAxes, parseSeeds, settingsOf } from '../../src/config/grid.ts';
import { PetlVideoError } from '../../src/errors/index.ts';

const isUsage = (pattern: RegExp) => (thrown: unknown) =>
  thrown instanceof PetlVideoError && thrown.kind === 'usage' && pattern.test(thrown.message);

test('every combination in the order of the arguments, the last axis fastest', () => {
  const settings = settingsOf(parseAxes(['optim.lr=1e-3,5e-3', 'method.scale=0.1,1,10']));
  assert.deepEqual(
    settings.map(({ name }) => name),
    [
      ...['lr=1e-3,scale=0.1', 'lr=1e-3,scale=1', 'lr=1e-3,scale=10'],
      ...['lr=5e-3,scale=0.1', 'lr=5e-3,scale=1', 'lr=5e-3,scale=10'],
    ],
  );
  assert.deepEqual(settings[4]?.overrides, ['optim.lr=5e-3', 'method.scale=1']);
});

test('without an axis there is one setting, the recipe itself', () => {
  assert.deepEqual(settingsOf([]), [{ name: '', overrides: [] }]);
});

test('lists and texts are values; names stay fit for folders and apart', () => {
  const settings = settingsOf(parseAxes(['method.blocks=[0, 1],[2, 3],all', 'backbone.weights=a/b.safetensors,"a,b"']));
  assert.deepEqual(
    settings.map(({ name }) => name),
    ['blocks=0-1', 'blocks=2-3', 'blocks=all'].flatMap((blocks) => [
      `${blocks},weights=a-b.safetensors`,
      `${blocks},weights=a-b`,
    ]),
  );
  assert.deepEqual(settings[1]?.overrides, ['method.blocks=[0, 1]', 'backbone.weights="a,b"']);
  const twins = settingsOf(parseAxes(['backbone.weights=a/b,a_b,a:b']));
  assert.equal(new Set(twins.map(({ name }) => name)).size, 3);
  assert.deepEqual(
    settingsOf(parseAxes(['a.x=1', 'b.x=-2'])).map(({ name }) => name),
    ['a.x=1,b.x=-2'],
  );
});

test('what is no grid is refused', () => {
  for (const [texts, says] of [
    [['optim.lr'], /not path=v1,v2/],
    [['optim.lr='], /not path=v1,v2/],
    [['optim.lr=1,,2'], /an empty value/],
    [['optim.lr=1,2,'], /an empty value/],
    [['optim.lr=0.1,1e-1'], /the same value twice/],
    [['optim.lr=1', 'optim.lr=2'], /given twice/],
    [['optim.lr=[1'], /is not YAML/],
  ] as const) {
    assert.throws(() => parseAxes(texts), isUsage(says), texts.join(' '));
  }
});

test('seeds are counted or listed', () => {
  assert.deepEqual(parseSeeds('3', 0), [0, 1, 2]);
  assert.deepEqual(parseSeeds('2', 42), [42, 43]);
  assert.deepEqual(parseSeeds('42,44,82', 0), [42, 44, 82]);
  for (const text of ['0', '-1', '1.5', 'a', '1,1', '']) assert.throws(() => parseSeeds(text, 0), isUsage(/--seeds/));
});
