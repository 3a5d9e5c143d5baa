/** What compiled graphs on onnxruntime add to what every engine does (eager.test.ts, kernels.test.ts). */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { cpuEngine } from '../../src/engine/cpu.ts';
import type { Engine, StateSpecs, Step } from '../../src/engine/engine.ts';
import { type OnnxruntimeOptions, onnxruntimeEngine } from '../../src/engine/onnxruntime.ts';
import { explained } from '../../src/engine/onnxruntime-library.ts';
import { float32, type HostTensor, type HostTensors, scalar } from '../../src/tensor/host.ts';
import { type Tensor, tf } from '../../src/tensor/tf.ts';
import { stepCases } from '../graph/steps.ts';
import { assertClose } from '../tensor/exact.ts';
import { webgpuMissing } from './webgpu-missing.ts';

const open = (options: Partial<OnnxruntimeOptions> = {}): Promise<Engine> =>
  onnxruntimeEngine({ device: 'cpu', precision: 'fp32', threads: 1, recompute: false, ...options });

const vector = (...values: number[]): HostTensor => float32([values.length], Float32Array.from(values));
const numbers = (tensor: HostTensor | undefined): number[] => [...(tensor?.data ?? [])];
const w: StateSpecs = { w: { shape: [2], dtype: 'float32', frozen: false } };
const addTo = (amount: number): Step => ({
  name: `add ${amount}`,
  inputs: {},
  run: (state) => ({ state: { w: tf.add(state.w as Tensor, amount) }, outputs: {} }),
});

/** Where the numbers of whole steps are held against the cpu engine's. */
const WAYS: readonly { readonly name: string; readonly options: Partial<OnnxruntimeOptions> }[] = [
  { name: 'on the CPU', options: {} },
  { name: 'on the CPU, blocks computed again', options: { recompute: true } },
  { name: 'on WebGPU', options: { device: 'webgpu' } },
];

