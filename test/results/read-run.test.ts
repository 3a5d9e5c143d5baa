import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { parseCsv } from '../../src/formats/csv.ts';
import { readPredictions, readResults, requireEvaluated } from '../../src/results/index.ts';
import { noteSession } from '../../src/train/environment.ts';
import { CLASSES, makeRun } from './made-run.ts';

let parent: string;
before(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'results-'));
});
after(() => rm(parent, { recursive: true }));

const METRICS = [
  { kind: 'train', update: 1, epoch: 1, loss: 1.5, lr: 0.1, clipsPerSecond: 8, waiting: 0.25 },
  { kind: 'validation', update: 2, epoch: 1, trainLoss: 1.25, top1: 0.5, top5: 1, videos: 4 },
];

test('an evaluated run is read back whole', async () => {
  const folder = await makeRun(parent, 'whole', { predicted: [0, 0, 2, 0, -1, 2], metrics: METRICS });
  await appendFile(path.join(folder, 'metrics.jsonl'), '{"kind":"train","upd');
  const session = { time: '2026-01-02T03:04:05.000Z', update: 0, engine: 'cpu: plain JavaScript', node: '20.9.0' };
  await noteSession(folder, session);
  const run = requireEvaluated(await readResults(folder));
  assert.equal(run.name, 'whole');
  assert.equal(run.recipe.method.name, 'linear');
  assert.match(run.recipeText, /^name: made-linear\n/);
  assert.deepEqual(run.metrics, METRICS);
  assert.deepEqual(run.classes, CLASSES);
  assert.deepEqual(run.environment, { sessions: [session] });
  assert.equal(run.evaluation.top1, 4 / 6);
  assert.match(run.evaluation.protocol.text, /^tennis validation, 3 classes; 2 frames × stride 2/);
  const top = [
    { class: 'serve', label: 0, score: 0.75 },
    { class: 'smash, jumping', label: 1, score: 0.125 },
    { class: '=volley', label: 2, score: 0.125 },
  ];
  const second = { id: 'video-1', file: 'video-1.mp4', label: 1, class: 'smash, jumping' };
  assert.deepEqual(run.predictions[1], { ...second, rank: 2, score: 0.125, top });
  assert.deepEqual(run.predictions[4], { ...second, id: 'video-4', file: 'video-4.mp4', failure: 'no frame' });
});

test('the tables beside it are for spreadsheets: quoted, and no name is a formula', async () => {
  const folder = await makeRun(parent, 'tables', { predicted: [0, 0, 2, 0, -1, 2], metrics: METRICS });
  const rowsOf = async (name: string) =>
    parseCsv(await readFile(path.join(folder, name), 'utf8'), name).map(({ fields }) => fields);
  assert.deepEqual(await rowsOf('per-class.csv'), [
    ['label', 'class', 'videos', 'right', 'top1', 'top5', 'notDecoded', 'confusedWith', 'confusedVideos'],
    ['0', 'serve', '2', '2', '1', '1', '0', '', ''],
    ['1', 'smash, jumping', '2', '0', '0', '0.5', '1', 'serve', '1'],
    ['2', "'=volley", '2', '2', '1', '1', '0', '', ''],
  ]);
  assert.deepEqual(await rowsOf('confusion.csv'), [
    ['class', 'serve', 'smash, jumping', "'=volley", 'not decoded'],
    ['serve', '2', '0', '0', '0'],
    ['smash, jumping', '1', '0', '0', '1'],
    ["'=volley", '0', '0', '2', '0'],
  ]);
  const [header, first, second] = await rowsOf('metrics.csv');
  const train = ['train', '1', '1', '1.5', '0.1', '', '', '8', '0.25'];
  assert.deepEqual(header?.slice(0, 9), [
    ...['kind', 'update', 'epoch', 'loss', 'lr', 'gradientNorm', 'lossScale', 'clipsPerSecond', 'waiting'],
  ]);
  assert.deepEqual(first, [...train, ...Array(8).fill('')]);
  assert.deepEqual(second?.slice(9), ['1.25', '0.5', '1', '4', '', '', '', '']);
});

test('a run that is not evaluated, or not even trained, is read as far as it goes', async () => {
  const trained = await readResults(await makeRun(parent, 'trained'));
  assert.equal(trained.evaluation, undefined);
  assert.equal(trained.metadata?.training.epoch, 2);
  assert.throws(() => requireEvaluated(trained), {
    kind: 'data',
    at: trained.folder,
    remedy: `measure it: petl-video evaluate ${trained.folder}`,
  });
  const untrained = await readResults(await makeRun(parent, 'untrained', { untrained: true }));
  assert.deepEqual([untrained.metadata, untrained.classes, untrained.parameters], [undefined, [], undefined]);
  assert.deepEqual(untrained.metrics, []);
});

test('trained parameters are counted with the head, without it, and as a share of the backbone', async () => {
  // D 16: a block has 4 D² + 3 D of attention, 8 D² + 5 D of the MLP, 4 D of norms; a patch is 2 × 8 × 8 × 3 pixels.
  const backbone = 12 * 256 + 3 * 16 + 5 * 16 + 4 * 16 + 16 * 384 + 16;
  const head = 3 * 16 + 3 + 2 * 16;
  const shares = async (name: string, recipe = '') => {
    const { parameters } = await readResults(await makeRun(parent, name, { method: name, recipe }));
    const { trained, withoutHead, backbone: size, share } = parameters ?? assert.fail();
    return [trained, withoutHead, size, share];
  };
  assert.deepEqual(await shares('linear'), [head, 0, backbone, 0]);
  assert.deepEqual(await shares('full'), [head + backbone, backbone, backbone, 1]);
  const adapter = 2 * 16 * 64 + 64 + 16;
  assert.deepEqual(await shares('adaptformer'), [head + adapter, adapter, backbone, adapter / backbone]);
});

test('files of earlier versions have no score of the right class', async () => {
  const file = path.join(parent, 'old.jsonl');
  const line = { id: 'a', file: 'a.mp4', label: 0, class: 'x', rank: 0, top: [{ class: 'x', label: 0, score: null }] };
  await writeFile(file, `${JSON.stringify(line)}\n`);
  assert.deepEqual(await readPredictions(file), [{ ...line, top: [{ class: 'x', label: 0, score: Number.NaN }] }]);
});

test('what is damaged is named with its file and line, and what to do', async () => {
  const folder = await makeRun(parent, 'damaged', { predicted: [0, 1, 2] });
  const file = path.join(folder, 'predictions.jsonl');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('"label":1,"class"', '"label":"1","class"'));
  await assert.rejects(readResults(folder), { kind: 'data', at: `${file}:2`, message: /no prediction: label: / });
  await writeFile(file, text.slice(0, text.indexOf('\n') + 1));
  const remedy = `measure it: petl-video evaluate ${folder}`;
  await assert.rejects(readResults(folder), { kind: 'data', message: /not of the same evaluation/, remedy });
  await rm(file);
  await assert.rejects(readResults(folder), { kind: 'data', message: /predictions\.jsonl is missing/, remedy });
  await assert.rejects(readResults(path.join(parent, 'nowhere')), { kind: 'data', message: /no run here/ });
});
