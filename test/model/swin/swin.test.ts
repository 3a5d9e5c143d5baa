import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NORMALIZATIONS } from '../../../src/model/options.ts';
import { gridFault, SWIN_SIZES, type SwinOptions, stagesOf } from '../../../src/model/swin/options.ts';
import { swinFeatures, swinParameters, swinPoolParameters } from '../../../src/model/swin/swin.ts';
import { noTaps } from '../../../src/model/taps.ts';
import { sizeOf } from '../../../src/tensor/host.ts';
import { countParameters } from '../../../src/tensor/parameters.ts';
import { type Tensor, tf } from '../../../src/tensor/tf.ts';
import { testOnEachBackend } from '../../tensor/backends.ts';
import { assertClose, draw, exact, upload } from '../../tensor/exact.ts';
import { evaluation, lookup } from '../tiny-vit.ts';
import { drawn, TIMM_CASES } from './timm-numbers.ts';
import { drawSwin, plainSwinFeatures, tinySwin } from './tiny-swin.ts';

const swinOf = (size: keyof typeof SWIN_SIZES, window = 7, pixels = 224): SwinOptions => ({
  ...SWIN_SIZES[size],
  frames: 1,
  size: pixels,
  patch: 4,
  window,
  dropPath: 0,
  normalization: NORMALIZATIONS.imagenet,
});
const count = (swin: SwinOptions): number => countParameters([...swinParameters(swin), ...swinPoolParameters(swin)]);

test('Swin has as many parameters as the original, head left out', () => {
  assert.equal(count(swinOf('tiny')), 27_519_354);
  assert.equal(count(swinOf('small')), 48_837_258);
  assert.equal(count(swinOf('base')), 86_743_224);
  assert.equal(count(swinOf('large')), 194_995_476);
  assert.equal(count(swinOf('base', 12, 384)), 86_878_584);
});

test('the stages of Swin-B: grids of 56, 28, 14 and 7, and no shift where one window is all', () => {
  const stages = stagesOf(swinOf('base'));
  const of = <K extends keyof (typeof stages)[0]>(key: K) => stages.map((stage) => stage[key]);
  assert.deepEqual(of('side'), [56, 28, 14, 7]);
  assert.deepEqual(of('width'), [128, 256, 512, 1024]);
  assert.deepEqual(of('first'), [0, 2, 4, 22]);
  assert.deepEqual(of('shift'), [3, 3, 3, 0]);
  // A window is no larger than the grid.
  assert.deepEqual(
    stagesOf(swinOf('base', 16, 256)).map(({ window }) => window),
    [16, 16, 16, 8],
  );
});

test('a grid that windows do not tile, or that does not merge, is named', () => {
  const fault = (size: number, window: number): string | undefined => gridFault({ ...swinOf('base'), size, window });
  assert.equal(fault(224, 7), undefined);
  assert.equal(fault(384, 12), undefined);
  assert.equal(fault(256, 8), undefined);
  assert.match(fault(226, 7) ?? '', /226 pixels does not divide into patches of 4/);
  assert.match(fault(256, 7) ?? '', /64 × 64 tokens of stage 0 does not divide into windows of 7 × 7/);
  assert.match(fault(120, 15) ?? '', /15 × 15 tokens of stage 1 cannot be merged in twos/);
});

const forms: readonly (readonly [string, SwinOptions])[] = [
  ['grids of 8 and 4, windows of 2', tinySwin],
  ['grids of 6 and 3, windows of 3: the last is one odd window', { ...tinySwin, size: 12, window: 3 }],
  ['grids of 10 and 5, windows of 5', { ...tinySwin, size: 20, window: 5, depths: [3, 1], mlpRatio: 4 }],
  ['windows larger than the last grids', { ...tinySwin, window: 4, depths: [2, 2, 2], heads: [1, 2, 2] }],
];
for (const [name, swin] of forms) {
  testOnEachBackend(`features equal the formulas in float64 — ${name}`, () => {
    const parameters = drawSwin(swin);
    const clips = drawImages(swin);
    const actual = swinFeatures(swin, lookup(parameters), upload(clips), noTaps, evaluation);
    const expected = plainSwinFeatures(swin, parameters, clips);
    assert.deepEqual(actual.shape, expected.shape);
    assertClose(actual.dataSync(), expected.data, 2e-5);
  });
}

function drawImages(swin: SwinOptions) {
  const { shape, data } = draw('clips', [2, 1, swin.size, swin.size, 3]);
  return exact(
    shape,
    data.map((v) => Math.min(255, Math.max(0, Math.round(128 + 60 * v)))),
  );
}

for (const { options, features, slopes } of TIMM_CASES) {
  const swin: SwinOptions = { ...tinySwin, ...options };
  const specs = [...swinParameters(swin), ...swinPoolParameters(swin)];
  const name = `grid ${options.size / options.patch}, window ${options.window}, depths ${options.depths}`;

  testOnEachBackend(`features and gradients equal those of timm — ${name}`, () => {
    const values = specs.map((spec) => {
      const shift = /norm\d?\.weight$/.test(spec.name) ? 1 : 0;
      return tf.tensor(drawn(spec.name, sizeOf(spec.shape), 0.3, shift), [...spec.shape]);
    });
    const shape = [2, 1, swin.size, swin.size, 3];
    const pixels = drawn('clips', sizeOf(shape), 0.5, 0.5).map((v) => Math.round(v * 255));
    const clips = tf.tensor(pixels, shape);
    const made = (...given: Tensor[]): Tensor => {
      const byName = new Map(specs.map((spec, i) => [spec.name, given[i] as Tensor]));
      return swinFeatures(swin, (of) => byName.get(of) as Tensor, clips, noTaps, evaluation);
    };
    assertClose(made(...values).dataSync(), features, 1e-5, 'features');

    const weights = tf.tensor(drawn('weights of the features', features.length, 1, 0), [2, features.length / 2]);
    const gradients = tf.grads((...given) => tf.sum(tf.mul(made(...given), weights)))(values);
    assert.deepEqual(specs.map((spec) => spec.name).sort(), Object.keys(slopes).sort());
    specs.forEach((spec, i) => {
      const direction = tf.tensor(drawn(`direction of ${spec.name}`, sizeOf(spec.shape), 1, 0), [...spec.shape]);
      const slope = tf.sum(tf.mul(gradients[i] as Tensor, direction)).dataSync()[0] as number;
      const expected = (slopes as Readonly<Record<string, number>>)[spec.name] as number;
      assert.ok(
        Math.abs(slope - expected) < 5e-5 * Math.max(1, Math.abs(expected)),
        `${spec.name}: ${slope}, ${expected}`,
      );
    });
  });
}
