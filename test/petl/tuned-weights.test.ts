import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { writeSafetensors } from '../../src/formats/safetensors.ts';
import { readTunedWeights, writeTunedWeights } from '../../src/petl/tuned-weights.ts';
import { float32 } from '../../src/tensor/host.ts';
import { zeros } from '../../src/tensor/parameters.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tuned-'));
});
after(() => rm(folder, { recursive: true }));

const metadata = { method: { name: 'linear' }, classes: ['a'], backbone: 'f1', recipe: 'x: 1\n', training: {} };
const weight = { name: 'head.weight', shape: [1, 2], init: zeros };
const bias = { name: 'head.bias', shape: [1], init: zeros };
const tensors = {
  'head.weight': float32([1, 2], Float32Array.of(1, 2)),
  'head.bias': float32([1], Float32Array.of(3)),
};

test('what was written is read back', async () => {
  const file = path.join(folder, 'tuned.safetensors');
  await writeTunedWeights(file, tensors, metadata);
  assert.deepEqual(await readTunedWeights(file, [bias, weight]), { tensors, metadata });
});

test('tensors that are missing, of another shape or too many are weights errors with their name', async () => {
  const file = path.join(folder, 'other.safetensors');
  await writeTunedWeights(file, tensors, metadata);
  const reading = (specs: Parameters<typeof readTunedWeights>[1]) => readTunedWeights(file, specs);
  const scale = { name: 'blocks.0.adaptmlp.scale', shape: [1], init: zeros };
  await assert.rejects(reading([weight, bias, scale]), {
    kind: 'weights',
    at: file,
    message: /^tuned weight blocks\.0\.adaptmlp\.scale is missing/,
  });
  await assert.rejects(reading([{ ...weight, shape: [2, 1] }, bias]), {
    kind: 'weights',
    message: /^tuned weight head\.weight has shape \[1,2\], not \[2,1\]/,
  });
  await assert.rejects(reading([weight]), {
    kind: 'weights',
    message: /^tuned weight head\.bias is in the file, but the model has no place for it/,
  });
});

test('another file, or half of one, is refused', async () => {
  const other = path.join(folder, 'backbone.safetensors');
  await writeSafetensors(other, tensors, { format: 'petl-video weights' });
  await assert.rejects(readTunedWeights(other, [weight, bias]), {
    kind: 'weights',
    message: /^this file holds no tuned weights of petl-video/,
  });
  const half = path.join(folder, 'half.safetensors');
  await writeTunedWeights(half, tensors, metadata);
  await writeFile(half, (await readFile(half)).subarray(0, -4));
  await assert.rejects(readTunedWeights(half, [weight, bias]), { kind: 'weights', message: /truncated/ });
  await assert.rejects(readTunedWeights(path.join(folder, 'none'), [weight]), {
    kind: 'weights',
    message: /exist|missing|found/,
  });
});
