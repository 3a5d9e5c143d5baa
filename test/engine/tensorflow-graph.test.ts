/** What compiled graphs on libtensorflow add to what every engine does (eager.test.ts, kernels.test.ts). */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import os from 'node:os';
import { type TestContext, test } from 'node:test';
import { cpuEngine } from '../../src/engine/cpu.ts';
import type { Engine, Session, StateSpecs, Step } from '../../src/engine/engine.ts';
import { loadTensorflow } from '../../src/engine/tensorflow-binding.ts';
import { type TensorflowOptions, tensorflowEngine } from '../../src/engine/tensorflow-graph.ts';
import { compileGraph } from '../../src/graph/compile.ts';
import { float32, type HostTensor, type HostTensors, int32, scalar } from '../../src/tensor/host.ts';
import { type Tensor, tf } from '../../src/tensor/tf.ts';
import { stepCases } from '../graph/steps.ts';
import { assertClose, draw } from '../tensor/exact.ts';
import { tensorflowCache, tensorflowMissing } from './tensorflow-cache.ts';

const OPTIONS: TensorflowOptions = {
  cache: tensorflowCache(),
  precision: 'fp32',
  xla: 'off',
  threads: 0,
  recompute: false,
};

function withTensorflow(
  name: string,
  body: (open: (options?: Partial<TensorflowOptions>) => Promise<Engine>, t: TestContext) => Promise<void>,
): void {
  test(name, async (t) => {
    const missing = await tensorflowMissing();
    if (missing === undefined) await body((options) => tensorflowEngine({ ...OPTIONS, ...options }), t);
    else t.skip(missing);
  });
}

const vector = (...values: number[]): HostTensor => float32([values.length], Float32Array.from(values));
const numbers = (tensor: HostTensor | undefined): number[] => [...(tensor?.data ?? [])];

/** How many native tensors and models there are. */
async function native(): Promise<{ tensors: number; models: number }> {
  const { binding } = await loadTensorflow({ cache: tensorflowCache() });
  return { tensors: binding.getNumOfTensors(), models: binding.getNumOfSavedModels() };
}

const w: StateSpecs = { w: { shape: [2], dtype: 'float32', frozen: false } };
const addTo = (amount: number): Step => ({
  name: `add ${amount}`,
  inputs: {},
  run: (state) => ({ state: { w: tf.add(state.w as Tensor, amount) }, outputs: {} }),
});

for (const { name, step, specs, state, inputs } of stepCases()) {
  withTensorflow(`three runs of the ${name} leave the state of the cpu engine`, async (open) => {
    const run = async (engine: Engine): Promise<{ outputs: HostTensors[]; state: HostTensors }> => {
      const session = await engine.open(specs);
      await session.load(state);
      const compiled = await session.compile(step);
      const outputs = [await compiled.run(inputs), await compiled.run(inputs), await compiled.run(inputs)];
      const after = await session.read(Object.keys(specs));
      session.dispose();
      return { outputs, state: after };
    };
    const expected = await run(cpuEngine());
    const actual = await run(await open());
    for (const [i, outputs] of expected.outputs.entries()) {
      for (const [key, { data }] of Object.entries(outputs)) {
        assertClose(actual.outputs[i]?.[key]?.data ?? [], data, 2e-5, `${key} of run ${i}`);
      }
    }
    for (const [key, { data }] of Object.entries(expected.state)) {
      assertClose(actual.state[key]?.data ?? [], data, 2e-5, key);
    }
  });
}

/** Chains of small operations between two products, each of 256 KiB. */
const chains: Step = {
  name: 'chains',
  inputs: { x: { shape: [256, 256], dtype: 'float32' } },
  run: (state, { x }) => {
    const loss = (given: Tensor): Tensor => {
      const hidden = tf.matMul(given as never, state.weight as never) as Tensor;
      const bent = tf.mul(hidden, tf.sigmoid(tf.mul(hidden, 1.7)));
      const centred = tf.sub(bent, tf.mean(bent, -1, true));
      return tf.sum(tf.square(tf.matMul(centred as never, state.weight as never)));
    };
    const { value, grad } = tf.valueAndGrad(loss as never)(x as Tensor);
    return { state: {}, outputs: { value, grad } };
  },
};

withTensorflow('clusters and whole steps under XLA give the numbers of the plain graph', async (open) => {
  const specs: StateSpecs = { weight: { shape: [256, 256], dtype: 'float32', frozen: true } };
  const attention = { keptBytes: Number.POSITIVE_INFINITY, sliceBytes: Number.POSITIVE_INFINITY };
  const { nodes } = await compileGraph(chains, specs, {
    precision: 'fp32',
    recompute: false,
    clusters: true,
    attention,
  });
  assert.ok(nodes.some(({ kernel }) => kernel === 'Cluster'));
  const shape = [256, 256];
  const results: HostTensors[] = [];
  for (const xla of ['off', 'clusters', 'step'] as const) {
    const session = await (await open({ xla })).open(specs);
    await session.load({ weight: float32(shape, Float32Array.from(draw('weight', shape, 0.1).data)) });
    const x = float32(shape, Float32Array.from(draw('x', shape).data));
    results.push(await (await session.compile(chains)).run({ x }));
    session.dispose();
  }
  const [plain, ...others] = results;
  for (const other of others) {
    for (const name of ['value', 'grad']) {
      assertClose(other[name]?.data ?? [], plain?.[name]?.data ?? [], 1e-5, name);
    }
  }
});

