import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '../../../src/formats/protobuf.ts';
import { graphDef, savedModel } from '../../../src/graph/tensorflow/protocol.ts';
import { control, nodeWriter, type Writer } from '../../../src/graph/tensorflow/writer.ts';
import { type ReadNode, readModel } from './read-model.ts';

const float = { T: { type: 'float32' } } as const;

function nodesOf(writer: Writer): ReadNode[] {
  return [...readModel(encode(savedModel(graphDef(writer.written, []), 'tag'))).nodes.values()];
}

test('references in a graph are names, in a function they name the output too', () => {
  const graph = nodeWriter('graph', 'p/');
  assert.equal(graph.node('Neg', ['x'], float), 'p/Neg_0');
  assert.deepEqual(graph.nodes('Unpack', ['x'], {}, 3), ['p/Unpack_1', 'p/Unpack_1:1', 'p/Unpack_1:2']);
  const body = nodeWriter('function', '');
  assert.equal(body.node('Neg', ['x'], float), 'Neg_0:y:0');
  assert.deepEqual(body.nodes('Unpack', ['x'], {}, 2), ['Unpack_1:output:0', 'Unpack_1:output:1']);
  assert.throws(() => body.node('Bucketize', ['x'], {}), /what Bucketize calls its output is not in .*output-names/);
});

test('control inputs name the node alone', () => {
  assert.deepEqual(['a/b', 'a/b:1', 'n:y:0', '^n'].map(control), ['^a/b', '^a/b', '^n', '^n']);
});

test('what is written inside a scope is named by it and waits; constants are shared and wait for nothing', () => {
  const writer = nodeWriter('graph', '');
  const before = writer.int32s([1, 2]);
  writer.inside('blocks.3/attention of?', ['w:1', 'w', '^v'], () => {
    writer.node('Reshape', ['x', writer.int32s([1, 2])], float);
    writer.node('Add', ['x', writer.scalar(2, 'bfloat16')], float);
    assert.equal(writer.int32s([1, 2]), before);
    assert.notEqual(writer.int32s([2, 1]), before);
    assert.notEqual(writer.scalar(0, 'float32'), writer.scalar(-0, 'float32'));
  });
  writer.node('Neg', ['x'], float);
  const nodes = nodesOf(writer);
  const reshape = nodes.find(({ op }) => op === 'Reshape');
  assert.match(reshape?.name ?? '', /^blocks\.3\/attention_of_\/Reshape_\d+$/);
  assert.deepEqual(reshape?.inputs, ['x', before, '^w', '^v']);
  const cast = nodes.find(({ op }) => op === 'Cast');
  assert.equal(cast?.inputs.length, 1);
  assert.deepEqual(nodes.find(({ op }) => op === 'Add')?.inputs, ['x', cast?.name, '^w', '^v']);
  for (const { op, inputs } of nodes) if (op === 'Const') assert.deepEqual(inputs, []);
  assert.deepEqual(nodes.find(({ op }) => op === 'Neg')?.inputs, ['x']);
  assert.equal(new Set(nodes.map(({ name }) => name)).size, nodes.length);
});

test('functions carry no scopes, so that those of equal blocks are equal', () => {
  const bodies = ['blocks.0', 'blocks.1'].map((scope) => {
    const writer = nodeWriter('function', '');
    writer.inside(scope, [], () => writer.node('Neg', ['x'], float));
    return nodesOf(writer).map(({ name }) => name);
  });
  assert.deepEqual(bodies[0], bodies[1]);
});

test('scalars have the bits of their type', () => {
  const writer = nodeWriter('graph', '');
  writer.scalar(1.5, 'float32');
  writer.scalar(-2, 'int32');
  writer.scalar(1, 'bool');
  const bits = nodesOf(writer).map(({ attributes }) => {
    const tensor = attributes.get('value')?.getTensor();
    return [tensor?.getDtype(), ...(tensor?.getTensorContent_asU8() ?? [])];
  });
  assert.deepEqual(bits, [
    [1, 0, 0, 0xc0, 0x3f],
    [3, 0xfe, 0xff, 0xff, 0xff],
    [10, 1],
  ]);
});
