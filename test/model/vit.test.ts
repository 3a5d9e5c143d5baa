import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NORMALIZATIONS, SIZES, tokensOf, type VitOptions } from '../../src/model/options.ts';
import { noTaps } from '../../src/model/taps.ts';
import { backboneParameters, features, poolParameters } from '../../src/model/vit.ts';
import { countParameters } from '../../src/tensor/parameters.ts';
import { testOnEachBackend } from '../tensor/backends.ts';
import { assertClose, exact, upload } from '../tensor/exact.ts';
import { drawBackbone, drawClips, evaluation, lookup, plainFeatures, tinyImageVit, tinyVit } from './tiny-vit.ts';

const videoVit = (size: keyof typeof SIZES): VitOptions => ({
  ...SIZES[size],
  frames: 16,
  size: 224,
  patch: 16,
  tubelet: 2,
  bias: 'qv',
  positions: 'sincos',
  clsToken: false,
  pool: 'mean',
  attention: 'joint',
  dropPath: 0,
  normalization: NORMALIZATIONS.imagenet,
});

const count = (vit: VitOptions): number => countParameters([...backboneParameters(vit), ...poolParameters(vit)]);

test('VideoMAE has as many parameters as the original, head left out', () => {
  assert.equal(count(videoVit('small')), 21_879_936);
  assert.equal(count(videoVit('base')), 86_227_200);
  assert.equal(count(videoVit('large')), 303_860_736);
  assert.equal(count(videoVit('huge')), 631_607_040);
});

test('the image ViT-B has as many parameters as the original, head left out', () => {
  const vit: VitOptions = {
    ...videoVit('base'),
    frames: 1,
    tubelet: 1,
    bias: 'qkv',
    positions: 'learned',
    clsToken: true,
    pool: 'cls',
  };
  assert.equal(count(vit), 85_798_656);
  assert.equal(tokensOf(vit), 197);
});

test('16 frames make 1568 tokens, 8 frames 784, one frame 196', () => {
  const base = videoVit('base');
  assert.deepEqual(
    [16, 8, 1].map((frames) => tokensOf({ ...base, frames })),
    [1568, 784, 196],
  );
});

const forms: readonly (readonly [string, VitOptions])[] = [
  ['video: q and v bias, fixed positions, mean and fc_norm', tinyVit],
  ['image: qkv bias, learned positions, class token', tinyImageVit],
  ['image: class token left out of the mean', { ...tinyImageVit, pool: 'mean' }],
  ['a class token with fixed positions', { ...tinyVit, clsToken: true, frames: 4, heads: 4, mlpRatio: 4 }],
  ['one frame, half normalisation, one block', { ...tinyVit, frames: 2, depth: 1, normalization: NORMALIZATIONS.half }],
];
for (const [name, vit] of forms) {
  testOnEachBackend(`features equal the formulas in float64 — ${name}`, () => {
    const parameters = drawBackbone(vit);
    const clips = drawClips(vit, 2);
    const actual = features(vit, lookup(parameters), upload(clips), noTaps, evaluation);
    assert.deepEqual(actual.shape, [2, 8]);
    assertClose(actual.dataSync(), plainFeatures(vit, parameters, clips).data, 2e-5);
  });
}

testOnEachBackend('an image has the features of the clip that repeats it', () => {
  const image = { ...tinyVit, frames: 1 };
  const parameters = lookup(drawBackbone(tinyVit));
  const one = drawClips(image, 1);
  const two = exact([1, 2, 8, 8, 3], [...one.data, ...one.data]);
  assert.deepEqual(
    [...features(image, parameters, upload(one), noTaps, evaluation).dataSync()],
    [...features(tinyVit, parameters, upload(two), noTaps, evaluation).dataSync()],
  );
});
