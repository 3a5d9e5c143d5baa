import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byNaturalOrder } from '../../src/data/natural-order.ts';

test('orders digits as numbers and the rest by code unit', () => {
  const ordered = [
    '',
    '-a',
    'B',
    'a',
    'a1',
    'a01',
    'a2',
    'a2b',
    'a10',
    'a10b2',
    'a10b10',
    'a99999999999999999999',
    'b',
    '~',
  ];
  // `a1` and `a01` are the same number: the plain comparison decides, so that the order is total.
  const expected = ['', '-a', 'B', 'a', 'a01', 'a1', ...ordered.slice(6)];
  assert.deepEqual([...ordered].reverse().sort(byNaturalOrder), expected);
});

test('is antisymmetric', () => {
  const names = ['clip', 'clip1', 'clip01', 'clip1a', 'clip10', 'clip-1', '1', '01', '1a', 'a'];
  for (const a of names) {
    for (const b of names)
      assert.equal(Math.sign(byNaturalOrder(a, b)), -Math.sign(byNaturalOrder(b, a)) + 0, `${a} ${b}`);
  }
});
