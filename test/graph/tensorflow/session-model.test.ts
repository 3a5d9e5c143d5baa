import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builder } from '../../../src/graph/builder.ts';
import { type Graph, type Value, value } from '../../../src/graph/graph.ts';
import { emitSessionModel } from '../../../src/graph/tensorflow/session-model.ts';
import { storedTypes } from '../../../src/graph/tensorflow/variables.ts';
import type { TensorSpecs } from '../../../src/tensor/host.ts';
import { type ReadModel, reached, readModel } from './read-model.ts';

const state: TensorSpecs = {
  a: { shape: [2], dtype: 'float32' },
  b: { shape: [2], dtype: 'float32' },
  frozen: { shape: [2], dtype: 'float32' },
};
const OPTIONS = { wholeSteps: false };

const graphOf = (parts: Partial<Graph>): Graph => ({
  inputs: new Map(),
  state: new Map(),
  constants: new Map(),
  nodes: [],
  changed: new Map(),
  outputs: new Map(),
  ...parts,
});

/** a, b ← b, a + x; fetches the sum of a and b. */
function swap(): Graph {
  const [a, b, x] = [value([2], 'float32'), value([2], 'float32'), value([2], 'float32')];
  const build = builder('blocks.0');
  const moved = build.one('Add', [a, x]);
  return graphOf({
    inputs: new Map([['x', x]]),
    state: new Map([
      ['a', a],
      ['b', b],
    ]),
    nodes: build.nodes,
    changed: new Map([
      ['a', b],
      ['b', moved],
    ]),
    outputs: new Map([['moved', moved]]),
  });
}

/** Fetches −frozen, read in this type. */
function look(dtype: 'float32' | 'bfloat16', name = 'frozen'): Graph {
  const read = value([2], dtype);
  const build = builder();
  const negative = build.one('Neg', [read]);
  return graphOf({
    state: new Map([[name, read]]),
    nodes: build.nodes,
    outputs: new Map([['negative', negative]]),
  });
}

const opsOf = (model: ReadModel, ref: string): string[] =>
  [...reached(model, ref)].map((name) => model.nodes.get(name)?.op as string);
const count = (ops: readonly string[], op: string): number => ops.filter((other) => other === op).length;

test('the outputs of a step wait for all it assigns, and assignments for all it reads', () => {
  const { file, steps } = emitSessionModel(state, [{ name: 'swap', graph: swap() }], OPTIONS);
  const model = readModel(file);
  for (const ref of [steps[0]?.outputs.get('moved'), steps[0]?.done]) {
    const ops = opsOf(model, ref as string);
    assert.deepEqual([count(ops, 'ReadVariableOp'), count(ops, 'AssignVariableOp')], [2, 2]);
  }
  for (const { name, op } of model.nodes.values()) {
    if (op !== 'AssignVariableOp' || !name.startsWith('step')) continue;
    assert.equal(count(opsOf(model, name), 'ReadVariableOp'), 2, name);
  }
});

test('steps reach no node of each other, nor of the entries to the state', () => {
  const graphs = [
    { name: 'swap', graph: swap() },
    { name: 'look', graph: look('float32') },
  ];
  const { file, steps, state: entries } = emitSessionModel(state, graphs, OPTIONS);
  const model = readModel(file);
  const own = steps.map(({ outputs, done }) =>
    [...outputs.values(), done].flatMap((ref) => [...reached(model, ref)].filter((name) => !/^state\/\d+$/.test(name))),
  );
  assert.ok(own[0]?.every((name) => name.startsWith('step0.swap/')) && own[0].length > 8);
  assert.ok(own[1]?.every((name) => name.startsWith('step1.look/')) && own[1].length > 2);
  const { read, zeroed, assigned } = entries.get('a') ?? assert.fail();
  assert.equal(count(opsOf(model, read), 'AssignVariableOp'), 0);
  assert.equal(count(opsOf(model, zeroed), 'Placeholder'), 0);
  assert.deepEqual(
    [count(opsOf(model, assigned), 'Placeholder'), count(opsOf(model, assigned), 'VarHandleOp')],
    [1, 1],
  );
});

test('what is fed never becomes a variable itself, for it may lie in memory of JavaScript', () => {
  const x = value([2], 'float32');
  const keep = graphOf({ inputs: new Map([['x', x]]), changed: new Map([['a', x]]) });
  const { file } = emitSessionModel(state, [{ name: 'keep', graph: keep }], OPTIONS);
  const { nodes } = readModel(file);
  const assigned = [...nodes.values()].filter(({ op }) => op === 'AssignVariableOp');
  assert.equal(assigned.length, 1 + 2 * 3);
  for (const { inputs } of assigned) assert.match(nodes.get(inputs[1] as string)?.op ?? '', /^(DeepCopy|Fill)$/);
});

test('a node waits for what it is to run after', () => {
  const x = value([2], 'float32');
  const first = builder();
  const slow = first.one('Exp', [x]);
  const second = builder('', [slow]);
  const late = second.one('Neg', [x]);
  const graph = graphOf({
    inputs: new Map([['x', x]]),
    nodes: [...first.nodes, ...second.nodes],
    outputs: new Map([['late', late]]),
  });
  const { file, steps } = emitSessionModel({}, [{ name: 'order', graph }], OPTIONS);
  const model = readModel(file);
  const negation = [...model.nodes.values()].find(({ op }) => op === 'Neg');
  const exponential = [...model.nodes.values()].find(({ op }) => op === 'Exp');
  assert.ok(negation?.inputs.includes(`^${exponential?.name}`));
  assert.ok(opsOf(model, steps[0]?.outputs.get('late') as string).includes('Exp'));
});

