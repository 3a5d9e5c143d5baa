import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { type Comparison, compareRuns, findRuns, readResults } from '../../src/results/index.ts';
import { type MadeRun, makeRun } from './made-run.ts';

let parent: string;
before(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'compare-'));
});
after(() => rm(parent, { recursive: true }));

const RIGHT = [0, 1, 2, 0, 1, 2] as const;
const HALF = [0, 1, 2, 1, 2, 0] as const;

/** Runs of these names in a folder of their own, compared. */
async function comparedOf(name: string, runs: Record<string, MadeRun>, options = {}): Promise<Comparison> {
  const folder = path.join(parent, name);
  const read = [];
  for (const [own, made] of Object.entries(runs)) read.push(await readResults(await makeRun(folder, own, made)));
  return compareRuns(read, options);
}

test('runs that differ in their seed alone are one row, and the difference takes the mean of each video', async () => {
  const runs = {
    'linear-seed0': { predicted: HALF },
    'full-seed0': { method: 'full', predicted: RIGHT },
    'full-seed1': { method: 'full', seed: 1, predicted: HALF },
  };
  const { rows } = await comparedOf('seeds', runs);
  assert.deepEqual(
    rows.map(({ name, seeds, result }) => [name, seeds, result?.top1.mean]),
    [
      ['linear-seed0', [0], 0.5],
      ['full', [0, 1], 0.75],
    ],
  );
  assert.ok(Math.abs((rows[1]?.result?.top1.deviation ?? 0) - Math.sqrt(0.125)) < 1e-12);
  const difference = rows[1]?.difference ?? assert.fail();
  assert.ok(!('incomparable' in difference));
  assert.deepEqual([difference.difference, difference.pValue, difference.videos], [0.25, undefined, 6]);
  const each = await comparedOf('seeds', runs, { each: true });
  assert.deepEqual(
    each.rows.map(({ name }) => name),
    ['linear-seed0', 'full-seed0', 'full-seed1'],
  );
  const single = each.rows[1]?.difference ?? assert.fail();
  assert.ok(!('incomparable' in single));
  assert.equal(single.difference, 0.5);
  assert.ok(Math.abs((single.pValue ?? 0) - 0.25) < 1e-12);
});

test('another setting, another protocol or a seed twice makes another row', async () => {
  const { rows } = await comparedOf('rows', {
    a: { predicted: RIGHT },
    b: { seed: 1, predicted: RIGHT, recipe: 'head: { dropout: 0.5 }' },
    c: { seed: 2, predicted: RIGHT, protocol: { views: { segments: 2, crops: 3 } } },
    d: { seed: 0, predicted: RIGHT },
    e: { seed: 3 },
    f: { seed: 4, predicted: RIGHT, recipe: 'engine: { threads: 1 }' },
  });
  assert.deepEqual(
    rows.map(({ folders }) => folders.map((folder) => path.basename(folder)).join()),
    ['a,f', 'b', 'c', 'd', 'e'],
  );
});

test('other views are compared, and said; videos of one alone are left out, and said', async () => {
  const { rows } = await comparedOf('views', {
    a: { predicted: RIGHT },
    b: { seed: 1, predicted: HALF, protocol: { views: { segments: 2, crops: 3 }, frames: 4 } },
    c: { method: 'full', predicted: [0, 1], ids: ['video-0', 'other'], labels: [0, 1] },
  });
  const [, b, c] = rows.map(({ difference }) => difference);
  assert.ok(b !== undefined && !('incomparable' in b) && c !== undefined && !('incomparable' in c));
  assert.deepEqual(b.remarks, ['frames 4 against 2', 'views 2 × 3 against 1 × 1']);
  assert.deepEqual(c.remarks, ['over the 1 video in common, of 2 and 6']);
  assert.equal(c.difference, 0);
});

test('what is of another task is not compared, and says why', async () => {
  const { rows } = await comparedOf('tasks', {
    a: { predicted: RIGHT },
    b: { method: 'full', predicted: RIGHT, protocol: { split: 'test' } },
    c: { method: 'full', predicted: RIGHT, protocol: { dataset: 'golf' } },
    d: { method: 'full', predicted: RIGHT, protocol: { fold: 2 } },
    e: { method: 'full', predicted: RIGHT, ids: ['a', 'b', 'c', 'd', 'e', 'f'] },
    f: { method: 'full', predicted: RIGHT, labels: [0, 1, 2, 1, 1, 2] },
    g: { method: 'full', metrics: [{ kind: 'validation', update: 4, epoch: 2, top1: 0.75 }] },
  });
  assert.deepEqual(
    rows.slice(1, 6).map(({ difference }) => difference && 'incomparable' in difference && difference.incomparable),
    [
      'another split (test, not validation)',
      'another data set (golf, not tennis)',
      'another fold (2, not none)',
      'no video in common',
      'video-3 has another label',
    ],
  );
  const g = rows[6] ?? assert.fail();
  assert.deepEqual([g.result, g.difference, g.validation], [undefined, undefined, { top1: { mean: 0.75 }, epoch: 2 }]);
  assert.deepEqual(g.remarks, ['g is not evaluated: petl-video evaluate']);
});

test('an evaluation before the last epoch is said to be one', async () => {
  const { rows } = await comparedOf('old', { a: { predicted: RIGHT, protocol: { weights: 'last weights, epoch 1' } } });
  assert.deepEqual(rows[0]?.remarks, ['a was evaluated at epoch 1, and trained to 2 since']);
});

test('runs are found by folder, below a folder and by wildcards, each once, in natural order', async () => {
  const folder = path.join(parent, 'find');
  for (const name of ['run-10', 'run-2', 'sweep/lr=1/seed=0', 'sweep/lr=1/seed=0/inside']) await makeRun(folder, name);
  const found = async (...places: string[]) =>
    (await findRuns(places.map((place) => path.join(folder, place)))).map((run) => path.relative(folder, run));
  assert.deepEqual(await found(''), ['run-2', 'run-10', path.join('sweep', 'lr=1', 'seed=0')]);
  assert.deepEqual(await found('run-*'), ['run-2', 'run-10']);
  assert.deepEqual(await found('run-10', '', 'run-?'), ['run-10', 'run-2', path.join('sweep', 'lr=1', 'seed=0')]);
  assert.deepEqual(await found('s*/lr*/*'), [path.join('sweep', 'lr=1', 'seed=0')]);
  await assert.rejects(found('absent'), { kind: 'data', message: /^no run of that name/ });
  await assert.rejects(found('run-[2]*'), { kind: 'data', message: /^no run of that name/ });
  await assert.rejects(found('run-2/checkpoint'), { kind: 'data' });
});