withTensorflow('a step compiled later joins the state as it is then, and what was loaded meanwhile', async (open) => {
  const specs: StateSpecs = {
    ...w,
    loaded: { shape: [1], dtype: 'float32', frozen: false },
    count: { shape: [], dtype: 'int32', frozen: false },
  };
  const session = await (await open()).open(specs);
  await session.load({ w: vector(1, 2), loaded: vector(3), count: int32([], Int32Array.of(16_777_217)) });
  const first = await session.compile(addTo(1));
  await first.run({});
  await session.compile(addTo(10));
  await session.load({ loaded: vector(4) });
  const third = await session.compile(addTo(100));
  const models = (await native()).models;
  await third.run({});
  await first.run({});
  assert.equal((await native()).models, models);
  assert.deepEqual(await session.read(['w', 'loaded', 'count']), {
    w: vector(103, 104),
    loaded: vector(4),
    count: int32([], Int32Array.of(16_777_217)),
  });
  session.dispose();
});

withTensorflow('frozen weights are stored in the type of the products', async (open) => {
  const specs: StateSpecs = {
    frozen: { shape: [1, 2], dtype: 'float32', frozen: true },
    trained: { shape: [1, 2], dtype: 'float32', frozen: false },
  };
  // Between 1 and 1 + 1/128, its neighbour in bfloat16, and nearer to the latter.
  const value = 1 + 3 / 512;
  const product = (name: string): Step => ({
    name,
    inputs: { x: { shape: [1, 1], dtype: 'float32' } },
    run: (state, { x }) => ({
      state: {},
      outputs: {
        products: tf.concat([
          tf.matMul(x as never, state.frozen as never) as Tensor,
          tf.matMul(x as never, state.trained as never) as Tensor,
        ]),
        sum: tf.sum(state.trained as Tensor),
      },
    }),
  });
  const session = await (await open({ precision: 'bf16' })).open(specs);
  const data = Float32Array.of(value, -2);
  await session.load({ frozen: float32([1, 2], data), trained: float32([1, 2], data) });
  const step = await session.compile(product('one'));
  const x = float32([1, 1], Float32Array.of(1));
  const once = await step.run({ x });
  assert.deepEqual(numbers(once.products), [1 + 1 / 128, -2, 1 + 1 / 128, -2]);
  assert.deepEqual(numbers(once.sum), [value - 2]);
  // The way to another model and a further load keep the type.
  await session.compile(product('two'));
  assert.deepEqual(numbers((await session.read(['frozen'])).frozen), [1 + 1 / 128, -2]);
  assert.deepEqual(numbers((await session.read(['trained'])).trained), [Math.fround(value), -2]);
  await session.load({ frozen: float32([1, 2], Float32Array.of(2 * value, 5)) });
  assert.deepEqual(numbers((await session.read(['frozen'])).frozen), [2 + 1 / 64, 5]);
  session.dispose();
});

withTensorflow('a thousand runs leave no native tensor and no memory behind, dispose leaves nothing', async (open) => {
  const before = await native();
  const session = await (await open()).open({ big: { shape: [512, 512], dtype: 'float32', frozen: false } });
  const size = 512 * 512;
  await session.load({ big: float32([512, 512], new Float32Array(size).fill(1)) });
  const step = await session.compile({
    name: 'grow',
    inputs: { x: { shape: [512, 512], dtype: 'float32' }, lr: { shape: [], dtype: 'float32' } },
    run: (state, { x, lr }) => {
      const big = tf.add(state.big as Tensor, tf.mul(x as Tensor, lr as Tensor));
      return { state: { big }, outputs: { big, mean: tf.mean(big) } };
    },
  });
  const x = float32([512, 512], new Float32Array(size).fill(1));
  const run = (): Promise<HostTensors> => step.run({ x, lr: scalar(0.5) });
  for (let i = 0; i < 100; i++) await run();
  const [tensors, resident] = [(await native()).tensors, process.memoryUsage().rss];
  for (let i = 0; i < 899; i++) {
    await run();
    if (i % 100 === 0) await session.load({ big: (await session.read(['big'])).big as HostTensor });
  }
  assert.deepEqual(numbers((await run()).mean), [501]);
  assert.equal((await native()).tensors, tensors);
  // A megabyte comes and goes with each run; one in ten left behind would be 90.
  assert.ok(process.memoryUsage().rss - resident < 64 * 2 ** 20, `${process.memoryUsage().rss - resident} bytes more`);
  session.dispose();
  assert.deepEqual(await native(), before);
});

