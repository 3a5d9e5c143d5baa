/** What holds for every method, on video and image backbones. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { readTunedWeights, writeTunedWeights } from '../../src/petl/tuned-weights.ts';
import { type HostTensors, scalar } from '../../src/tensor/host.ts';
import { tinyImageVit, tinyVit } from '../model/tiny-vit.ts';
import { batchInputs, bytesOf, openTiny, startOf, tinyModel } from './tiny-model.ts';

const variants: readonly (readonly [method: string, options: object])[] = [
  ['linear', {}],
  ['adaptformer', { bottleneck: 4 }],
  ['adaptformer', { bottleneck: 4, position: 'sequential', scale: 'learned', dropout: 0.1 }],
  ['adaptformer', { bottleneck: 4, layerNorm: 'in', init: 'normal' }],
  ['adaptformer', { bottleneck: 4, layerNorm: 'out', blocks: [1] }],
  ['vpt-deep', { prompts: 2 }],
  ['full', {}],
];
const backbones = [
  ['video', tinyVit],
  ['image', tinyImageVit],
] as const;

/** BatchNorm takes out what fc_norm scales or adds, so that its gradient is rounding noise alone. */
const UNSEEN_BEHIND_BATCH_NORM = /^fc_norm\./;

for (const [place, vit] of backbones) {
  for (const [method, options] of variants) {
    test(`${method} ${JSON.stringify(options)} on ${place}: all that is trained moves, nothing else, and it reloads`, async () => {
      const model = tinyModel(vit, method, options);
      const start = startOf(model);
      const run = await openTiny(model, start);
      const clips = bytesOf(model, 6);
      for (let step = 0; step < 3; step++) {
        await run.gradients.run(batchInputs(model, clips, 0, 6, 1, step));
        await run.apply.run({ lr: scalar(0.5) });
      }
      const names = [...model.frozen, ...model.trained, ...model.buffers].map(({ name }) => name);
      const after = await run.session.read(names);
      const still = names.filter((name) => Buffer.compare(bytes(start, name), bytes(after, name)) === 0);
      const frozen = model.frozen.map(({ name }) => name);
      assert.deepEqual(
        still.filter((name) => !UNSEEN_BEHIND_BATCH_NORM.test(name)),
        frozen,
      );

      const folder = await mkdtemp(path.join(tmpdir(), 'tuned-'));
      try {
        const file = path.join(folder, 'tuned.safetensors');
        const tuned = [...model.trained, ...model.buffers];
        const metadata = {
          method: { name: method, ...options },
          classes: ['a', 'b', 'ç'],
          backbone: 'f1',
          recipe: 'data:\n  path: x\n',
          training: { epoch: 3, validationTop1: 0.5 },
        };
        await writeTunedWeights(file, await run.session.read(tuned.map(({ name }) => name)), metadata);
        const read = await readTunedWeights(file, tuned);
        assert.deepEqual(read.metadata, metadata);
        const again = await openTiny(model, { ...start, ...read.tensors });
        const others = bytesOf(model, 2, 9);
        const [trained, reloaded] = [await run.logits(others), await again.logits(others)];
        assert.deepEqual(reloaded, trained);
        const untrained = await (await openTiny(model, start)).logits(others);
        assert.notDeepEqual(untrained.data, trained.data);
        again.session.dispose();
      } finally {
        await rm(folder, { recursive: true });
      }
      run.session.dispose();
    });
  }
}

test('without BatchNorm fc_norm moves too', async () => {
  const model = tinyModel(tinyVit, 'linear', {}, { batchNorm: false });
  const start = startOf(model);
  const run = await openTiny(model, start);
  await run.gradients.run(batchInputs(model, bytesOf(model, 6), 0, 6, 1));
  await run.apply.run({ lr: scalar(0.5) });
  const after = await run.session.read(model.trained.map(({ name }) => name));
  for (const { name } of model.trained) assert.notDeepEqual(after[name]?.data, start[name]?.data, name);
  run.session.dispose();
});

function bytes(tensors: HostTensors, name: string): Buffer {
  const data = tensors[name]?.data;
  assert.ok(data !== undefined, name);
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
