import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { applyOperations, type Operation } from '../../../src/video/augment/operations.ts';
import type { Frames } from '../../../src/video/window.ts';

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly seed: number;
  readonly cases: readonly { readonly operation: Operation; readonly expected: string }[];
}
/** `made` says how. */
const golden: { readonly pictures: readonly Picture[] } = JSON.parse(
  readFileSync('test/golden/augment/pillow.json', 'utf8'),
);

function framesOf({ width, height, seed }: Picture): Frames {
  const data = new Uint8Array(2 * height * width * 3);
  let i = 0;
  for (let t = 0; t < 2; t++) {
    const s = seed + 7 * t;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        data[i++] = (11 * x + 5 * y + 13 * s) % 256;
        data[i++] = ((3 * (x * x + 3 * y * y + s)) % 211) + 20;
        data[i++] = 40 + 30 * ((Math.floor(x / 3) + Math.floor(y / 2) + s) % 5);
      }
    }
  }
  return { data, frames: 2, width, height };
}

for (const picture of golden.pictures) {
  for (const { operation, expected } of picture.cases) {
    test(`${JSON.stringify(operation)} on ${picture.width}x${picture.height} is Pillow's to the byte`, () => {
      const clip = framesOf(picture);
      applyOperations(clip, [operation]);
      assert.equal(Buffer.from(clip.data).toString('base64'), expected);
    });
  }
}
