import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripOf } from '../../src/drawing/strip.ts';

test('frames stand side by side, each at the height that is asked for', () => {
  const clip = new Uint8Array(2 * 4 * 4 * 3);
  clip.fill(40, 0, 48);
  clip.fill(200, 48);
  const strip = stripOf(clip, { frames: 2, size: 4 }, 2);
  assert.deepEqual([strip.width, strip.height], [4, 2]);
  const row = [...Array(6).fill(40), ...Array(6).fill(200)];
  assert.deepEqual([...strip.data], [...row, ...row]);
});
