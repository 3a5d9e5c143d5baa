import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { writeSafetensors } from '../../src/formats/safetensors.ts';
import { float32 } from '../../src/tensor/host.ts';
import { checkpointFile, readCheckpoint, START, writeCheckpoint } from '../../src/train/checkpoint.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'checkpoint-'));
  await mkdir(path.join(folder, 'checkpoint'));
});
afterEach(() => rm(folder, { recursive: true }));

const specs = { w: { shape: [2], dtype: 'float32' }, 'momentum/w': { shape: [2], dtype: 'float32' } } as const;
const checkpoint = {
  counters: {
    ...START,
    update: 7,
    validated: 2,
    best: {
      top1: 1 / 3,
      epoch: 2,
      videos: { listed: 9, counted: 8, missing: 1, unreadable: 0, undecoded: 2, damaged: 3 },
    },
    epochLoss: { sum: 0.1 + 0.2, clips: 3 },
    replaced: 1,
    seconds: 12.5,
  },
  // A subnormal, a negative zero: bits, not values.
  tensors: { w: float32([2], Float32Array.of(1e-42, -0)), 'momentum/w': float32([2], Float32Array.of(1 / 3, -1e30)) },
  backbone: 'f1',
  entries: 'e1',
  engine: 'cpu: here',
};

test('what was written is read back to the bit', async () => {
  await writeCheckpoint(folder, checkpoint);
  const read = await readCheckpoint(folder, specs);
  assert.deepEqual(read, checkpoint);
  assert.ok(Object.is(read.tensors.w?.data[1], -0));
});

test('a checkpoint of another recipe is a weights error with the tensor', async () => {
  await writeCheckpoint(folder, checkpoint);
  const at = checkpointFile(folder);
  await assert.rejects(readCheckpoint(folder, { ...specs, v: specs.w }), {
    kind: 'weights',
    at,
    message: /^checkpoint tensor v is missing/,
  });
  await assert.rejects(readCheckpoint(folder, { ...specs, w: { shape: [1, 2], dtype: 'float32' } }), {
    kind: 'weights',
    message: /^checkpoint tensor w has shape \[2\], not \[1,2\]/,
  });
  await assert.rejects(readCheckpoint(folder, { w: specs.w }), {
    kind: 'weights',
    message: /^checkpoint tensor momentum\/w is in the file, but the model has no place for it/,
  });
});

test('a missing, cut or foreign file is a weights error', async () => {
  await assert.rejects(readCheckpoint(folder, specs), {
    kind: 'weights',
    at: checkpointFile(folder),
    message: /^this run has no checkpoint to go on from/,
  });
  await writeCheckpoint(folder, checkpoint);
  const { length } = await readFile(checkpointFile(folder));
  await truncate(checkpointFile(folder), length - 3);
  await assert.rejects(readCheckpoint(folder, specs), { kind: 'weights', message: /^the file is truncated/ });
  await writeFile(checkpointFile(folder), '');
  await assert.rejects(readCheckpoint(folder, specs), { kind: 'weights' });
  await writeSafetensors(checkpointFile(folder), checkpoint.tensors, { format: 'something else' });
  await assert.rejects(readCheckpoint(folder, specs), {
    kind: 'weights',
    message: /^this file is no checkpoint of petl-video/,
  });
  const damaged = { format: 'petl-video checkpoint', counters: '{"update": 7', backbone: 'f1', entries: 'e1' };
  await writeSafetensors(checkpointFile(folder), checkpoint.tensors, damaged);
  await assert.rejects(readCheckpoint(folder, specs), {
    kind: 'weights',
    message: /^the counters of the checkpoint are damaged/,
  });
});
