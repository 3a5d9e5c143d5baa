import assert from 'node:assert/strict';
import type { Forward } from '../../src/model/forward.ts';
import { tf } from '../../src/tensor/tf.ts';
import { drawBackbone, drawClips, evaluation, lookup, plainFeatures, tinyVit } from '../model/tiny-vit.ts';
import { testOnEachBackend } from '../tensor/backends.ts';
import * as plain from '../tensor/definitions.ts';
import { assertClose, draw, exact, upload } from '../tensor/exact.ts';
import { tinyModel } from './tiny-model.ts';

const backbone = drawBackbone(tinyVit);
const own = {
  'head.weight': draw('head.weight', [3, 8]),
  'head.bias': draw('head.bias', [3]),
  'head.batchnorm.running_mean': draw('mean', [8]),
  'head.batchnorm.running_var': draw('variance', [8], 0.1, 1),
};
const clips = drawClips(tinyVit, 4);
const features = plainFeatures(tinyVit, backbone, clips);
const parameter = () => lookup({ ...backbone, ...own });

testOnEachBackend('evaluation: BatchNorm by the running statistics, then the linear layer', () => {
  const {
    logits,
    features: actual,
    buffers,
  } = tinyModel(tinyVit, 'linear').predict(parameter(), upload(clips), evaluation);
  const normed = plain.batchNorm(
    features,
    own['head.batchnorm.running_mean'].data,
    own['head.batchnorm.running_var'].data,
    1e-6,
  );
  assertClose(actual.dataSync(), features.data, 2e-5);
  assertClose(logits.dataSync(), plain.linear(normed, own['head.weight'], own['head.bias']).data, 2e-5);
  assert.deepEqual(buffers, {});
});

testOnEachBackend('training: BatchNorm by the batch, dropout, and running statistics that move', () => {
  const mask = Array.from({ length: 32 }, (_, at) => (at % 3 === 0 ? 0 : 1));
  const training: Forward = {
    training: true,
    noise: (name) => {
      assert.equal(name, 'head.dropout');
      return tf.tensor2d(mask, [4, 8]);
    },
  };
  const model = tinyModel(tinyVit, 'linear', {}, { dropout: 0.5 });
  assert.deepEqual(model.noise, [{ name: 'head.dropout', shape: [8], keep: 0.5 }]);
  const { logits, buffers } = model.predict(parameter(), upload(clips), training);
  const { mean, variance } = plain.columnStatistics(features, 0);
  const normed = plain.batchNorm(features, mean, variance, 1e-6);
  const dropped = exact(
    normed.shape,
    normed.data.map((v, at) => v * (mask[at] as number) * 2),
  );
  assertClose(logits.dataSync(), plain.linear(dropped, own['head.weight'], own['head.bias']).data, 1e-4);
  const unbiased = plain.columnStatistics(features, 1).variance;
  assertClose(
    buffers['head.batchnorm.running_mean']?.dataSync() ?? [],
    own['head.batchnorm.running_mean'].data.map((v, j) => 0.9 * v + 0.1 * (mean[j] as number)),
    1e-5,
  );
  assertClose(
    buffers['head.batchnorm.running_var']?.dataSync() ?? [],
    own['head.batchnorm.running_var'].data.map((v, j) => 0.9 * v + 0.1 * (unbiased[j] as number)),
    1e-5,
  );
});

testOnEachBackend('without BatchNorm the head is the linear layer alone', () => {
  const model = tinyModel(tinyVit, 'linear', {}, { batchNorm: false });
  assert.deepEqual(model.buffers, []);
  const { logits } = model.predict(parameter(), upload(clips), evaluation);
  assertClose(logits.dataSync(), plain.linear(features, own['head.weight'], own['head.bias']).data, 2e-5);
});