for (const { name: way, options } of WAYS) {
  for (const { name, step, specs, state, inputs } of stepCases()) {
    test(`three runs of the ${name} ${way} leave the state of the cpu engine`, async (t) => {
      const missing = options.device === 'webgpu' ? await webgpuMissing() : undefined;
      if (missing !== undefined) return t.skip(missing);
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
      const actual = await run(await open(options));
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
}

test('frozen weights are stored in the type of the products', async () => {
  const specs: StateSpecs = {
    frozen: { shape: [1, 2], dtype: 'float32', frozen: true },
    trained: { shape: [1, 2], dtype: 'float32', frozen: false },
  };
  // Between 1 and 1 + 1/1024, its neighbour in float16, and nearer to the latter.
  const value = 1 + 3 / 4096;
  const session = await (await open({ precision: 'fp16' })).open(specs);
  const data = Float32Array.of(value, -2);
  await session.load({ frozen: float32([1, 2], data), trained: float32([1, 2], data) });
  const products = await session.compile({
    name: 'products',
    inputs: { x: { shape: [1, 1], dtype: 'float32' } },
    run: (state, { x }) => ({
      state: {},
      outputs: {
        frozen: tf.matMul(x as never, state.frozen as never) as Tensor,
        trained: tf.matMul(x as never, state.trained as never) as Tensor,
        sum: tf.sum(state.trained as Tensor),
      },
    }),
  });
  const x = float32([1, 1], Float32Array.of(1));
  const once = await products.run({ x });
  assert.deepEqual(numbers(once.frozen), [1 + 1 / 1024, -2]);
  // On the CPU products are computed in float32, and what need not be rounded is not.
  assert.deepEqual(numbers(once.trained), [value, -2]);
  assert.deepEqual(numbers(once.sum), [value - 2]);
  assert.deepEqual(numbers((await session.read(['frozen'])).frozen), [1 + 1 / 1024, -2]);
  assert.deepEqual(numbers((await session.read(['trained'])).trained), [value, -2]);
  await session.load({ frozen: float32([1, 2], Float32Array.of(2 * value, 5)) });
  assert.deepEqual(numbers((await products.run({ x })).frozen), [2 + 1 / 512, 5]);
  // Another step may want them in float32.
  const doubled = await session.compile({
    name: 'doubled',
    inputs: {},
    run: (state) => ({ state: {}, outputs: { y: tf.mul(state.frozen as Tensor, 2) } }),
  });
  assert.deepEqual(numbers((await doubled.run({})).y), [4 + 1 / 256, 10]);
  session.dispose();
});

test('a thousand runs leave no memory behind', async () => {
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
  const resident = process.memoryUsage().rss;
  for (let i = 0; i < 899; i++) {
    await run();
    if (i % 100 === 0) await session.load({ big: (await session.read(['big'])).big as HostTensor });
  }
  assert.deepEqual(numbers((await run()).mean), [501]);
  // A megabyte comes and goes with each run; one in ten left behind would be 90.
  assert.ok(process.memoryUsage().rss - resident < 64 * 2 ** 20, `${process.memoryUsage().rss - resident} bytes more`);
  session.dispose();
});

test('sessions that are opened and disposed leave no memory behind', async () => {
  const specs: StateSpecs = { big: { shape: [1024, 1024], dtype: 'float32', frozen: false } };
  const engine = await open();
  const once = async (): Promise<void> => {
    const session = await engine.open(specs);
    const step = await session.compile({
      name: 'add',
      inputs: {},
      run: (state) => ({ state: { big: tf.add(tf.matMul(state.big as never, state.big as never), 1) }, outputs: {} }),
    });
    await step.run({});
    session.dispose();
    // What dispose began ends in turn with the event loop.
    await new Promise((resolve) => setTimeout(resolve, 10));
  };
  for (let i = 0; i < 10; i++) await once();
  const resident = process.memoryUsage().rss;
  for (let i = 0; i < 40; i++) await once();
  // Twelve megabytes each.
  assert.ok(process.memoryUsage().rss - resident < 128 * 2 ** 20, `${process.memoryUsage().rss - resident} bytes more`);
});

test('runs, loads and reads that are begun together happen one after the other', async () => {
  const session = await (await open()).open(w);
  const [one, ten] = [await session.compile(addTo(1)), await session.compile(addTo(10))];
  const begun = [one.run({}), ten.run({}), session.read(['w']), session.load({ w: vector(0.5, 0.25) }), one.run({})];
  const [, , read] = await Promise.all(begun);
  assert.deepEqual(numbers((read as HostTensors).w), [11, 11]);
  assert.deepEqual(numbers((await session.read(['w'])).w), [1.5, 1.25]);
  session.dispose();
});

test('inputs may be parts of larger arrays, and tensors may be empty', async () => {
  const session = await (await open()).open({ none: { shape: [0, 2], dtype: 'float32', frozen: false } });
  const step = await session.compile({
    name: 'parts',
    inputs: { x: { shape: [2], dtype: 'float32' }, none: { shape: [0, 2], dtype: 'float32' } },
    run: (state, { x, none }) => ({
      state: { none: tf.add(state.none as Tensor, none as Tensor) },
      outputs: { doubled: tf.mul(x as Tensor, 2), empty: tf.mul(none as Tensor, 2) },
    }),
  });
  const x = float32([2], Float32Array.of(9, 1, 2, 9).subarray(1, 3));
  const { doubled, empty } = await step.run({ x, none: float32([0, 2], new Float32Array(0)) });
  assert.deepEqual(numbers(doubled), [2, 4]);
  assert.deepEqual(empty, float32([0, 2], new Float32Array(0)));
  assert.deepEqual((await session.read(['none'])).none, float32([0, 2], new Float32Array(0)));
  session.dispose();
});

test('a step without results runs', async () => {
  const session = await (await open()).open({});
  const step = await session.compile({ name: 'nothing', inputs: {}, run: () => ({ state: {}, outputs: {} }) });
  assert.deepEqual(await step.run({}), {});
  session.dispose();
});

test('after dispose a session says so', async () => {
  const session = await (await open()).open(w);
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

test('what a device cannot do is an error with a remedy', async () => {
  await assert.rejects(open({ precision: 'bf16' }), {
    kind: 'environment',
    what: 'onnxruntime on cpu does not compute in bf16',
    remedy: 'engine.precision fp32 or fp16, or engine.name tensorflow',
  });
  await assert.rejects(open({ precision: 'tf32' }), { kind: 'environment', what: /tf32/ });
  await assert.rejects(open({ device: 'webgpu', precision: 'tf32' }), { kind: 'environment', what: /on webgpu/ });
});

test('errors of onnxruntime name the operator, the step and the part of the model', () => {
  const lacking = new Error("Could not find an implementation for OneHot(11) node with name 'blocks.3/OneHot_20'");
  const error = explained(lacking, 'step gradients', 'cpu');
  assert.ok(error instanceof Error && 'kind' in error && 'at' in error);
  assert.equal(error.kind, 'environment');
  assert.match(
    error.message,
    /^onnxruntime has no OneHot for this type on cpu, which step gradients needs\n {2}at blocks\.3\n/,
  );
  const full = explained(new Error('Failed to allocate memory for requested buffer of size 1'), 'step a', 'webgpu');
  assert.match((full as Error).message, /^onnxruntime has no memory left for step a: .*\n.*train\.recompute/);
  const provider = explained(new Error('libcudnn.so.9: cannot open shared object file'), 'step a', 'cuda');
  assert.match((provider as Error).message, /^onnxruntime cannot use cuda for step a: libcudnn/);
  const bug = new Error('something else');
  assert.equal(explained(bug, 'step a', 'cpu'), bug);
});

test('it is loaded when an engine is opened, and not with the module', () => {
  const module = (name: string): string => JSON.stringify(new URL(`../../src/${name}.js`, import.meta.url).href);
  const script = `
    import { createRequire } from 'node:module';
    const { onnxruntimeEngine } = await import(${module('engine/onnxruntime')});
    const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((file) => /onnxruntime_binding/.test(file));
    const before = loaded();
    await onnxruntimeEngine({ device: 'cpu', precision: 'fp32', threads: 1, recompute: false });
    console.log(before, loaded());`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  assert.deepEqual([stdout, stderr], ['false true\n', '']);
});
