import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { whatIsMissing } from '../../src/engine/availability.ts';
import { cpuEngine } from '../../src/engine/cpu.ts';
import type { Session } from '../../src/engine/engine.ts';
import { evaluationState } from '../../src/eval/step.ts';
import { type ExportOptions, exportModel } from '../../src/export/export.ts';
import type { ExportFacts } from '../../src/export/metadata.ts';
import { openOnnx, writeOnnx } from '../../src/export/onnx-files.ts';
import { openSavedModel } from '../../src/export/saved-model.ts';
import { servingStep } from '../../src/export/serving-step.ts';
import { compileGraph } from '../../src/graph/compile.ts';
import type { Classifier } from '../../src/petl/classifier.ts';
import { float32, type HostTensor, type HostTensors, uint8 } from '../../src/tensor/host.ts';
import { tensorflowCache, tensorflowMissing } from '../engine/tensorflow-cache.ts';
import { tinyVit } from '../model/tiny-vit.ts';
import { bytesOf, startOf, tinyModel } from '../petl/tiny-model.ts';
import { assertClose } from '../tensor/exact.ts';

const facts: ExportFacts = {
  run: 'tiny',
  method: { name: 'adaptformer' },
  weights: 'last weights, epoch 1',
  backbone: 'f00d',
  classes: ['up', 'down', 'left'],
  preprocessing: { frames: 4, stride: 2, sampling: 'segments', size: 8, segments: 2, crops: 3, mean: 'logits' },
  protocol: 'tiny validation, 3 classes; …',
};

interface Opened {
  readonly folder: string;
  readonly model: Classifier;
  readonly session: Session;
  readonly pixels: Uint8Array;
  /** What the session makes of the clips. */
  expected(clips: Uint8Array, batch: number): Promise<HostTensors>;
  exported(options?: Partial<ExportOptions>): ReturnType<typeof exportModel>;
}

async function opened(t: TestContext): Promise<Opened> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'petl-video-export-'));
  t.after(() => rm(folder, { recursive: true }));
  const model = tinyModel(tinyVit, 'adaptformer', { bottleneck: 3 });
  const session = await cpuEngine().open(evaluationState(model));
  t.after(() => session.dispose());
  await session.load(startOf(model));
  const pixels = bytesOf(model, 1).data as Uint8Array;
  return {
    folder,
    model,
    session,
    pixels,
    async expected(clips, batch) {
      const step = await session.compile(servingStep(model, batch));
      return step.run({ clips: clipsOf(model, clips, batch) });
    },
    exported: (options) =>
      exportModel(session, model, {
        format: 'onnx',
        batch: 1,
        folder: path.join(folder, 'out'),
        clip: { id: 'validation/0.mp4', pixels },
        facts,
        cache: tensorflowCache(),
        ...options,
      }),
  };
}

const clipsOf = (model: Classifier, data: Uint8Array, batch: number) =>
  uint8([batch, model.backbone.frames, model.backbone.size, model.backbone.size, 3], data);

function assertSame(actual: HostTensors, expected: HostTensors): void {
  assert.deepEqual(Object.keys(actual).sort(), ['features', 'logits', 'probabilities']);
  for (const [name, { data, shape }] of Object.entries(expected)) {
    assert.deepEqual(actual[name]?.shape, shape, name);
    assertClose(actual[name]?.data ?? [], data, 1e-5, name);
  }
}

test('a SavedModel that cannot be checked is not written', async (t) => {
  const { folder, exported } = await opened(t);
  const cache = path.join(folder, 'nothing');
  // Before libtensorflow is loaded in this process.
  const missing = await whatIsMissing('tensorflow', 'cpu', { cache });
  if (missing === undefined) return t.skip('tfjs-node-gpu brought a libtensorflow of its own');
  await assert.rejects(exported({ format: 'savedmodel', cache }), { kind: 'environment' });
  assert.deepEqual(await readdir(folder), []);
});

test('an ONNX file gives the numbers of the session for other clips too', async (t) => {
  const { folder, model, exported, expected } = await opened(t);
  const { clip, largestDifference } = await exported({ batch: 2 });
  assert.equal(clip, 'validation/0.mp4');
  assert.ok(largestDifference < 1e-5, `${largestDifference}`);
  assert.deepEqual((await readdir(path.join(folder, 'out'))).sort(), ['metadata.json', 'model.onnx']);
  const clips = bytesOf(model, 2, 7).data as Uint8Array;
  const served = await openOnnx(path.join(folder, 'out'));
  const wanted = await expected(clips, 2);
  assertSame(await served.run(clipsOf(model, clips, 2), wanted), wanted);
  await served.dispose();
  // Rows differ, and probabilities are the softmax of the logits.
  const [logits, probabilities] = [wanted.logits?.data ?? [], wanted.probabilities?.data ?? []];
  const powers = [...logits].slice(0, 3).map((logit) => Math.exp(logit));
  const sum = powers.reduce((a, b) => a + b, 0);
  assertClose(
    [...probabilities].slice(0, 3),
    powers.map((power) => power / sum),
    1e-6,
    'softmax',
  );
  assert.notDeepEqual(logits.slice(0, 3), logits.slice(3));
});

