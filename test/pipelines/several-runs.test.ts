/** Several runs over one backbone: trained by different methods, asked together, folded into the backbone. */
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { weightsMerge } from '../../pipelines/weights-merge.ts';
import type { ErrorKind } from '../../src/errors/index.ts';
import { readTunedMetadata } from '../../src/petl/tuned-weights.ts';
import { succeeds } from './cli.ts';
import { ffmpegHere, makeProject, RECIPE } from './project.ts';
import { refuses } from './refuses.ts';

const METHODS = {
  linear: '{ name: linear }',
  arc: '{ name: arc, bottleneck: 4 }',
  bitfit: '{ name: bitfit }',
  convpass: '{ name: convpass, bottleneck: 4 }',
} as const;
const RUNS = Object.keys(METHODS).map((name) => `runs/${name}`);

let folder: string | undefined;
before(async () => {
  const ffmpeg = await ffmpegHere();
  if (ffmpeg === undefined) return;
  folder = await makeProject(ffmpeg);
  for (const [name, method] of Object.entries(METHODS)) {
    const recipe = RECIPE.replace(/^method: .*$/m, `method: ${method}`);
    await writeFile(path.join(folder, `${name}.yaml`), recipe);
    await succeeds(['train', `${name}.yaml`, `run.folder=runs/${name}`], { folder });
  }
});
after(async () => {
  if (folder !== undefined) await rm(folder, { recursive: true });
});

interface Evaluated {
  readonly run: string;
  readonly top1: number;
  readonly protocol: { readonly text: string };
}

const evaluated = async (runs: readonly string[]): Promise<Evaluated[]> => {
  const { stdout } = await succeeds(['evaluate', ...runs, '--json'], { folder: folder as string });
  const parsed = JSON.parse(stdout) as Evaluated | Evaluated[];
  return Array.isArray(parsed) ? parsed : [parsed];
};

test('runs evaluated together give what each gives alone', async (t) => {
  if (folder === undefined) return t.skip('there is no ffmpeg');
  const together = await evaluated(RUNS);
  assert.deepEqual(
    together.map(({ run }) => run),
    RUNS,
  );
  const kept: string[] = [];
  for (const run of RUNS) kept.push(await readFile(path.join(folder, run, 'predictions.jsonl'), 'utf8'));
  for (const [k, run] of RUNS.entries()) {
    assert.deepEqual(await evaluated([run]), [together[k]]);
    assert.equal(await readFile(path.join(folder, run, 'predictions.jsonl'), 'utf8'), kept[k]);
  }
});

test('predict asks several runs about one file', async (t) => {
  if (folder === undefined) return t.skip('there is no ffmpeg');
  const file = 'videos/validation/up/0.mp4';
  const ask = async (...words: string[]): Promise<{ run?: string; top: unknown }[]> =>
    JSON.parse((await succeeds(['predict', ...words, '--json'], { folder: folder as string })).stdout);
  const together = await ask('runs/linear', file, '--also', 'runs/arc,runs/bitfit');
  assert.deepEqual(
    together.map(({ run }) => run),
    ['runs/linear', 'runs/arc', 'runs/bitfit'],
  );
  for (const { run, top } of together) {
    const [alone] = await ask(run as string, file);
    assert.deepEqual(alone?.top, top);
  }
});

test('a linear method is folded into the backbone, and the merged run says the same', async (t) => {
  if (folder === undefined) return t.skip('there is no ffmpeg');
  const { stdout } = await succeeds(['weights', 'merge', 'runs/arc', '--out', 'runs/merged', '--json'], { folder });
  const { apart, backbone } = JSON.parse(stdout) as { apart: number; backbone: string };
  assert.ok(apart < 1e-5, String(apart));
  assert.equal(backbone, path.join('runs', 'merged', 'backbone.safetensors'));
  const fingerprintOf = async (run: string): Promise<string> =>
    (await readTunedMetadata(path.join(folder as string, run, 'tuned.safetensors'))).backbone;
  assert.notEqual(await fingerprintOf('runs/merged'), await fingerprintOf('runs/arc'));
  const scores = async (run: string): Promise<number[]> => {
    await evaluated([run]);
    const lines = (await readFile(path.join(folder as string, run, 'predictions.jsonl'), 'utf8')).trim().split('\n');
    return lines.flatMap((line) => (JSON.parse(line) as { top: { score: number }[] }).top.map(({ score }) => score));
  };
  const [tuned, merged] = [await scores('runs/arc'), await scores('runs/merged')];
  assert.equal(merged.length, tuned.length);
  for (const [i, score] of merged.entries()) assert.ok(Math.abs(score - (tuned[i] as number)) < 1e-5);

  const refused = (run: string, out: string, kind: ErrorKind, message: RegExp): Promise<void> =>
    refuses(weightsMerge, folder as string, [run], { out }, { kind, message });
  await refused('runs/merged', 'runs/twice', 'config', /nothing to fold in/);
  await refused('runs/convpass', 'runs/no', 'config', /method convpass cannot be folded/);
  await refused('runs/arc', 'runs/merged', 'usage', /exists and is not empty/);
});
