import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { chooseEngine } from '../../../src/engine/choose.ts';
import { PetlVideoError } from '../../../src/errors/index.ts';
import { readSafetensors, writeSafetensors } from '../../../src/formats/safetensors.ts';
import { compareExactly, compareRelatively, compareWithSpread } from '../../../src/train/parity/compare.ts';
import { readGoldenCase } from '../../../src/train/parity/golden-case.ts';
import { runCase } from '../../../src/train/parity/run-case.ts';
import { testOnEachEngine } from '../../engine/engines.ts';
import { tensorflowCache, tensorflowMissing } from '../../engine/tensorflow-cache.ts';

const GOLDEN = path.resolve('test', 'golden');

for (const name of readdirSync(GOLDEN)) {
  testOnEachEngine(`golden case ${name}`, async (engine) => {
    const golden = await readGoldenCase(path.join(GOLDEN, name));
    const comparisons = await runCase(golden, engine);
    assert.ok(comparisons.length > 10);
    assert.deepEqual(
      comparisons.filter(({ within }) => !within),
      [],
    );
    const random = comparisons.filter(({ kind }) => kind === 'spread').map(({ tensor }) => tensor);
    if (name !== 'image-adaptformer-cls') assert.deepEqual(random, []);
    else assert.ok(!random.includes('logits_eval') && !random.includes('features') && random.includes('logits_train'));
  });
}

for (const [precision, recompute] of [
  ['bf16', false],
  ['bf16', true],
  ['fp16', false],
] as const) {
  test(`golden cases in ${precision}${recompute ? ', blocks recomputed' : ''} [tensorflow]`, async (t) => {
    const missing = await tensorflowMissing();
    if (missing !== undefined) return t.skip(missing);
    const choice = { name: 'tensorflow', device: 'cpu', precision, recompute } as const;
    const { engine } = await chooseEngine(choice, { cache: tensorflowCache() });
    for (const name of readdirSync(GOLDEN)) {
      const comparisons = await runCase(await readGoldenCase(path.join(GOLDEN, name)), engine, precision);
      assert.deepEqual(
        comparisons.map(({ tensor, within }) => [tensor, within]),
        [['losses of 8 steps', true]],
        name,
      );
      // An engine that computed in float32 would be far closer.
      const [losses] = comparisons;
      assert.ok(losses?.kind === 'spread' || (losses?.error as number) > 1e-5, `${name}: ${losses?.error}`);
    }
  });
}

/** A copy of a case with one expected tensor or one key of case.json changed. */
async function tampered(
  t: { after(work: () => Promise<void>): void },
  name: string,
  change: { tensor?: string; json?: Record<string, unknown> },
): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'golden-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await cp(path.join(GOLDEN, name), folder, { recursive: true });
  if (change.json !== undefined) {
    const file = path.join(folder, 'case.json');
    await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), ...change.json }));
  }
  if (change.tensor !== undefined) {
    const file = path.join(folder, 'expected.safetensors');
    const source = await readSafetensors(file);
    const tensors: Record<string, Awaited<ReturnType<typeof source.read>>> = {};
    for (const key of source.names) if (key !== 'losses') tensors[key] = await source.read(key);
    const losses = await source.readFloat64('losses');
    await source.close();
    const data = tensors[change.tensor]?.data as Float32Array;
    data[0] = (data[0] as number) + 0.01;
    tensors.losses = { shape: [losses.length], dtype: 'float32', data: Float32Array.from(losses) };
    // The losses become float32 here, which the reader of a case must take too.
    await writeSafetensors(file, tensors, {});
  }
  return folder;
}

testOnEachEngine('a changed gradient, logit or scale is found', async (engine, t) => {
  for (const tensor of ['logits_eval', 'features', 'grad.head.1.weight']) {
    const golden = await readGoldenCase(await tampered(t, 'video-adaptformer', { tensor }));
    const failing = (await runCase(golden, engine)).filter(({ within }) => !within).map((c) => c.tensor);
    assert.deepEqual(failing, [tensor.replace('head.1.', 'head.')]);
  }
  const golden = await readGoldenCase(await tampered(t, 'video-adaptformer', { json: { scale: 0.2 } }));
  assert.ok((await runCase(golden, engine)).some(({ tensor, within }) => tensor === 'logits_eval' && !within));
});

test('a case that says what is not understood is refused', async (t) => {
  const isRefused = (pattern: RegExp) => (thrown: unknown) =>
    thrown instanceof PetlVideoError && thrown.kind === 'data' && pattern.test(thrown.message);
  const wrong = await tampered(t, 'video-adaptformer', { json: { depth: 'two' } });
  await assert.rejects(readGoldenCase(wrong), isRefused(/case\.json is not understood:[\s\S]*depth/));
  const method = await tampered(t, 'video-adaptformer', { json: { method: 'prefix' } });
  await assert.rejects(readGoldenCase(method), isRefused(/method 'prefix' is not implemented/));
  await assert.rejects(readGoldenCase(os.tmpdir()), isRefused(/no golden case: ENOENT/));
});

test('keys that nothing reads are named', async (t) => {
  const folder = await tampered(t, 'video-adaptformer', { json: { rotary: true } });
  assert.deepEqual((await readGoldenCase(folder)).ignored, ['rotary']);
});

test('an exact comparison lets neither NaN nor a missing tensor pass', () => {
  assert.equal(compareExactly('x', [1, 2], [1, 2.0001], 1.1).within, true);
  assert.equal(compareExactly('x', [1, 2], [1, 2.0002], 1).within, false);
  assert.equal(compareExactly('x', [1, Number.NaN], [1, 2], 1).within, false);
  assert.equal(compareExactly('x', [1], [1, 2], 1).within, false);
  assert.equal(compareExactly('x', undefined, [1], 1).within, false);
  assert.equal(compareExactly('count', [10], [10], 0).within, true);
});

test('a relative comparison takes 2 % of the whole, and neither NaN nor a missing loss', () => {
  assert.equal(compareRelatively('x', [3.05, 4], [3, 4]).error, Math.abs(3 - 3.05) / 5);
  assert.equal(compareRelatively('x', [3.09, 4], [3, 4]).within, true);
  assert.equal(compareRelatively('x', [3.11, 4], [3, 4]).within, false);
  assert.equal(compareRelatively('x', [Number.NaN, 4], [3, 4]).within, false);
  assert.equal(compareRelatively('x', [3], [3, 4]).within, false);
});

test('a spread takes what could be one of its runs and refuses what lies outside', () => {
  const runs = [-2, -1, 0, 1, 2].map((shift) => [10 + shift, 20 - shift]);
  assert.equal(compareWithSpread('x', runs, [11.5, 18.5]).within, true);
  assert.equal(compareWithSpread('x', runs, [20, 20]).within, false);
});