test('state is stored in the type that its readers agree on', () => {
  const types = (...graphs: Graph[]): (string | undefined)[] => {
    const found = storedTypes({ ...state, count: { shape: [], dtype: 'int32' } }, graphs);
    return [found.get('frozen'), found.get('count')];
  };
  assert.deepEqual(types(), ['float32', 'int32']);
  assert.deepEqual(types(look('bfloat16'), look('bfloat16'), swap()), ['bfloat16', 'int32']);
  assert.deepEqual(types(look('bfloat16'), look('float32')), ['float32', 'int32']);
});

test('a step that reads in another type than what is stored casts', () => {
  const graphs = [look('bfloat16'), look('float32')].map((graph) => ({ name: 'look', graph }));
  const { file, steps } = emitSessionModel(state, graphs, OPTIONS);
  const model = readModel(file);
  const ops = steps.map(({ outputs }) => opsOf(model, outputs.get('negative') as string));
  // Down to what the step asks for, and up for the host.
  assert.deepEqual(
    ops.map((of) => count(of, 'Cast')),
    [2, 0],
  );
});

/** 2x + c, as a cluster. */
function cluster(scope: string, x: Value, c: number): { outputs: Value[]; graph: Graph['nodes'][number] } {
  const inner = value(x.shape, 'float32');
  const build = builder(scope);
  const made = build.one('Add', [build.one('Add', [inner, inner]), build.scalar(c)]);
  const body = graphOf({ inputs: new Map([['in', inner]]), nodes: build.nodes, outputs: new Map([['out', made]]) });
  const output = value(x.shape, 'float32');
  return {
    outputs: [output],
    graph: { kernel: 'Cluster', inputs: [x], attributes: { body }, outputs: [output], scope },
  };
}

test('clusters are calls that XLA must compile; equal bodies are one function, of whatever block', () => {
  const x = value([4], 'float32');
  const one = cluster('blocks.0', x, 1);
  const two = cluster('blocks.1', one.outputs[0] as Value, 1);
  const other = cluster('blocks.2', two.outputs[0] as Value, 3);
  const graph = graphOf({
    inputs: new Map([['x', x]]),
    nodes: [one.graph, two.graph, other.graph],
    outputs: new Map([['y', other.outputs[0] as Value]]),
  });
  const { nodes, functions } = readModel(emitSessionModel({}, [{ name: 'c', graph }], OPTIONS).file);
  const calls = [...nodes.values()].filter(({ op }) => op === 'StatefulPartitionedCall');
  const names = calls.map(({ attributes }) => attributes.get('f')?.getFunc()?.getName());
  assert.deepEqual(names, ['cluster_0', 'cluster_0', 'cluster_1']);
  for (const { attributes } of calls) {
    assert.equal(attributes.get('_XlaMustCompile')?.getB(), true);
    assert.deepEqual(attributes.get('Tin')?.getList()?.getTypeList(), [1]);
  }
  assert.deepEqual(
    functions.map(({ name }) => name),
    ['cluster_0', 'cluster_1'],
  );
  assert.match(functions[0]?.returned.get('y0') ?? '', /^AddV2_\d+:z:0$/);
});

test('a whole step is one call that is given variables and inputs', () => {
  const { file, steps } = emitSessionModel(state, [{ name: 'swap', graph: swap() }], { wholeSteps: true });
  const model = readModel(file);
  const ops = opsOf(model, steps[0]?.outputs.get('moved') as string).sort();
  assert.deepEqual(ops, ['DeepCopy', 'Placeholder', 'StatefulPartitionedCall', 'VarHandleOp', 'VarHandleOp']);
  const [body] = model.functions;
  assert.deepEqual(
    [body?.inputs, body?.outputs],
    [
      ['v0', 'v1', 'x0'],
      ['y0', 'done'],
    ],
  );
  assert.equal(
    count(
      (body?.nodes ?? []).map(({ op }) => op),
      'AssignVariableOp',
    ),
    2,
  );
});

test('a step over state that is not there, and a kernel that is not in the table, are refused', () => {
  const emit = (graph: Graph): unknown => emitSessionModel(state, [{ name: 'odd', graph }], OPTIONS);
  assert.throws(() => emit(look('float32', 'missing')), new TypeError('there is no state missing'));
  const x = value([2], 'float32');
  const node = { kernel: 'Bucketize', inputs: [x], attributes: {}, outputs: [value([2], 'float32')], scope: '' };
  assert.throws(
    () =>
      emit(
        graphOf({ inputs: new Map([['x', x]]), nodes: [node], outputs: new Map([['y', node.outputs[0] as Value]]) }),
      ),
    /Bucketize is not in the kernel table/,
  );
  assert.throws(
    () => emit(graphOf({ outputs: new Map([['y', x]]) })),
    new TypeError('a float32 [2] is used before it is made'),
  );
});
