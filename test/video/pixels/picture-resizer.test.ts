import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { openResizable, type PictureTask } from '../../../src/video/pixels/picture-resizer.ts';
import type { Size } from '../../../src/video/window.ts';

interface Case {
  readonly source: readonly [number, number];
  readonly crop: readonly [number, number, number, number] | null;
  readonly size: readonly [number, number];
  readonly flip: boolean;
  readonly filter: 'bilinear' | 'bicubic' | 'area';
  readonly sha: string;
}
/** SHA-256 of `Image.crop().resize().transpose()` by Pillow, of the noise below. */
const { cases }: { readonly cases: readonly Case[] } = JSON.parse(
  readFileSync('test/video/pixels/pillow-resize.json', 'utf8'),
);

function noise({ width, height }: Size): Uint8Array {
  let state = 12345;
  return Uint8Array.from({ length: width * height * 3 }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 16) & 255;
  });
}

function resized(source: Size, task: PictureTask): Uint8Array {
  const picture = openResizable(source);
  picture.source.set(noise(source));
  const into = new Uint8Array(task.size.width * task.size.height * 3);
  picture.resize(task, into);
  return into;
}

function taskOf({ crop, size: [width, height], flip, filter }: Case): PictureTask {
  const window = crop === null ? undefined : { x: crop[0], y: crop[1], width: crop[2], height: crop[3] };
  return { crop: window, size: { width, height }, flip, interpolation: filter };
}

for (const one of cases) {
  const { source, crop, size, flip, filter, sha } = one;
  const what = `${source.join('x')}${crop === null ? '' : ` cut to ${crop}`} to ${size.join('x')}, ${filter}`;
  test(`${what}${flip ? ', mirrored' : ''}: Pillow's bytes`, () => {
    const made = resized({ width: source[0], height: source[1] }, taskOf(one));
    assert.equal(createHash('sha256').update(made).digest('hex'), sha);
  });
}

test('what is cut out of the resized picture is that part of it, mirrored or not', () => {
  for (const one of cases.filter(({ size: [width, height] }) => width > 8 && height > 8)) {
    const source = { width: one.source[0], height: one.source[1] };
    const task = taskOf(one);
    const { width, height } = task.size;
    const whole = resized(source, task);
    const size = { width: width - 7, height: height - 4 };
    const part = resized(source, { ...task, size, cut: { of: task.size, x: 2, y: 1 } });
    const left = one.flip ? width - 2 - size.width : 2;
    for (let y = 0; y < size.height; y++) {
      const at = ((y + 1) * width + left) * 3;
      const row = part.subarray(y * size.width * 3, (y + 1) * size.width * 3);
      assert.deepEqual(row, whole.subarray(at, at + row.length));
    }
  }
});

test('windows over the edge are a mistake of the caller', () => {
  const source = { width: 8, height: 6 };
  const size = { width: 4, height: 4 };
  const picture = openResizable(source);
  const into = new Uint8Array(48);
  assert.throws(() => picture.resize({ crop: { x: 5, y: 0, width: 4, height: 4 }, size }, into), RangeError);
  assert.throws(() => picture.resize({ size, cut: { of: { width: 6, height: 5 }, x: 0, y: 2 } }, into), RangeError);
});
