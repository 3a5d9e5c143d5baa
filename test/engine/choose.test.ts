import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { chooseEngine, describeEngine, pickEngine } from '../../src/engine/choose.ts';
import { listBindings } from '../../src/engine/tensorflow-binding.ts';
import { findAdapter } from '../../src/engine/webgpu-adapter.ts';
import { PetlVideoError } from '../../src/errors/index.ts';
import { float32 } from '../../src/tensor/host.ts';
import { tf } from '../../src/tensor/tf.ts';
import { tensorflowCache, tensorflowMissing } from './tensorflow-cache.ts';

let empty: string;
before(async () => {
  empty = await mkdtemp(path.join(tmpdir(), 'choose-'));
});
after(() => rm(empty, { recursive: true }));

const hasCard = (await findAdapter()).found;

test('without libtensorflow auto takes onnxruntime, and says what others lack', async (t) => {
  if ((await listBindings(empty)).length > 0) return t.skip('tfjs-node-gpu brought its own');
  const { options, reason } = await pickEngine({}, { cache: empty });
  assert.deepEqual([options.name, options.device], ['onnxruntime', hasCard ? 'webgpu' : 'cpu']);
  assert.match(reason, /tensorflow on cuda: libtensorflow is not there/);
  if (!hasCard) assert.match(reason, /tensorflow on cpu: libtensorflow is not there/);
});

test('with libtensorflow for the CPU auto takes it unless there is a graphics card', async (t) => {
  const missing = await tensorflowMissing();
  if (missing !== undefined) return t.skip(missing);
  const place = { cache: tensorflowCache() };
  const { options } = await pickEngine({}, place);
  const expected = hasCard ? ['tensorflow', 'onnxruntime'] : ['tensorflow'];
  assert.ok(expected.includes(options.name));
  assert.deepEqual((await pickEngine({ device: 'cpu' }, place)).options.name, 'tensorflow');
  // onnxruntime has no bfloat16 on the CPU.
  assert.deepEqual((await pickEngine({ device: 'cpu', precision: 'bf16' }, place)).options.name, 'tensorflow');
});

test('what was named and cannot be had is an error with the cure, and nothing stands in', async (t) => {
  if ((await listBindings(empty)).length > 0) return t.skip('tfjs-node-gpu brought its own');
  for (const name of ['tensorflow', 'tensorflow-eager'] as const) {
    await assert.rejects(chooseEngine({ name }, { cache: empty }), {
      kind: 'environment',
      what: 'libtensorflow is not there',
      at: empty,
      remedy: 'petl-video setup, or engine.name onnxruntime',
    });
  }
  const refusal = (thrown: unknown): boolean =>
    thrown instanceof PetlVideoError &&
    thrown.kind === 'environment' &&
    thrown.what === 'no engine can be had for engine.name auto, engine.device auto, engine.precision bf16' &&
    thrown.at?.split('\n').length === 2;
  await assert.rejects(chooseEngine({ precision: 'bf16' }, { cache: empty }), refusal);
  if (!hasCard) {
    await assert.rejects(chooseEngine({ device: 'webgpu' }, { cache: empty }), {
      kind: 'environment',
      message: /^(WebGPU does not work: |no engine can be had .*\n.*WebGPU does not work: )/,
    });
  }
});

test('options that exclude each other are told before anything is looked for', async () => {
  await assert.rejects(chooseEngine({ name: 'cpu', precision: 'bf16' }, { cache: empty }), {
    kind: 'config',
    what: 'engine.precision bf16 is none of cpu',
    remedy: 'there: fp32; bf16: tensorflow on cuda, tensorflow on cpu',
  });
});

for (const name of ['tensorflow', 'onnxruntime', 'tensorflow-eager', 'cpu'] as const) {
  test(`${name} is opened by its name and computes`, async (t) => {
    const missing = name.startsWith('tensorflow') ? await tensorflowMissing() : undefined;
    if (missing !== undefined) return t.skip(missing);
    const chosen = await chooseEngine({ name, device: 'cpu' }, { cache: tensorflowCache() });
    assert.equal(chosen.engine.name, name);
    assert.equal(chosen.options.device, 'cpu');
    assert.equal(describeEngine(chosen), `engine ${name}: ${chosen.engine.device}`);
    const session = await chosen.engine.open({ w: { shape: [2], dtype: 'float32', frozen: false } });
    const step = await session.compile({
      name: 'double',
      inputs: { x: { shape: [2], dtype: 'float32' } },
      run: ({ w }, { x }) => ({ state: {}, outputs: { y: tf.add(tf.mul(w as never, 2), x as never) } }),
    });
    await session.load({ w: float32([2], Float32Array.of(1.5, -2)) });
    const { y } = await step.run({ x: float32([2], Float32Array.of(10, 20)) });
    assert.deepEqual(y, float32([2], Float32Array.of(13, 16)));
    session.dispose();
  });
}
