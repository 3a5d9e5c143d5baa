import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import ort from 'onnxruntime-node';
import { bytesOf } from '../../../src/formats/view-bytes.ts';
import { type Builder, builder } from '../../../src/graph/builder.ts';
import { type Graph, type Value, value } from '../../../src/graph/graph.ts';
import { emitOnnx, type OnnxOptions } from '../../../src/graph/onnx/emit.ts';

async function temporary(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'petl-video-onnx-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

type Named = Readonly<Record<string, Value>>;
function graphOf(
  given: { readonly inputs?: Named; readonly state?: Named; readonly changed?: Named; readonly outputs?: Named },
  build: Pick<Builder, 'nodes' | 'constants'>,
): Graph {
  const named = (values: Named = {}): Map<string, Value> => new Map(Object.entries(values));
  const { nodes, constants } = build;
  const { inputs, state, changed, outputs } = given;
  return {
    inputs: named(inputs),
    state: named(state),
    changed: named(changed),
    outputs: named(outputs),
    nodes,
    constants,
  };
}

/** Feeds float32 vectors. */
async function run(
  graph: Graph,
  feeds: Readonly<Record<string, readonly number[]>>,
  options: Partial<OnnxOptions> = {},
): Promise<Record<string, number[]>> {
  const { model } = emitOnnx(graph, { name: 'test', ...options });
  const session = await ort.InferenceSession.create(model);
  const tensors = Object.entries(feeds).map(([name, data]) => [
    name,
    new ort.Tensor('float32', [...data], [data.length]),
  ]);
  const results = await session.run(Object.fromEntries(tensors));
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, [...(data as Float32Array)]]));
}

const vector = (): Value => value([2], 'float32');

test('a value may be fetched twice, be state that moves, or pass through', async () => {
  const [x, w, v] = [vector(), vector(), vector()];
  const build = builder();
  const sum = build.one('Add', [x, w]);
  const graph = graphOf(
    { inputs: { x }, state: { w, v }, changed: { w: sum, v: w }, outputs: { sum, again: sum, x, v } },
    build,
  );
  assert.deepEqual(await run(graph, { 'input/x': [1, 2], 'state/w': [10, 20], 'state/v': [5, 6] }), {
    'changed/w': [11, 22],
    'changed/v': [10, 20],
    'output/sum': [11, 22],
    'output/again': [11, 22],
    'output/x': [1, 2],
    'output/v': [5, 6],
  });
});

test('what is not used is no input', () => {
  const [x, y, w, v] = [vector(), vector(), vector(), vector()];
  const build = builder();
  const program = emitOnnx(
    graphOf({ inputs: { x, y }, state: { w, v }, outputs: { sum: build.one('Add', [x, w]) } }, build),
    { name: 'test' },
  );
  assert.deepEqual(
    [...program.inputs.values()].map(({ name }) => name),
    ['input/x'],
  );
  assert.deepEqual(
    [...program.state.values()].map(({ name }) => name),
    ['state/w'],
  );
});

test('weights are fed, or stored in the file, or beside it', async (t) => {
  const folder = await temporary(t);
  const [x, w] = [vector(), vector()];
  const build = builder();
  const graph = graphOf({ inputs: { x }, state: { w }, outputs: { product: build.one('Multiply', [x, w]) } }, build);
  const weights = bytesOf(Float32Array.of(3, -4));
  const expected = { product: [3, -8] };
  assert.deepEqual(await run(graph, { x: [1, 2], 'state/w': [3, -4] }, { plainNames: true }), expected);
  const inside = { plainNames: true, stored: new Map([['w', weights]]) };
  assert.deepEqual(await run(graph, { x: [1, 2] }, inside), expected);

  await writeFile(path.join(folder, 'weights'), Buffer.concat([Buffer.alloc(64), weights]));
  const beside = { file: 'weights', offset: 64, length: 8 };
  const { model } = emitOnnx(graph, { name: 'test', plainNames: true, stored: new Map([['w', beside]]) });
  await writeFile(path.join(folder, 'model.onnx'), model);
  const session = await ort.InferenceSession.create(path.join(folder, 'model.onnx'));
  assert.deepEqual(session.inputNames, ['x']);
  const { product } = await session.run({ x: new ort.Tensor('float32', [1, 2], [2]) });
  assert.deepEqual(product?.data, Float32Array.of(3, -8));
  await session.release();
});

