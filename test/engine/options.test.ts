import assert from 'node:assert/strict';
import { test } from 'node:test';
import { candidatesFor } from '../../src/engine/choose.ts';
import {
  ABILITIES,
  conflictOf,
  DEFAULT_ENGINE,
  DEVICES,
  ENGINES,
  type EngineOptions,
  PRECISIONS,
  XLA_PARTS,
} from '../../src/engine/options.ts';

/** Every combination of what can be asked. */
function* everything(): Generator<EngineOptions> {
  for (const name of ['auto', ...ENGINES] as const) {
    for (const device of ['auto', ...DEVICES] as const) {
      for (const precision of PRECISIONS) {
        for (const xla of ['auto', ...XLA_PARTS] as const) {
          for (const recompute of [false, true]) yield { name, device, precision, xla, threads: 0, recompute };
        }
      }
    }
  }
}

test('what does not exclude itself has a candidate, and each candidate can do all that was asked', () => {
  let sound = 0;
  for (const options of everything()) {
    const candidates = candidatesFor(options);
    if (conflictOf(options) === undefined) {
      sound++;
      assert.ok(candidates.length > 0, JSON.stringify(options));
    }
    for (const { name, device } of candidates) {
      assert.ok(options.name === 'auto' || options.name === name);
      assert.ok(options.device === 'auto' || options.device === device);
      assert.ok(ABILITIES[name].devices[device]?.includes(options.precision));
    }
  }
  assert.ok(sound > 100, `${sound}`);
});

test('auto goes from CUDA over WebGPU to the CPU, TensorFlow first', () => {
  const order = (changed: Partial<EngineOptions>): string[] =>
    candidatesFor({ ...DEFAULT_ENGINE, ...changed }).map(({ name, device }) => `${name} ${device}`);
  assert.deepEqual(order({}), ['tensorflow cuda', 'onnxruntime webgpu', 'tensorflow cpu', 'onnxruntime cpu']);
  assert.deepEqual(order({ precision: 'bf16' }), ['tensorflow cuda', 'tensorflow cpu']);
  assert.deepEqual(order({ precision: 'tf32' }), ['tensorflow cuda']);
  assert.deepEqual(order({ device: 'cpu' }), ['tensorflow cpu', 'onnxruntime cpu']);
  assert.deepEqual(order({ name: 'onnxruntime' }), ['onnxruntime cuda', 'onnxruntime webgpu', 'onnxruntime cpu']);
  assert.deepEqual(order({ name: 'cpu' }), ['cpu cpu']);
});
