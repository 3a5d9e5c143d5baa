/** Runs a test on every engine that is to be had. */
import { type TestContext, test } from 'node:test';
import { cpuEngine } from '../../src/engine/cpu.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { tensorflowEagerEngine } from '../../src/engine/tensorflow-eager.ts';
import { tensorflowCache, tensorflowMissing } from './tensorflow-cache.ts';

export function testOnEachEngine(name: string, body: (engine: Engine, t: TestContext) => Promise<void>): void {
  test(`${name} [cpu]`, (t) => body(cpuEngine(), t));
  test(`${name} [tensorflow-eager]`, async (t) => {
    const missing = await tensorflowMissing();
    if (missing === undefined) await body(await tensorflowEagerEngine({ cache: tensorflowCache() }), t);
    else t.skip(missing);
  });
}