withTensorflow('state that is loaded and never run is freed too', async (open) => {
  const before = await native();
  const session = await (await open()).open(w);
  await session.load({ w: vector(1, 2) });
  await session.load({ w: vector(3, 4) });
  session.dispose();
  assert.deepEqual(await native(), before);
});

withTensorflow('no file stays behind', async (open) => {
  const session = await (await open()).open(w);
  await (await session.compile(addTo(1))).run({});
  session.dispose();
  assert.deepEqual(
    readdirSync(os.tmpdir()).filter((name) => name.startsWith(`petl-video-model-${process.pid}-`)),
    [],
  );
});

withTensorflow('a step that fails while it is traced leaves tfjs as it was, and the session at work', async (open) => {
  await tf.setBackend('cpu');
  const before = tf.memory().numTensors;
  const session = await (await open()).open(w);
  const good = await session.compile(addTo(1));
  const failing = (error: Error): Step => ({
    name: 'failing',
    inputs: {},
    run: (state) => {
      tf.square(state.w as Tensor);
      throw error;
    },
  });
  await assert.rejects(session.compile(failing(new Error('half-way'))), new Error('half-way'));
  assert.deepEqual([tf.getBackend(), tf.memory().numTensors], ['cpu', before]);
  await good.run({});
  assert.deepEqual(numbers((await session.read(['w'])).w), [1, 1]);
  session.dispose();
});

withTensorflow('conditions and integers that are fetched come as numbers', async (open) => {
  const session = await (await open()).open({});
  const step = await session.compile({
    name: 'compare',
    inputs: { x: { shape: [3], dtype: 'float32' } },
    run: (_state, { x }) => ({
      state: {},
      outputs: { above: tf.greater(x as Tensor, 1), largest: tf.argMax(x as Tensor) },
    }),
  });
  assert.deepEqual(await step.run({ x: vector(0, 1, 2) }), {
    above: vector(0, 0, 1),
    largest: int32([], Int32Array.of(2)),
  });
  session.dispose();
});

withTensorflow('after dispose a session says so', async (open) => {
  const session: Session = await (await open()).open(w);
  const step = await session.compile(addTo(1));
  await step.run({});
  session.dispose();
  session.dispose();
  const disposed = new TypeError('the session is disposed');
  await assert.rejects(step.run({}), disposed);
  await assert.rejects(session.load({ w: vector(1, 2) }), disposed);
  await assert.rejects(session.read(['w']), disposed);
  await assert.rejects(session.compile(addTo(1)), disposed);
});

withTensorflow('what this machine or process cannot do is an error with a remedy', async (open, t) => {
  const { gpu } = await loadTensorflow({ cache: tensorflowCache() });
  await assert.rejects(open({ threads: 3 }), {
    kind: 'environment',
    what: 'TensorFlow is loaded already, with a thread for each core, and not with 3 threads',
  });
  if (gpu) return t.diagnostic('there is a CUDA device: nothing to refuse');
  await assert.rejects(open({ precision: 'tf32' }), { kind: 'environment', what: /tf32 is a way of CUDA/ });
  await assert.rejects(open({ device: 'cuda' }), { kind: 'environment', what: 'TensorFlow finds no CUDA device' });
});

withTensorflow('in a process of its own it has the threads that it is given, and is silent', async (_open, t) => {
  if (process.platform !== 'linux') return t.skip('threads are counted in /proc');
  const module = (name: string): string => JSON.stringify(new URL(`../../src/${name}.js`, import.meta.url).href);
  const threadsOf = (threads: number): number => {
    const script = `
      import { readdirSync } from 'node:fs';
      const { tf } = await import(${module('tensor/tf')});
      const { tensorflowEngine } = await import(${module('engine/tensorflow-graph')});
      const before = readdirSync('/proc/self/task').length;
      const engine = await tensorflowEngine(${JSON.stringify({ ...OPTIONS, threads, xla: 'step' })});
      const session = await engine.open({ w: { shape: [2], dtype: 'float32', frozen: false } });
      const run = ({ w }) => ({ state: { w: tf.add(w, 1) }, outputs: { w } });
      await (await session.compile({ name: 'add', inputs: {}, run })).run({});
      console.log(readdirSync('/proc/self/task').length - before);`;
    const { TF_CPP_MIN_LOG_LEVEL: _, ...env } = process.env;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      env,
    });
    assert.equal(stderr, '');
    assert.match(stdout, /^\d+\n$/);
    return Number(stdout);
  };
  const [few, many] = [threadsOf(2), threadsOf(9)];
  assert.ok(many >= few + 7, `${few} and ${many}`);
});
