/** Runs a test on every engine that is to be had. */
import { type TestContext, test } from 'node:test';
import { cpuEngine } from '../../src/engine/cpu.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { onnxruntimeEngine } from '../../src/engine/onnxruntime.ts';
import { tensorflowEagerEngine } from '../../src/engine/tensorflow-eager.ts';
import { tensorflowEngine } from '../../src/engine/tensorflow-graph.ts';
import { tensorflowCache, tensorflowMissing } from './tensorflow-cache.ts';

export function testOnEachEngine(name: string, body: (engine: Engine, t: TestContext) => Promise<void>): void {
  test(`${name} [cpu]`, (t) => body(cpuEngine(), t));
  test(`${name} [onnxruntime]`, async (t) =>
    body(await onnxruntimeEngine({ device: 'cpu', precision: 'fp32', threads: 1, recompute: false }), t));
  test(`${name} [tensorflow-eager]`, async (t) => {
    const missing = await tensorflowMissing();
    if (missing === undefined) await body(await tensorflowEagerEngine({ cache: tensorflowCache() }), t);
    else t.skip(missing);
  });
  test(`${name} [tensorflow]`, async (t) => {
    const missing = await tensorflowMissing();
    if (missing === undefined) await body(await tensorflowEngine(PLAIN), t);
    else t.skip(missing);
  });
}

/** In float32, as the graph is. */
const PLAIN = { cache: tensorflowCache(), precision: 'fp32', xla: 'off', threads: 0, recompute: false } as const;
