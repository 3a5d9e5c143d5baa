import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { PetlVideoError } from '../../src/errors/index.ts';
import { features } from '../../src/model/backbone.ts';
import type { VitOptions } from '../../src/model/options.ts';
import { noTaps } from '../../src/model/taps.ts';
import { writeWeights } from '../../src/model/weights-file.ts';
import type { Classifier } from '../../src/petl/classifier.ts';
import { startingValues } from '../../src/petl/starting-values.ts';
import type { HostTensor, HostTensors } from '../../src/tensor/host.ts';
import { float32 } from '../../src/tensor/host.ts';
import { tf } from '../../src/tensor/tf.ts';
import { evaluation, tinyImageVit, tinyVit } from '../model/tiny-vit.ts';
import { testOnEachBackend } from '../tensor/backends.ts';
import { startOf, tinyModel } from './tiny-model.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'start-'));
});
after(() => rm(folder, { recursive: true }));

let count = 0;
/** A weights file of the backbone of these options, every tensor at random. */
async function weightsOf(options: VitOptions): Promise<string> {
  const model = tinyModel(options, 'linear');
  const start = startOf(model);
  const norm = options.pool === 'cls' ? 'norm.' : 'fc_norm.';
  const names = [...model.frozen.map(({ name }) => name), `${norm}weight`, `${norm}bias`];
  const { width, depth, heads, patch, tubelet, mlpRatio, bias, clsToken, positions, pool } = options;
  const file = path.join(folder, `${count++}.safetensors`);
  await writeWeights(
    file,
    new Map(names.map((name) => [name, { shape: (start[name] as HostTensor).shape, dtype: 'float32' as const }])),
    async (name) => start[name] as HostTensor,
    {
      layout: 'petl-video',
      vit: { width, depth, heads, patch, tubelet, mlpRatio, bias, clsToken, positions, pool },
      source: 'made-up.pth',
      sourceSha256: '0'.repeat(64),
      missing: [],
    },
  );
  return file;
}

function featuresOf(model: Classifier, tensors: HostTensors, clip: HostTensor): number[] {
  const values = tf.tidy(() => {
    const parameter = (name: string) => {
      const { shape, data } = tensors[name] as HostTensor;
      return tf.tensor(data as Float32Array, [...shape]);
    };
    const pixels = tf.tensor(clip.data as Float32Array, [...clip.shape]);
    return features(model.backbone, parameter, pixels, noTaps, evaluation).dataSync();
  });
  return [...values];
}

const closeTo = (mine: readonly number[], theirs: readonly number[]): void => {
  const worst = Math.max(...theirs.map((value, i) => Math.abs(value - (mine[i] as number))));
  assert.ok(worst < 1e-5, `differs by ${worst}`);
};

const pixels = (frames: number): HostTensor => {
  const one = Float32Array.from({ length: 8 * 8 * 3 }, (_, i) => (i * 37) % 256);
  const all = new Float32Array(frames * one.length);
  for (let t = 0; t < frames; t++) all.set(one, t * one.length);
  return float32([1, frames, 8, 8, 3], all);
};

testOnEachBackend('image weights under a tubelet: a still clip gives what the image gives', async () => {
  const weights = await weightsOf(tinyImageVit);
  const image = tinyModel(tinyImageVit, 'linear');
  const plain = await startingValues(image, weights, 0);
  assert.deepEqual(plain.adapted, []);
  const still = tinyModel({ ...tinyImageVit, frames: 2, tubelet: 2 }, 'linear');
  const inflated = await startingValues(still, weights, 0);
  assert.deepEqual(inflated.adapted, ['patch_embed inflated to 2 frames (÷ 2, repeated)']);
  assert.notEqual(inflated.backbone, plain.backbone);
  closeTo(featuresOf(still, inflated.tensors, pixels(2)), featuresOf(image, plain.tensors, pixels(1)));
});

testOnEachBackend('video weights for images: an image gives what its still clip gives', async () => {
  const weights = await weightsOf(tinyVit);
  const video = tinyModel(tinyVit, 'linear');
  const image = tinyModel({ ...tinyVit, frames: 1, tubelet: 1 }, 'linear');
  const plain = await startingValues(video, weights, 0);
  const flat = await startingValues(image, weights, 0);
  assert.deepEqual(flat.adapted, [
    'patch_embed summed over 2 frames; positions are the first 4 rows of the fixed table',
  ]);
  closeTo(featuresOf(image, flat.tensors, pixels(1)), featuresOf(video, plain.tensors, pixels(2)));
});

test('another image size: the table is resized, the rest stays', async () => {
  const weights = await weightsOf(tinyImageVit);
  const small = await startingValues(tinyModel(tinyImageVit, 'linear'), weights, 0);
  const large = await startingValues(tinyModel({ ...tinyImageVit, size: 12 }, 'linear'), weights, 0);
  assert.deepEqual(large.adapted, ['pos_embed resized 2 × 2 → 3 × 3 (bicubic)']);
  assert.deepEqual(large.tensors.pos_embed?.shape, [1, 10, 8]);
  assert.deepEqual(large.tensors.pos_embed?.data.slice(0, 8), small.tensors.pos_embed?.data.slice(0, 8));
  const { pos_embed: one, ...rest } = large.tensors;
  const { pos_embed: other, ...same } = small.tensors;
  assert.deepEqual(rest, same);
});

test('what cannot be adapted names the keys of the recipe', async () => {
  const refused = async (stored: VitOptions, asked: VitOptions, remedy: RegExp): Promise<void> => {
    const weights = await weightsOf(stored);
    await assert.rejects(startingValues(tinyModel(asked, 'linear'), weights, 0), (error) => {
      assert.ok(error instanceof PetlVideoError, String(error));
      assert.equal(error.kind, 'weights');
      assert.match(error.remedy ?? '', remedy);
      return true;
    });
  };
  await refused(tinyVit, { ...tinyVit, bias: 'qkv' }, /ask for backbone\.bias=qv: set/);
  await refused(tinyImageVit, { ...tinyImageVit, bias: 'qv' }, /ask for backbone\.bias=qkv: set/);
  await refused(tinyImageVit, { ...tinyImageVit, positions: 'sincos' }, /backbone\.positions=learned/);
  await refused(tinyVit, tinyImageVit, /backbone\.bias=qv backbone\.positions=sincos backbone\.clsToken=false/);
  await refused(tinyImageVit, { ...tinyImageVit, clsToken: false, pool: 'mean' }, /backbone\.clsToken=true/);
  await refused(tinyVit, { ...tinyVit, pool: 'cls' }, /backbone\.pool=mean/);
  await refused(tinyVit, { ...tinyVit, patch: 2 }, /backbone\.patch=4/);
  await refused(tinyVit, { ...tinyVit, frames: 4, tubelet: 4 }, /backbone\.tubelet=2/);
});
