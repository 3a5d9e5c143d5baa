import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { parseCsv } from '../../src/formats/csv.ts';
import { makeRun } from '../results/made-run.ts';
import { refused, succeeds } from './cli.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'compare-command-'));
  const metrics = [{ kind: 'validation', update: 4, epoch: 2, top1: 0.75, top5: 1 }];
  await makeRun(folder, 'runs/linear-seed0', { predicted: [0, 1, 2, 1, 2, 0] });
  await makeRun(folder, 'runs/linear-seed1', { seed: 1, predicted: [0, 1, 0, 1, 2, 0] });
  await makeRun(folder, 'runs/odd|name', { method: 'adaptformer', predicted: [0, 1, 2, 0, 1, 2] });
  await makeRun(folder, 'unmeasured', { method: 'full', metrics });
});
after(() => rm(folder, { recursive: true }));

test('the table has a row for each result, and says under it how it was measured', async () => {
  const { stdout } = await succeeds(['compare', 'runs'], { folder });
  const [header, , linear, odd, blank, ...notes] = stdout.trimEnd().split('\n');
  assert.match(header as string, /^run +method +seeds +trained +of backbone +top-1 +top-3 +videos +to linear, points$/);
  assert.match(linear as string, /^linear +linear +0, 1 +83 +0\.00 % +41\.67 ± 11\.79 % +100\.00 ± 0\.00 % +6$/);
  assert.match(odd as string, /^odd\|name +adaptformer +0 +2,\d+ +\d+\.\d\d % +100\.00 % +100\.00 % +6 +\+58\.33 \[/);
  assert.equal(blank, '');
  assert.match(notes[0] as string, /^protocol: tennis validation, 3 classes; .*single view; last weights, epoch 2$/);
  assert.equal(notes[1], 'backbone: ViT 16 × 1/8, random weights');
  assert.match(notes.join('\n'), /95 % interval of a paired bootstrap over the videos \(10,000 resamples\)/);
});

test('Markdown escapes what is foreign, CSV is read back, and a file gets the format while the rest says so', async () => {
  const args = ['compare', 'runs', '--each', '--against', 'runs/odd|name', '--format'];
  const markdown = await succeeds([...args, 'markdown'], { folder });
  const lines = markdown.stdout.split('\n');
  assert.match(lines[0] as string, /^\| run \| method \|.*\| to odd\\\|name, points \| p \|$/);
  assert.match(lines[4] as string, /^\| odd\\\|name \| adaptformer \|/);
  const cells = lines.slice(0, 5).map((line) => line.split(/(?<!\\)\|/).length);
  assert.equal(new Set(cells).size, 1);
  const { stderr, stdout } = await succeeds([...args, 'csv', '--out', 'table.csv', '--json'], { folder });
  assert.match(stderr, /written to table\.csv/);
  const rows = parseCsv(await readFile(path.join(folder, 'table.csv'), 'utf8'), 'table.csv').map(
    ({ fields }) => fields,
  );
  assert.equal(rows.length, 4);
  const [header, first] = rows as [string[], string[]];
  const fact = (name: string) => first[header.indexOf(name)];
  assert.deepEqual(
    [fact('run'), fact('top1'), fact('difference'), fact('against')],
    ['linear-seed0', '0.5', '-0.5', 'odd|name'],
  );
  const json = JSON.parse(stdout);
  assert.equal(json.against, 'odd|name');
  assert.equal(json.rows[0].difference.difference, -0.5);
  assert.ok(Math.abs(json.rows[0].difference.pValue - 0.25) < 1e-12);
  assert.equal(json.rows[0].result.protocol.split, 'validation');
});

test('what was not evaluated stands apart, with its validation top-1 and what to do', async () => {
  const { stdout } = await succeeds(['compare', 'runs/linear-seed0', 'unmeasured'], { folder });
  const [header, , linear, unmeasured] = stdout.split('\n') as [string, string, string, string];
  assert.match(header, / videos +validation top-1, single view$/);
  assert.match(linear, /6$/);
  assert.match(unmeasured, /^unmeasured +full +[\d,]+ +100\.00 % +75\.00 %$/);
  assert.equal(unmeasured.length, header.length);
  assert.match(stdout, /^unmeasured is not evaluated: petl-video evaluate$/m);
});

test('refuses what it does not know, before it reads anything', async () => {
  await refused(['compare', 'nowhere'], { folder }, { code: 4, says: 'no run of that name', at: 'nowhere' });
  await refused(['compare', 'runs', '--format', 'cvs'], { folder }, { code: 2, says: 'did you mean csv?' });
  await refused(['compare', 'runs', '--against', 'unmeasured'], { folder }, { code: 2, says: 'is not among the runs' });
  await refused(['compare', 'runs', '--json', '--format', 'csv'], { folder }, { code: 2, says: 'two answers' });
});
