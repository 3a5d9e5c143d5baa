import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { smokeTest } from '../../src/engine/smoke-test.ts';
import { loadTensorflow } from '../../src/engine/tensorflow-binding.ts';
import { bindingFile } from '../../src/setup/binding.ts';
import { readEnvironment } from '../../src/setup/environment.ts';
import { libtensorflowFolder } from '../../src/setup/libtensorflow.ts';
import { tf } from '../../src/tensor/tf.ts';
import { tensorflowMissing } from './tensorflow-cache.ts';

const { cache } = readEnvironment(process.env);

/** Runs a module in a new process, TensorFlow's own log level unset. */
function runModule(script: string) {
  const { TF_CPP_MIN_LOG_LEVEL: _, ...env } = process.env;
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', env });
}
const moduleOf = (name: string): string => JSON.stringify(new URL(`../../src/${name}.js`, import.meta.url).href);

/** For those who have no libtensorflow: onnxruntime computes there. */
async function skipped(t: TestContext): Promise<boolean> {
  const missing = await tensorflowMissing();
  if (missing !== undefined) t.skip(missing);
  return missing !== undefined;
}

test('without a libtensorflow the remedy is set-up', async () => {
  const empty = await mkdtemp(path.join(os.tmpdir(), 'petl-tensorflow-'));
  try {
    await assert.rejects(loadTensorflow({ cache: empty }), { kind: 'environment', remedy: 'petl-video setup' });
  } finally {
    await rm(empty, { recursive: true });
  }
});

test("a binding that does not load is named, with the loader's words", async () => {
  const broken = await mkdtemp(path.join(os.tmpdir(), 'petl-tensorflow-'));
  try {
    const file = bindingFile(broken, 'cpu');
    for (const folder of [path.dirname(file), libtensorflowFolder(broken, 'cpu')]) {
      await mkdir(folder, { recursive: true });
      await writeFile(path.join(folder, 'contents.json'), '{}');
    }
    await writeFile(file, 'not a library');
    await writeFile(path.join(path.dirname(file), 'mute.node'), 'nor this');
    await assert.rejects(loadTensorflow({ cache: broken }), (error: Error & { kind?: string }) => {
      assert.equal(error.kind, 'environment');
      assert.ok(error.message.includes(file));
      assert.match(error.message, /invalid ELF header|file too short|not a mach-o|not a valid/i);
      return true;
    });
  } finally {
    await rm(broken, { recursive: true });
  }
});

test('kernels and backend join the tfjs that everything here uses', async (t) => {
  if (await skipped(t)) return;
  const runtime = await loadTensorflow({ cache });
  assert.match(runtime.version, /^2\.\d+\.\d+$/);
  assert.equal(await loadTensorflow({ cache }), runtime);
  const require = createRequire(import.meta.url);
  const other = createRequire(require.resolve('@tensorflow/tfjs-node-gpu/package.json'))('@tensorflow/tfjs');
  assert.equal(other.engine(), tf.engine());
  assert.ok(tf.getKernelsForBackend('tensorflow').length > 150);
});

test('products, convolutions and a gradient have the numbers worked out by hand', async (t) => {
  if (await skipped(t)) return;
  await smokeTest({ cache });
  assert.equal(tf.getBackend(), 'tensorflow');
  // d/dA sum(A·B) is the row sums of B, in every row.
  const a = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const b = tf.tensor2d([5, 6, 7, 8], [2, 2]);
  const gradient = tf.grad((x) => tf.matMul(x as typeof a, b).sum())(a);
  assert.deepEqual([...(await gradient.data())], [11, 15, 11, 15]);
  // A convolution over time as well: 2x1x1 kernel [1, 10] over the frames 1, 2, 3.
  const frames = tf.tensor5d([1, 2, 3], [1, 3, 1, 1, 1]);
  const kernel = tf.tensor5d([1, 10], [2, 1, 1, 1, 1]);
  assert.deepEqual([...(await tf.conv3d(frames, kernel, 1, 'valid').data())], [21, 32]);
});

test('it loads in silence, and without the functions that Node 23 removed from util', async (t) => {
  if (await skipped(t)) return;
  const script = `
    import util from 'node:util';
    delete util.isNullOrUndefined;
    delete util.isArray;
    const { smokeTest } = await import(${moduleOf('engine/smoke-test')});
    await smokeTest({ cache: ${JSON.stringify(cache)} });
    console.log('fine');`;
  const { stdout, stderr, status } = runModule(script);
  assert.deepEqual({ stdout, stderr, status }, { stdout: 'fine\n', stderr: '', status: 0 });
});
