import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zeros } from '../../src/tensor/parameters.ts';
import { gradientWatch } from '../../src/train/gradient-watch.ts';

const specs = ['a', 'b', 'c'].map((name) => ({ name, shape: [1], init: zeros }));

test('a tensor without a gradient in three updates that act is named; updates at rate 0 do not count', () => {
  const watch = gradientWatch(specs);
  watch.update(0, [0, 1, 0]);
  watch.update(0.1, [0, 1, 0]);
  watch.update(0.1, [0, 1, 0]);
  assert.throws(() => watch.update(0.1, [0, 0, 0]), {
    kind: 'diverged',
    at: 'a, c',
    message: /^2 trained tensors do not move: they had no gradient in 3 updates\n {2}at a, c\n {2}→ /,
  });
});

test('one gradient is enough, however small, and later zeros do not matter', () => {
  const watch = gradientWatch(specs);
  watch.update(0.1, [1e-30, 0, 0]);
  watch.update(0.1, [0, 1, 0]);
  watch.update(0.1, [0, 0, 1]);
  for (let i = 0; i < 5; i++) watch.update(0.1, [0, 0, 0]);
});
