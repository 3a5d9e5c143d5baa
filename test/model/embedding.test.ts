import assert from 'node:assert/strict';
import { normalizeClip, patchEmbedding } from '../../src/model/embedding.ts';
import { NORMALIZATIONS } from '../../src/model/options.ts';
import { testOnEachBackend } from '../tensor/backends.ts';
import { assertClose, draw, exact, upload } from '../tensor/exact.ts';
import { convolve, drawClips, lookup, tinyVit } from './tiny-vit.ts';

const parametersFor = (tubelet: number) => ({
  'patch_embed.proj.weight': draw('weight', [8, 3, tubelet, 4, 4]),
  'patch_embed.proj.bias': draw('bias', [8]),
});

testOnEachBackend('patch embedding is the 3-D convolution, time slowest, then row, then column', () => {
  for (const tubelet of [1, 2]) {
    const vit = { ...tinyVit, frames: 4, size: 12, tubelet };
    const parameters = parametersFor(tubelet);
    const clips = draw('clips', [2, 4, 12, 12, 3]);
    const tokens = patchEmbedding(upload(clips), vit, lookup(parameters));
    assert.deepEqual(tokens.shape, [2, (4 / tubelet) * 9, 8]);
    const expected = convolve(vit, clips, parameters['patch_embed.proj.weight'], parameters['patch_embed.proj.bias']);
    assertClose(tokens.dataSync(), expected.data, 1e-6);
  }
});

testOnEachBackend('an image is embedded as the clip that repeats it', () => {
  const image = { ...tinyVit, frames: 1 };
  const parameters = lookup(parametersFor(2));
  const one = drawClips(image, 1);
  const two = exact([1, 2, 8, 8, 3], [...one.data, ...one.data]);
  const tokens = patchEmbedding(upload(one), image, parameters);
  assert.deepEqual(tokens.shape, [1, 4, 8]);
  assert.deepEqual([...tokens.dataSync()], [...patchEmbedding(upload(two), tinyVit, parameters).dataSync()]);
});

testOnEachBackend('pixels are normalised by channel', () => {
  const pixels = exact([1, 1, 1, 2, 3], [0, 128, 255, 255, 0, 64]);
  const { mean, std } = NORMALIZATIONS.imagenet;
  const expected = pixels.data.map((v, i) => (v / 255 - (mean[i % 3] as number)) / (std[i % 3] as number));
  assertClose(normalizeClip(upload(pixels), NORMALIZATIONS.imagenet).dataSync(), expected, 1e-6);
  assertClose(normalizeClip(upload(pixels), NORMALIZATIONS.half).dataSync(), [-1, 1 / 255, 1, 1, -1, -127 / 255], 1e-6);
});
