/** `petl-video embed` on two runs of a tiny project. */
import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { openZip } from '../../src/formats/zip.ts';
import { embed as embedFile, loadRun } from '../../src/index.ts';
import { assertRefused, run, succeeds } from './cli.ts';
import { ffmpegHere, makeProject, prepare, RECIPE } from './project.ts';

let folder: string | undefined;
before(async () => {
  const ffmpeg = await ffmpegHere();
  if (ffmpeg === undefined) return;
  folder = await makeProject(ffmpeg);
  await writeFile(path.join(folder, 'linear.yaml'), RECIPE.replace(/^method: .*$/m, 'method: { name: linear }'));
  for (const name of ['recipe', 'linear']) {
    await succeeds(['train', `${name}.yaml`, `run.folder=runs/${name}`], { folder });
  }
});
after(async () => {
  if (folder !== undefined) await rm(folder, { recursive: true });
});

interface Embedded {
  readonly runs: readonly { run: string; method: string; top1: number; videos: number; width: number; file: string }[];
  readonly figures: readonly string[];
}

test('features of each run in files, and both runs in one figure with their top-1', async (t) => {
  if (folder === undefined) return t.skip('there is no ffmpeg');
  const words = ['embed', 'runs', '--tsne', '--umap', '--views', '1x1', '--thumbnails', '2', '--format', 'safetensors'];
  const { runs, figures } = JSON.parse((await succeeds([...words, '--json'], { folder })).stdout) as Embedded;
  assert.deepEqual(
    runs.map(({ run, method, videos, width, file }) => [run, method, videos, width, file]),
    [
      ['runs/linear', 'linear', 4, 16, 'runs/embedding/linear.safetensors'],
      ['runs/recipe', 'adaptformer', 4, 16, 'runs/embedding/recipe.safetensors'],
    ],
  );
  const names = ['tsne', 'umap'].flatMap((kind) => ['svg', 'png', 'html'].map((extension) => `${kind}.${extension}`));
  assert.deepEqual(
    figures,
    names.map((name) => `runs/embedding/${name}`),
  );
  assert.deepEqual(
    (await readdir(path.join(folder, 'runs/embedding'))).sort(),
    [...names, 'linear.safetensors', 'recipe.safetensors'].sort(),
  );
  const svg = await readFile(path.join(folder, 'runs/embedding/tsne.svg'), 'utf8');
  for (const { top1 } of runs) assert.ok(svg.includes(`top-1 ${(100 * top1).toFixed(2)} %`));
  for (const title of ['linear', 'adaptformer']) assert.ok(svg.includes(`aria-label="${title}"`));
  const page = await readFile(path.join(folder, 'runs/embedding/tsne.html'), 'utf8');
  assert.equal(page.match(/data:image\/(?:jpeg|png);base64/g)?.length, 2);

  const file = await readSafetensors(path.join(folder, 'runs/embedding/recipe.safetensors'));
  const ids = JSON.parse(file.metadata.get('ids') as string) as string[];
  assert.match(
    file.metadata.get('protocol') as string,
    /^videos validation, 2 classes; .* single view; last weights, epoch 2$/,
  );
  const features = await file.read('features');
  assert.deepEqual((await file.read('tsne')).shape, [4, 2]);
  assert.deepEqual((await file.read('umap')).shape, [4, 2]);
  assert.deepEqual([...(await file.read('labels')).data], [0, 0, 1, 1]);
  await file.close();
  const loaded = await loadRun(path.join(folder, 'runs/recipe'));
  for (const [i, id] of ids.entries()) {
    const video = path.join(folder, 'videos', 'validation', id.replace(/^validation\//, ''));
    const alone = await embedFile(loaded, video, { views: { segments: 1, crops: 1 } });
    for (const [d, value] of alone.entries()) {
      assert.ok(Math.abs(value - (features.data[i * 16 + d] as number)) < 1e-6, `${id}, ${d}`);
    }
  }
  await loaded.close();
});

test('without a figure, an npz for one run, in its own folder', async (t) => {
  if (folder === undefined) return t.skip('there is no ffmpeg');
  const { stdout } = await succeeds(['embed', 'runs/linear', '--split', 'train'], { folder });
  assert.equal(stdout, 'linear: 8 × 16 features\nruns/linear/embedding/linear.npz\n');
  const zip = await openZip(path.join(folder, 'runs/linear/embedding/linear.npz'));
  assert.deepEqual(
    [...zip.entries.keys()],
    ['features', 'labels', 'predicted', 'scores', 'ids', 'classes', 'protocol'].map((name) => `${name}.npy`),
  );
  await zip.close();
});

test('runs of other videos do not stand beside each other; wrong words are refused', async (t) => {
  if (folder === undefined) return t.skip('there is no ffmpeg');
  await prepare(folder, 'videos/train', 'other');
  await succeeds(['train', 'recipe.yaml', 'data.path=other', 'run.folder=other-run'], { folder });
  await assertRefused(await run(['embed', 'runs/linear', 'other-run', '--tsne'], { folder }), folder, {
    code: 2,
    says: /other-run has other videos than runs\/linear/,
    remedy: /data set, fold and split/,
  });
  await assertRefused(await run(['embed', 'runs', '--perplexity', 'x'], { folder }), folder, {
    code: 2,
    says: /--perplexity is x/,
    remedy: /whole number from 2/,
  });
});