test('large weights are in a file of their own', async (t) => {
  const { folder, model, session, expected, pixels } = await opened(t);
  const graph = await compileGraph(servingStep(model, 1), evaluationState(model), {
    precision: 'fp32',
    recompute: false,
    attention: { keptBytes: Number.POSITIVE_INFINITY, sliceBytes: Number.POSITIVE_INFINITY },
    clusters: false,
  });
  await writeOnnx(folder, graph, session, 1000);
  assert.deepEqual((await readdir(folder)).sort(), ['model.onnx', 'model.weights']);
  const served = await openOnnx(folder);
  const wanted = await expected(pixels, 1);
  assertSame(await served.run(clipsOf(model, pixels, 1), wanted), wanted);
  await served.dispose();
});

test('a SavedModel gives the numbers of the session', async (t) => {
  const missing = await tensorflowMissing();
  if (missing !== undefined) return t.skip(missing);
  const { folder, model, exported, expected } = await opened(t);
  await exported({ format: 'savedmodel', batch: 2 });
  const out = path.join(folder, 'out');
  assert.deepEqual((await readdir(out)).sort(), ['metadata.json', 'saved_model.pb', 'variables']);
  const clips = bytesOf(model, 2, 7).data as Uint8Array;
  const served = await openSavedModel(out, { cache: tensorflowCache() });
  const wanted = await expected(clips, 2);
  assertSame(await served.run(clipsOf(model, clips, 2), wanted), wanted);
  await served.dispose();
});

test('the metadata say what a server must know', async (t) => {
  const { folder, exported, model } = await opened(t);
  const check = await exported();
  const text = await readFile(path.join(folder, 'out', 'metadata.json'), 'utf8');
  const { format, classes, inputs, outputs, preprocessing, ...rest } = JSON.parse(text);
  assert.equal(format, 'petl-video export 1');
  assert.deepEqual(classes, facts.classes);
  assert.deepEqual(preprocessing, facts.preprocessing);
  const { frames, size, width } = model.backbone;
  assert.deepEqual(inputs.clips.shape, [1, frames, size, size, 3]);
  assert.deepEqual(
    [outputs.logits.shape, outputs.probabilities.shape, outputs.features.shape],
    [
      [1, 3],
      [1, 3],
      [1, width],
    ],
  );
  assert.deepEqual(rest.check, check);
  assert.equal(rest.model, 'onnx');
});

test('an export that is not what the run computes is not left behind, and the former one stays', async (t) => {
  const { folder, session, exported, model, pixels } = await opened(t);
  await exported();
  const before = await readFile(path.join(folder, 'out', 'metadata.json'), 'utf8');
  // The weights move between their being written and the comparison.
  const moving: Session = {
    ...session,
    async compile(step) {
      const { data, shape } = (await session.read(['head.weight']))['head.weight'] as HostTensor;
      await session.load({
        'head.weight': float32(
          shape,
          Float32Array.from(data, (old, i) => (i === 0 ? old + 1 : old)),
        ),
      });
      return session.compile(step);
    },
  };
  const options: ExportOptions = {
    format: 'onnx',
    batch: 1,
    folder: path.join(folder, 'out'),
    clip: { id: 'a', pixels },
    facts,
    cache: tensorflowCache(),
  };
  await assert.rejects(exportModel(moving, model, options), { kind: 'environment', what: /and the run/ });
  assert.deepEqual(await readdir(folder), ['out']);
  assert.equal(await readFile(path.join(folder, 'out', 'metadata.json'), 'utf8'), before);
  // Exported again, it takes the place of the former.
  await exported({ batch: 2 });
  assert.deepEqual(await readdir(folder), ['out']);
  assert.notEqual(await readFile(path.join(folder, 'out', 'metadata.json'), 'utf8'), before);
});

test('a folder with something else in it is left alone', async (t) => {
  const { folder, exported } = await opened(t);
  const out = path.join(folder, 'out');
  await mkdir(out);
  await exported();
  await rm(out, { recursive: true });
  await mkdir(out);
  await writeFile(path.join(out, 'metadata.json'), '{"format": "other"}');
  await assert.rejects(exported(), { kind: 'usage', what: /something else than an export/, at: out });
  assert.deepEqual(await readdir(out), ['metadata.json']);
  await assert.rejects(exported({ folder: path.join(out, 'metadata.json') }), { kind: 'usage' });
});

test('when it is stopped nothing is left behind', async (t) => {
  const { folder, exported } = await opened(t);
  await assert.rejects(exported({ signal: AbortSignal.abort(new Error('stopped')) }), /stopped/);
  assert.deepEqual(await readdir(folder), []);
});
