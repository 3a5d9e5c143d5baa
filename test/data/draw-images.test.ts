/** What is drawn for images: crops, test views, and on what augmentations work. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type ClipOptions, testVisit, trainVisit } from '../../src/data/draw.ts';
import type { Entry } from '../../src/data/manifest.ts';
import { testWindows } from '../../src/data/views.ts';

const entry: Entry = { id: 'a', file: 'a.jpg', label: 0, frames: 1, width: 500, height: 375, fps: 0, verdict: 'ok' };
const CLIP: ClipOptions = {
  ...{ frames: 1, stride: 1, size: 224, sampling: 'adaptformer-dense', crop: 'squash', cropScale: [0.08, 1] },
  ...{ flip: false, repeats: 1, interpolation: 'bicubic' },
};
const draw = (clip: Partial<ClipOptions>) => ({ root: '/pictures', clip: { ...CLIP, ...clip }, seed: 1 });
const requests = (clip: Partial<ClipOptions>, count = 1) =>
  Array.from({ length: count }, (_, epoch) => trainVisit(draw(clip), entry, 0, epoch).clips[0]);

test('an image is asked for as one, with its size', () => {
  const { image, source, file } = trainVisit(draw({}), entry, 0, 0);
  assert.deepEqual([image, source, file], [true, { width: 500, height: 375 }, '/pictures/a.jpg']);
  assert.equal(trainVisit(draw({}), { ...entry, frames: 9, fps: 25 }, 0, 0).image, undefined);
});

test('squash takes the whole picture; random takes a window of the picture at a short side, anywhere', () => {
  const [squashed] = requests({});
  assert.deepEqual([squashed?.crop, squashed?.cut], [{ x: 0, y: 0, width: 500, height: 375 }, undefined]);
  const drawn = requests({ crop: 'random', resize: 256 }, 400).map(({ crop, cut }) => {
    assert.equal(crop, undefined);
    assert.deepEqual(cut?.of, { width: 341, height: 256 });
    return cut as NonNullable<typeof cut>;
  });
  const seen = (of: 'x' | 'y'): [number, number] => [
    Math.min(...drawn.map((cut) => cut[of])),
    Math.max(...drawn.map((cut) => cut[of])),
  ];
  // 118 and 33 places: among 400 draws all but a few at either end.
  const [left, right] = seen('x');
  assert.ok(left >= 0 && left < 8 && right > 109 && right <= 117);
  assert.deepEqual(seen('y'), [0, 32]);
});

test('augmentations go to the picture or to the crop; jitter is of three kinds within its bounds, in any order', () => {
  const [onPicture] = requests({ colorJitter: 0.4 });
  assert.deepEqual([onPicture?.augment?.length, onPicture?.finish], [3, undefined]);
  const orders = new Set<string>();
  const factors: number[] = [];
  for (const { augment, finish = [] } of requests({ colorJitter: 0.4, augmentOn: 'crop' }, 300)) {
    assert.equal(augment, undefined);
    orders.add(finish.map(({ name }) => name).join());
    for (const operation of finish) factors.push('factor' in operation ? operation.factor : Number.NaN);
  }
  assert.equal(orders.size, 6);
  assert.ok([...orders].every((names) => names.split(',').sort().join() === 'brightness,color,contrast'));
  assert.ok(Math.min(...factors) >= 0.6 && Math.max(...factors) <= 1.4);
  const mean = factors.reduce((sum, factor) => sum + factor, 0) / factors.length;
  // 900 uniform draws have a deviation of 0.0077 in the mean.
  assert.ok(Math.abs(mean - 1) < 0.03);
});

/** Width, height, Resize, CenterCrop → width, height, left, top, by torchvision. */
const rows: readonly (readonly number[])[] = JSON.parse(readFileSync('test/data/torchvision-views.json', 'utf8'));

test("the central view lies where torchvision's Resize and CenterCrop have it", () => {
  for (const [width = 0, height = 0, resize = 0, size = 0, ...expected] of rows) {
    const { size: at, windows } = testWindows({ width, height }, size, 1, resize);
    const [{ x, y } = { x: -1, y: -1 }] = windows;
    assert.deepEqual([at.width, at.height, x, y], expected, `${width}x${height} to ${resize}, ${size}`);
  }
});

test('several views lie side by side in the middle of the short side; squashed ones are all the same', () => {
  const three = testWindows({ width: 500, height: 375 }, 224, 3, 256);
  assert.deepEqual(
    three.windows.map(({ x, y }) => [x, y]),
    [
      [0, 16],
      [58, 16],
      [117, 16],
    ],
  );
  const tall = testWindows({ width: 375, height: 500 }, 224, 2, 256);
  assert.deepEqual(
    tall.windows.map(({ x, y }) => [x, y]),
    [
      [16, 0],
      [16, 117],
    ],
  );
  const { size, windows } = testWindows({ width: 500, height: 375 }, 224, 1, 'squash');
  assert.deepEqual([size, windows], [{ width: 224, height: 224 }, [{ x: 0, y: 0, width: 224, height: 224 }]]);
});

test('a single view of an image is decoded as it is wanted, of a video cut out of what all views share', () => {
  const single = testVisit(draw({ testResize: 256 }), entry, { segments: 1, crops: 1 });
  assert.equal(single.cut, undefined);
  assert.deepEqual(single.visit.clips[0], {
    frames: [0],
    size: { width: 224, height: 224 },
    cut: { of: { width: 341, height: 256 }, x: 58, y: 16 },
    interpolation: 'bicubic',
  });
  const video = testVisit(draw({ testResize: 256 }), { ...entry, frames: 9, fps: 25 }, { segments: 1, crops: 1 });
  assert.deepEqual(video.visit.clips[0].size, { width: 341, height: 256 });
  assert.ok(video.cut);
});
