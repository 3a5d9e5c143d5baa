/** The library's way to a run's answer, held against what the commands find. */
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { classify, embed, loadRun, type Run } from '../../src/index.ts';
import { succeeds } from '../pipelines/cli.ts';
import { ffmpegHere, makeProject } from '../pipelines/project.ts';

interface Line {
  readonly file: string;
  readonly top: readonly { readonly class: string; readonly label: number; readonly score: number }[];
}

let folder: string | undefined;
let run: Run | undefined;
const lines: Line[] = [];

before(async () => {
  const ffmpeg = await ffmpegHere();
  if (ffmpeg === undefined) return;
  folder = await makeProject(ffmpeg);
  await succeeds(['train', 'recipe.yaml', 'run.folder=run'], { folder });
  await succeeds(['evaluate', 'run', '--views', '2x3'], { folder });
  const text = await readFile(path.join(folder, 'run', 'predictions.jsonl'), 'utf8');
  for (const line of text.trim().split('\n')) lines.push(JSON.parse(line));
  run = await loadRun(path.join(folder, 'run'));
});
after(async () => {
  await run?.close();
  if (folder !== undefined) await rm(folder, { recursive: true });
});

const videoOf = (line: Line): string => path.join(folder as string, 'videos', line.file);

test('classify finds what evaluate found, one after the other and all at once', async (t) => {
  if (run === undefined) return t.skip('there is no ffmpeg');
  const loaded = run;
  const views = { segments: 2, crops: 3 };
  assert.equal(lines.length, 4);
  const alone = [];
  for (const line of lines) alone.push(await classify(loaded, videoOf(line), { views }));
  for (const [i, line] of lines.entries()) {
    const { top, probabilities, facts, clip } = alone[i] as (typeof alone)[number];
    assert.deepEqual(
      top.map(({ label, class: name }) => ({ label, class: name })),
      line.top.map(({ label, class: name }) => ({ label, class: name })),
    );
    for (const [k, best] of line.top.entries()) {
      assert.ok(Math.abs(best.score - (top[k]?.probability as number)) < 1e-6);
      assert.equal(probabilities[best.label], top[k]?.probability);
    }
    assert.deepEqual(facts, { frames: 6, width: 32, height: 24, fps: 10 });
    assert.equal(clip.data.length, 2 * 16 * 16 * 3);
  }
  assert.deepEqual(await Promise.all(lines.map((line) => classify(loaded, videoOf(line), { views }))), alone);
});

test('embed gives the features that the head turns into the logits', async (t) => {
  if (run === undefined) return t.skip('there is no ffmpeg');
  const file = videoOf(lines[0] as Line);
  const features = await embed(run, file, { views: { segments: 1, crops: 1 } });
  assert.equal(features.length, 16);
  const names = ['head.weight', 'head.bias', 'head.batchnorm.running_mean', 'head.batchnorm.running_var'];
  const state = await run.session.read(names);
  const [weight, bias, mean, variance] = names.map((name) => state[name]?.data as Float32Array);
  // BatchNorm without affine, as at evaluation.
  const normed = Array.from(features, (x, i) => (x - (mean?.[i] ?? 0)) / Math.sqrt((variance?.[i] ?? 0) + 1e-6));
  const logits = [0, 1].map((k) =>
    normed.reduce((sum, value, i) => sum + value * (weight?.[k * 16 + i] as number), bias?.[k] as number),
  );
  const { probabilities } = await classify(run, file, { views: { segments: 1, crops: 1 } });
  const odds = Math.log((probabilities[0] as number) / (probabilities[1] as number));
  assert.ok(Math.abs(odds - ((logits[0] as number) - (logits[1] as number))) < 1e-5);
});

test('what cannot be classified is said, and the run goes on', async (t) => {
  if (run === undefined || folder === undefined) return t.skip('there is no ffmpeg');
  const text = path.join(folder, 'notes.txt');
  await writeFile(text, 'no video\n');
  await assert.rejects(classify(run, text), { kind: 'data', at: text });
  await assert.rejects(classify(run, path.join(folder, 'none.mp4')), /the file is missing/);
  await assert.rejects(classify(run, text, { top: 0 }), { kind: 'usage' });
  const reason = new Error('enough');
  await assert.rejects(classify(run, videoOf(lines[0] as Line), { signal: AbortSignal.abort(reason) }), reason);
  assert.equal((await classify(run, videoOf(lines[0] as Line), { top: 1 })).top.length, 1);
});

test('a run that is none, and words that are none, are refused before anything starts', async (t) => {
  if (folder === undefined) return t.skip('there is no ffmpeg');
  await assert.rejects(loadRun(path.join(folder, 'videos')), { kind: 'data' });
  await assert.rejects(loadRun(path.join(folder, 'run'), { engine: 'tensorflw' }), /did you mean tensorflow/);
});
