import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { loadTensorflow } from '../../../src/engine/tensorflow-binding.ts';
import { encode } from '../../../src/formats/protobuf.ts';
import { builder } from '../../../src/graph/builder.ts';
import { type Graph, value } from '../../../src/graph/graph.ts';
import { emitServable } from '../../../src/graph/tensorflow/servable.ts';
import { float32, type HostTensor } from '../../../src/tensor/host.ts';
import { tensorflowCache, tensorflowMissing } from '../../engine/tensorflow-cache.ts';
import { readModel } from './read-model.ts';

/** scores = clips · weight, above = scores > 0. clips are bytes [2, 3]. */
function scoring(): Graph {
  const [clips, weight] = [value([2, 3], 'uint8'), value([3, 1], 'float32')];
  const build = builder('head');
  const scores = build.one('BatchMatMul', [build.cast(clips, 'float32'), weight], {
    transposeA: false,
    transposeB: false,
  });
  const above = build.one('Greater', [scores, build.scalar(0)]);
  return {
    inputs: new Map([['clips', clips]]),
    state: new Map([['head/weight', weight]]),
    constants: build.constants,
    nodes: build.nodes,
    changed: new Map(),
    outputs: new Map([
      ['scores', scores],
      ['above', above],
    ]),
  };
}

const weight = (): HostTensor => float32([3, 1], Float32Array.of(1, -2, 0.5));

test('the signature names what is fed and fetched; weights are constants', () => {
  const { tags, signatures, nodes } = readModel(encode(emitServable(scoring(), { weight })));
  assert.deepEqual(tags, ['serve']);
  assert.deepEqual([...signatures.keys()], ['serving_default']);
  const signature = signatures.get('serving_default');
  assert.equal(signature?.method, 'tensorflow/serving/predict');
  // types.proto: uint8 4, float32 1.
  assert.deepEqual([...(signature?.inputs ?? [])], [['clips', ['input_clips:0', 4, [2, 3]]]]);
  assert.deepEqual(
    [...(signature?.outputs ?? [])],
    [
      ['above', ['output_above:0', 1, [2, 1]]],
      ['scores', ['output_scores:0', 1, [2, 1]]],
    ],
  );
  const kept = nodes.get('weights/head_weight')?.attributes.get('value')?.getTensor()?.getTensorContent_asU8();
  assert.deepEqual([...(kept ?? [])], [...new Uint8Array(Float32Array.of(1, -2, 0.5).buffer)]);
  assert.ok([...nodes.values()].every(({ op }) => op !== 'VarHandleOp'));
});

test('weights are in the file without a copy', () => {
  const data = new Float32Array(3);
  const pieces = emitServable(scoring(), { weight: () => float32([3, 1], data) });
  assert.ok(pieces.some(({ buffer, length }) => buffer === data.buffer && length === 12));
});

test('a step that changes state, and weights of another shape, are refused', () => {
  const graph = scoring();
  const changed = new Map([['head/weight', graph.state.get('head/weight') as never]]);
  assert.throws(
    () => emitServable({ ...graph, changed }, { weight }),
    new TypeError('a step that changes head/weight cannot be served'),
  );
  assert.throws(
    () => emitServable(graph, { weight: () => float32([1, 3], new Float32Array(3)) }),
    new TypeError('weight head/weight is [1,3], and the step reads [3,1]'),
  );
});

test('libtensorflow serves it', async (t) => {
  const missing = await tensorflowMissing();
  if (missing !== undefined) return t.skip(missing);
  const { binding } = await loadTensorflow({ cache: tensorflowCache() });
  const folder = await mkdtemp(path.join(os.tmpdir(), 'petl-servable-'));
  try {
    await writeFile(path.join(folder, 'saved_model.pb'), encode(emitServable(scoring(), { weight })));
    const model = binding.loadSavedModel(folder, 'serve');
    const clips = binding.createTensor([2, 3], binding.TF_UINT8, Uint8Array.of(4, 1, 2, 0, 3, 255));
    const made = binding.runSavedModel(model, [clips], 'input_clips:0', 'output_scores:0,output_above:0');
    assert.deepEqual(
      made.map(({ id }) => [...binding.tensorDataSync(id)]),
      [
        [3, 121.5],
        [1, 1],
      ],
    );
    for (const id of [clips, ...made.map(({ id }) => id)]) binding.deleteTensor(id);
    binding.deleteSavedModel(model);
  } finally {
    await rm(folder, { recursive: true });
  }
});
