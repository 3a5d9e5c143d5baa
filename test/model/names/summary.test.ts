import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupNames, listNames } from '../../../src/model/names/summary.ts';

test('names that differ in a block number share a line, if they are alike', () => {
  const names = [
    'blocks.0.w',
    'head.w',
    'blocks.2.w',
    'blocks.1.w',
    'blocks.1.b',
    'blocks.10.w',
    'embeddings.0',
    'embeddings.1',
  ];
  assert.deepEqual(
    groupNames(names).map(({ name }) => name),
    ['blocks.{0-2,10}.w', 'head.w', 'blocks.1.b', 'embeddings.{0-1}'],
  );
  assert.deepEqual(
    groupNames(names, (name) => (name === 'blocks.2.w' ? 'other' : '')).map((group) => [group.name, group.names]),
    [
      ['blocks.{0-1,10}.w', ['blocks.0.w', 'blocks.1.w', 'blocks.10.w']],
      ['head.w', ['head.w']],
      ['blocks.2.w', ['blocks.2.w']],
      ['blocks.1.b', ['blocks.1.b']],
      ['embeddings.{0-1}', ['embeddings.0', 'embeddings.1']],
    ],
  );
});

test('lists say how many they leave out', () => {
  assert.equal(listNames([]), 'none');
  assert.equal(listNames(['a', 'b.0.c', 'b.1.c', 'd']), 'a, b.{0-1}.c, d');
  assert.equal(listNames(['a', 'b.0.c', 'b.1.c', 'd'], 1), 'a and 3 more');
});
