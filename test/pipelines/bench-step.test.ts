/** The speed of a step, from the command line: on a recipe whose data set is nowhere, and on presets. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { refused, succeeds } from './cli.ts';

const RECIPE = `\
data: { path: nowhere, frames: 4, size: 32 }
backbone: { size: { width: 32, depth: 2, heads: 2 }, weights: nowhere.safetensors }
method: { name: adaptformer, bottleneck: 8 }
optim: { name: adamw, lr: 0.001 }
train: { epochs: 1, batch: 3 }
engine: { name: cpu }
`;

// Operations of one clip: 8 tokens of width 32 and MLPs of 128, two blocks, adapters of 8, three classes.
const [N, D, d, K] = [8, 32, 8, 3];
const block = 2 * N * D * 3 * D + 4 * N * N * D + 2 * N * D * D + 16 * N * D * D;
const adapter = 4 * N * D * d;
const forward = 2 * N * D * 1536 + 2 * (block + adapter) + 2 * D * K;
const backward = block + 4 * N * N * D + 2 * adapter + 1.5 * adapter + 4 * D * K;

let folder = '';
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bench-'));
  await writeFile(path.join(folder, 'r.yaml'), RECIPE);
});
after(() => rm(folder, { recursive: true }));

async function bench(...words: string[]) {
  const { stdout, stderr } = await succeeds(['bench', 'step', ...words, '--json'], { folder });
  return { result: JSON.parse(stdout), stderr };
}

test('training: every figure, and the work as counted by hand', async () => {
  const { result, stderr } = await bench('r.yaml', '--classes', '3', '--steps', '2', '--rounds', '3');
  assert.match(stderr, /^engine cpu: /m);
  const { secondsPerStep, ...facts } = result;
  assert.deepEqual(
    [facts.recipe.endsWith('r'), facts.mode, facts.engine, facts.device, facts.precision, facts.batch, facts.classes],
    [true, 'train', 'cpu', 'cpu', 'fp32', 3, 3],
  );
  assert.equal(secondsPerStep.roundMedians.length, 3);
  assert.ok(secondsPerStep.min > 0 && secondsPerStep.min <= secondsPerStep.median);
  assert.ok(Math.abs(facts.clipsPerSecond - 3 / secondsPerStep.median) < 1e-9);
  assert.ok(facts.peakMemoryBytes > 30e6 && facts.peakMemoryBytes < 4e9, `${facts.peakMemoryBytes}`);
  assert.ok(facts.traceSeconds >= 0 && facts.compileSeconds > 0);
  assert.equal(Math.round(facts.usefulGflop * 1e9), 3 * (forward + backward));
  assert.ok(Math.abs(facts.gflopPerSecond - facts.usefulGflop / secondsPerStep.median) < 1e-9);
  // A head that starts at almost nothing: all classes as likely.
  assert.ok(Math.abs(facts.loss - Math.log(3)) < 1e-3, `${facts.loss}`);
});

test('forward, with another engine, batch and key', async () => {
  const words = ['r.yaml', 'method.bottleneck=4', '--engine', 'onnxruntime', '--device', 'cpu', '--mode', 'forward'];
  const { result } = await bench(...words, '--batch', '2', '--classes', '3', '--steps', '1');
  assert.deepEqual([result.mode, result.engine, result.batch, result.loss], ['forward', 'onnxruntime', 2, null]);
  assert.equal(Math.round(result.usefulGflop * 1e9), 2 * (forward - adapter));
});

test('a preset, changed to something small, prints a table', async () => {
  const words = ['vit-s-8x112', 'backbone.size={width: 16, depth: 1, heads: 2}', 'data.size=32', '--engine', 'cpu'];
  const { stdout } = await succeeds(['bench', 'step', ...words, '--steps', '1'], { folder });
  assert.match(
    stdout,
    /^train, 8 clips of 16 tokens\nstep +[\d.]+ s \(median; least [\d.]+ s\)\nspeed +[\d.]+ clips\/s\n/,
  );
});

test('what cannot be is refused', async () => {
  const options = { folder };
  await refused(['bench', 'step', 'r.yaml', '--mode', 'backward'], options, {
    code: 2,
    says: 'usage error: --mode backward: choose train or forward',
  });
  await refused(['bench', 'step', 'r.yaml', '--steps', '0'], options, {
    code: 2,
    says: 'usage error: --steps 0: give a number from 1',
  });
  await refused(['bench', 'step', 'r.yaml', '--engine', 'tensorfow'], options, {
    code: 2,
    says: 'usage error: --engine tensorfow: choose one of auto, tensorflow, onnxruntime, tensorflow-eager, cpu',
    remedy: 'did you mean tensorflow?',
  });
  await refused(['bench', 'step', 'r.yaml', '--precision', 'bf16'], options, {
    code: 2,
    says: 'usage error: engine.precision bf16 is none of cpu',
  });
  await refused(['bench', 'step', 'vit-b-16x225'], options, { code: 3, says: 'config error: no such recipe' });
});