test('conditions and short floats are fetched as float32', async () => {
  const x = vector();
  const build = builder();
  const above = build.one('Greater', [x, build.scalar(1)]);
  const half = build.cast(x, 'float16');
  const graph = graphOf({ inputs: { x }, outputs: { above, half } }, build);
  // 2049 is between two neighbours in float16.
  assert.deepEqual(await run(graph, { 'input/x': [1, 2049] }), { 'output/above': [0, 1], 'output/half': [1, 2048] });
});

test('constants, also booleans, integers and those of no elements', async () => {
  const x = vector();
  const build = builder();
  const [condition, seven, empty] = [value([2], 'bool'), value([2], 'int32'), value([0], 'float32')];
  build.constants.set(condition, Uint8Array.of(0, 1));
  build.constants.set(seven, Int32Array.of(7, -7));
  build.constants.set(empty, new Float32Array(0));
  const chosen = build.one('Select', [condition, x, build.cast(seven, 'float32')]);
  const joined = build.one('Concat', [chosen, empty], { axis: 0 });
  const graph = graphOf({ inputs: { x }, outputs: { joined, empty } }, build);
  assert.deepEqual(await run(graph, { 'input/x': [1, 2] }), { 'output/joined': [7, 2], 'output/empty': [] });
});

/** exp(x), a sum of it, and exp(x) once more, which may have to wait for the sum. */
function twice(wait: boolean): Graph {
  const x = value([2], 'float32');
  const first = builder();
  const once = first.one('Exp', [x]);
  const sum = first.one('Sum', [once], { axis: null, keepDims: false });
  const second = builder('again', wait ? [sum] : undefined);
  const again = second.one('Exp', [x]);
  return graphOf(
    { inputs: { x }, outputs: { sum, again } },
    {
      nodes: [...first.nodes, ...second.nodes],
      constants: first.constants,
    },
  );
}

/** How many nodes of an op onnxruntime leaves after its optimisations. */
async function optimized(graph: Graph, op: string, folder: string): Promise<number> {
  const file = path.join(folder, 'optimized.onnx');
  const options = { graphOptimizationLevel: 'all', optimizedModelFilePath: file, logSeverityLevel: 3 } as const;
  await (await ort.InferenceSession.create(emitOnnx(graph, { name: 'test' }).model, options)).release();
  // NodeProto.op_type is field 4: its key, its length, the text.
  const mark = `\x22${String.fromCharCode(op.length)}${op}`;
  return (await readFile(file)).toString('latin1').split(mark).length - 1;
}

test('what is computed again after something else is not merged with the first time', async (t) => {
  const folder = await temporary(t);
  assert.equal(await optimized(twice(false), 'Exp', folder), 1);
  assert.equal(await optimized(twice(true), 'Exp', folder), 2);
});

test('waiting changes no number, whatever is waited for', async () => {
  for (const x of [
    [0, 1],
    [Number.NaN, 1],
    [800, Number.NEGATIVE_INFINITY],
  ]) {
    const plain = await run(twice(false), { 'input/x': x });
    assert.deepEqual(await run(twice(true), { 'input/x': x }), plain);
  }
});

test('nodes are named after the part of the model that they were written in', async (t) => {
  const folder = await temporary(t);
  const x = vector();
  const build = builder('blocks.3');
  const graph = graphOf({ inputs: { x }, outputs: { y: build.one('Exp', [x]) } }, build);
  const file = path.join(folder, 'model.onnx');
  await writeFile(file, emitOnnx(graph, { name: 'test' }).model);
  assert.match((await readFile(file)).toString('latin1'), /blocks\.3\/Exp_\d/);
});
