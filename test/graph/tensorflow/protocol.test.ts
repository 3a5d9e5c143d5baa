import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '../../../src/formats/protobuf.ts';
import { functionDef, graphDef, nodeDef, savedModel } from '../../../src/graph/tensorflow/protocol.ts';
import { readModel } from './read-model.ts';

test('nodes and each kind of attribute are read back by another reader', () => {
  const node = nodeDef('a/b', 'Conv2D', ['x', 'y:1', '^z'], {
    T: { type: 'bfloat16' },
    flag: { bool: true },
    off: { bool: false },
    axis: { int: -1 },
    strides: { ints: [1, 2, -3] },
    padding: { text: 'SAME' },
    shape: { shape: [2, 0, 5] },
    types: { types: ['resource', 'float16', 'uint8', 'int64', 'bool'] },
    f: { function: 'body' },
    value: { tensor: { shape: [2], dtype: 'int32', data: Int32Array.of(-1, 258) } },
  });
  const { nodes, tags, functions } = readModel(encode(savedModel(graphDef([node], []), 'tag')));
  assert.deepEqual(tags, ['tag']);
  assert.deepEqual(functions, []);
  const read = nodes.get('a/b');
  assert.deepEqual([read?.op, read?.inputs], ['Conv2D', ['x', 'y:1', '^z']]);
  const get = (name: string) => {
    const attribute = read?.attributes.get(name);
    if (attribute === undefined) throw new TypeError(`no ${name}`);
    return attribute;
  };
  // types.proto: DT_BFLOAT16 14, DT_RESOURCE 20, DT_HALF 19, DT_UINT8 4, DT_INT64 9, DT_BOOL 10, DT_INT32 3.
  assert.equal(get('T').getType(), 14);
  assert.deepEqual([get('flag').getB(), get('off').getB(), get('axis').getI()], [true, false, -1]);
  assert.deepEqual(get('strides').getList()?.getIList(), [1, 2, -3]);
  assert.equal(Buffer.from(get('padding').getS_asU8()).toString(), 'SAME');
  assert.deepEqual(
    get('shape')
      .getShape()
      ?.getDimList()
      .map((dim) => dim.getSize()),
    [2, 0, 5],
  );
  assert.deepEqual(get('types').getList()?.getTypeList(), [20, 19, 4, 9, 10]);
  assert.equal(get('f').getFunc()?.getName(), 'body');
  assert.equal(get('value').getTensor()?.getDtype(), 3);
  assert.deepEqual([...(get('value').getTensor()?.getTensorContent_asU8() ?? [])], [255, 255, 255, 255, 2, 1, 0, 0]);
});

test('a function has its arguments, its nodes and what it returns', () => {
  const body = [nodeDef('n', 'Neg', ['x0'], { T: { type: 'float32' } })];
  const definition = functionDef(
    'negate',
    [{ name: 'x0', dtype: 'float32' }],
    [{ name: 'y0', dtype: 'float32', ref: 'n:y:0' }],
    body,
  );
  const { functions } = readModel(encode(savedModel(graphDef([], [definition]), 'tag')));
  assert.equal(functions.length, 1);
  const [read] = functions;
  assert.deepEqual([read?.name, read?.inputs, read?.outputs], ['negate', ['x0'], ['y0']]);
  assert.deepEqual(
    read?.nodes.map(({ name, op, inputs }) => ({ name, op, inputs })),
    [{ name: 'n', op: 'Neg', inputs: ['x0'] }],
  );
  assert.deepEqual([...(read?.returned ?? [])], [['y0', 'n:y:0']]);
});
