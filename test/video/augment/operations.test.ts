import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { applyOperations, type Operation } from '../../../src/video/augment/operations.ts';
import type { Frames, Size } from '../../../src/video/window.ts';

interface Picture extends Size {
  readonly seed: number;
  readonly cases: readonly { readonly operations: readonly Operation[]; readonly expected: string }[];
}
/** `made` says how. */
const golden: { readonly pictures: readonly Picture[] } = JSON.parse(
  readFileSync('test/video/augment/pillow.json', 'utf8'),
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

/** The bytes, or of many their SHA-256. */
function shown({ data }: Frames): string {
  return data.length > 100_000 ? createHash('sha256').update(data).digest('hex') : Buffer.from(data).toString('base64');
}

for (const picture of golden.pictures) {
  test(`all operations are Pillow's to the byte, on ${picture.width}x${picture.height}`, () => {
    for (const { operations, expected } of picture.cases) {
      const clip = framesOf(picture);
      applyOperations(clip, operations);
      assert.equal(shown(clip), expected, JSON.stringify(operations));
    }
  });
}

const PICTURE = { width: 20, height: 10, seed: 1, cases: [] };

test('numbers from the definition, without Pillow', () => {
  const pixels = (values: readonly number[]): Frames => ({
    data: Uint8Array.from(values.flatMap((value) => [value, value, value])),
    frames: 1,
    width: values.length,
    height: 1,
  });
  const reds = ({ data }: Frames): number[] => [...data].filter((_, i) => i % 3 === 0);
  for (const [operation, given, expected] of [
    [{ name: 'invert' }, [0, 77, 255], [255, 178, 0]],
    [{ name: 'posterize', bits: 2 }, [63, 64, 200], [0, 64, 192]],
    [{ name: 'posterize', bits: 0 }, [63, 64, 200], [0, 0, 0]],
    [{ name: 'solarize', threshold: 77 }, [76, 77, 255], [76, 178, 0]],
    [{ name: 'solarize', threshold: 256 }, [0, 255], [0, 255]],
    [{ name: 'solarizeAdd', add: 77 }, [0, 127, 128], [77, 204, 128]],
    [{ name: 'solarizeAdd', add: 200 }, [100], [255]],
    [{ name: 'autoContrast' }, [0, 85, 170], [0, 127, 255]],
    [{ name: 'autoContrast' }, [50, 50], [50, 50]],
    [{ name: 'equalize' }, [50, 60, 100], [50, 60, 100]],
    [{ name: 'brightness', factor: 1.5 }, [0, 101, 200], [0, 151, 255]],
    [{ name: 'contrast', factor: 0.5 }, [0, 100, 200], [50, 100, 150]],
    [{ name: 'color', factor: 0 }, [9, 99], [9, 99]],
    [{ name: 'translateX', share: 0.25 }, [10, 20, 30, 40], [20, 30, 40, 128]],
    [{ name: 'translateX', share: -0.5 }, [10, 20, 30, 40], [128, 128, 10, 20]],
    // Half a pixel: v = (−v0 + 5 v1 + 5 v2 − v3) / 8, and the edge goes on outside.
    [{ name: 'translateX', share: 0.125 }, [8, 16, 80, 240], [4, 29, 168, 128]],
  ] as const satisfies readonly (readonly [Operation, readonly number[], readonly number[]])[]) {
    const clip = pixels(given);
    applyOperations(clip, [operation]);
    assert.deepEqual(reds(clip), [...expected], JSON.stringify(operation));
  }
});

test('statistics are of each frame by itself, and numbers of nothing change nothing', () => {
  const clip = framesOf(PICTURE);
  const single = { ...framesOf(PICTURE), frames: 1 };
  applyOperations(clip, [{ name: 'autoContrast' }, { name: 'contrast', factor: 1.6 }]);
  applyOperations(single, [{ name: 'autoContrast' }, { name: 'contrast', factor: 1.6 }]);
  const bytes = PICTURE.width * PICTURE.height * 3;
  assert.deepEqual(single.data.subarray(0, bytes), clip.data.subarray(0, bytes));
  assert.deepEqual(
    single.data.subarray(bytes),
    framesOf(PICTURE).data.subarray(bytes),
    'the second frame was not asked for',
  );
  const nothing: Operation[] = [
    { name: 'rotate', degrees: 0 },
    { name: 'rotate', degrees: 360 },
    { name: 'shearX', factor: 0 },
    { name: 'shearY', factor: 0 },
    { name: 'translateX', share: 0 },
    { name: 'translateY', share: 0 },
    { name: 'posterize', bits: 8 },
    ...(['color', 'contrast', 'brightness', 'sharpness'] as const).map((name) => ({ name, factor: 1 })),
  ];
  for (const operations of [[], nothing]) {
    const same = framesOf(PICTURE);
    applyOperations(same, operations);
    assert.deepEqual(same.data, framesOf(PICTURE).data);
  }
});

test('what is moved out of the picture leaves grey', () => {
  for (const operation of [
    { name: 'translateX', share: 1 },
    { name: 'translateX', share: -1.5 },
    { name: 'translateY', share: 1 },
    { name: 'translateY', share: -2 },
  ] as const) {
    const clip = framesOf(PICTURE);
    applyOperations(clip, [operation]);
    assert.ok(
      clip.data.every((value) => value === 128),
      JSON.stringify(operation),
    );
  }
});

test('an array too short for its frames is refused', () => {
  assert.throws(() => applyOperations({ ...framesOf(PICTURE), frames: 3 }, [{ name: 'invert' }]), RangeError);
});
