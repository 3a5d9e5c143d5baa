/** Runs a test on every engine that is to be had. */
import { type TestContext, test } from 'node:test';
import { cpuEngine } from '../../src/engine/cpu.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { onnxruntimeEngine } from '../../src/engine/onnxruntime.ts';
import { tensorflowEagerEngine } from '../../src/engine/tensorflow-eager.ts';
import { tensorflowEngine } from '../../src/engine/tensorflow-graph.ts';
import { tensorflowCache, tensorflowMissing } from './tensorflow-cache.ts';
import { webgpuMissing } from './webgpu-missing.ts';

/** @param underXla also on TensorFlow with whole steps compiled, which takes seconds a step */
export function testOnEachEngine(
  name: string,
  body: (engine: Engine, t: TestContext) => Promise<void>,
  { underXla = false } = {},
): void {
  test(`${name} [cpu]`, (t) => body(cpuEngine(), t));
  test(`${name} [onnxruntime]`, async (t) =>
    body(await onnxruntimeEngine({ device: 'cpu', precision: 'fp32', threads: 1, recompute: false }), t));
  test(`${name} [onnxruntime on webgpu]`, async (t) => {
    const missing = await webgpuMissing();
    if (missing !== undefined) return t.skip(missing);
    await body(await onnxruntimeEngine({ device: 'webgpu', precision: 'fp32', threads: 1, recompute: false }), t);
  });
  test(`${name} [tensorflow-eager]`, async (t) => {
    const missing = await tensorflowMissing();
    if (missing === undefined) await body(await tensorflowEagerEngine({ cache: tensorflowCache() }), t);
    else t.skip(missing);
  });
  for (const xla of underXla ? (['off', 'step'] as const) : (['off'] as const)) {
    test(`${name} [tensorflow${xla === 'off' ? '' : ' under XLA'}]`, async (t) => {
      const missing = await tensorflowMissing();
      if (missing === undefined) await body(await tensorflowEngine({ ...PLAIN, xla }), t);
      else t.skip(missing);
    });
  }
}

/** In float32, as the graph is. */
const PLAIN = { cache: tensorflowCache(), precision: 'fp32', threads: 0, recompute: false } as const;
