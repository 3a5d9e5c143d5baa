import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rng } from '../../src/tensor/random.ts';
import { drawMix, isMixing, type MixingOptions, targetProbabilities } from '../../src/train/targets.ts';
import { assertClose } from '../tensor/exact.ts';

const both: MixingOptions = { mixup: 0.8, cutmix: 1, probability: 1, switchToCutmix: 0.5 };

test('smoothing 0.1 over 174 classes: 1 − 0.1 + 0.1 / 174 for the class, 0.1 / 174 elsewhere', () => {
  const targets = targetProbabilities(Int32Array.of(173), 174, 0.1);
  assertClose(targets.slice(170), [0.1 / 174, 0.1 / 174, 0.1 / 174, 0.9 + 0.1 / 174], 1e-6);
  assertClose([targets.reduce((a, b) => a + b, 0)], [1], 1e-6);
});

test('without smoothing and mixing targets are one-hot', () => {
  assert.deepEqual([...targetProbabilities(Int32Array.of(1, 0), 3, 0)], [0, 1, 0, 1, 0, 0]);
});

test('mixing gives 1 − λ to the class of the clip at the other end of the batch', () => {
  const targets = targetProbabilities(Int32Array.of(0, 1, 2, 2), 3, 0, 0.75);
  assert.deepEqual([...targets], [0.75, 0, 0.25, 0, 0.75, 0.25, 0, 0.25, 0.75, 0.25, 0, 0.75]);
  const smooth = targetProbabilities(Int32Array.of(0, 1), 4, 0.2, 0.75);
  assertClose(smooth, [0.05 + 0.6, 0.05 + 0.2, 0.05, 0.05, 0.05 + 0.2, 0.05 + 0.6, 0.05, 0.05], 1e-6);
});

test('a partner of the same class gives its share back', () => {
  assert.deepEqual([...targetProbabilities(Int32Array.of(1, 1), 2, 0, 0.25)], [0, 1, 0, 1]);
});

test('mixing is on when either of its kinds is', () => {
  assert.equal(isMixing({ ...both, mixup: 0 }), true);
  assert.equal(isMixing({ ...both, cutmix: 0 }), true);
  assert.equal(isMixing({ ...both, mixup: 0, cutmix: 0 }), false);
});

const isBox = (weights: Float32Array): boolean =>
  weights.some((w) => w === 0) && weights.every((w) => w === 0 || w === 1);

test('λ is the mean of the pixels’ weights, for mixup and cutmix', () => {
  let [boxes, blends] = [0, 0];
  for (let i = 0; i < 300; i++) {
    const { weights, lambda } = drawMix(both, 16, rng(0, 'mix', i));
    const mean = weights.reduce((a, b) => a + b, 0) / 256;
    assert.ok(Math.abs(mean - lambda) < 1e-6, `${mean} ${lambda}`);
    if (isBox(weights)) boxes++;
    else if (weights.every((w) => w === weights[0])) blends++;
  }
  assert.equal(boxes + blends, 300);
  // Half of them, but for the boxes of no pixels; the binomial's deviation is 8.7.
  assert.ok(boxes > 110 && boxes < 185, `${boxes}`);
});

test('cutmix cuts one rectangle around a centre that lies anywhere, clipped at the border', () => {
  const size = 16;
  let clipped = 0;
  for (let i = 0; i < 200; i++) {
    const { weights, lambda } = drawMix({ ...both, mixup: 0 }, size, rng(1, 'mix', i));
    const cut = [...weights.keys()].filter((at) => weights[at] === 0);
    if (cut.length === 0) continue;
    const rows = cut.map((at) => Math.floor(at / size));
    const columns = cut.map((at) => at % size);
    const [top, bottom] = [Math.min(...rows), Math.max(...rows)];
    const [left, right] = [Math.min(...columns), Math.max(...columns)];
    assert.equal((bottom - top + 1) * (right - left + 1), cut.length);
    assert.ok(Math.abs(lambda - (1 - cut.length / size ** 2)) < 1e-12);
    if (top === 0 || left === 0 || bottom === size - 1 || right === size - 1) clipped++;
  }
  assert.ok(clipped > 20 && clipped < 200, `${clipped}`);
});

test('a batch outside the probability stays as it is', () => {
  let kept = 0;
  for (let i = 0; i < 400; i++) {
    const { weights, lambda } = drawMix({ ...both, probability: 0.25, cutmix: 0 }, 4, rng(2, 'mix', i));
    if (lambda === 1) {
      kept++;
      assert.ok(weights.every((w) => w === 1));
    }
  }
  assert.ok(kept > 265 && kept < 335, `${kept}`);
});
