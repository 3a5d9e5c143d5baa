/** A folder of recipes, seeds and sweeps: what is trained, what is chosen, what goes on after a kill, what is refused. */
import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { bestOf } from '../../pipelines/sweep.ts';
import { refused, start, succeeds } from './cli.ts';
import { ffmpegHere, makeProject, prepare, RECIPE } from './project.ts';

const ffmpeg = await ffmpegHere();
const skip = ffmpeg === undefined ? 'no ffmpeg here' : process.platform === 'win32' && 'no signals here';
let folder = '';
const inside = (...parts: string[]): string => path.join(folder, ...parts);
const json = async (...parts: string[]) => JSON.parse(await readFile(inside(...parts), 'utf8'));
const LONG = ['train.epochs=6', 'train.checkpointMinutes=0.0001'];
const bytes = (...parts: string[]): Promise<Buffer> => readFile(inside(...parts));

before(async () => {
  if (ffmpeg === undefined) return;
  folder = await makeProject(ffmpeg);
  // A test split of its own, for whose videos others of the same classes do.
  await cp(inside('videos', 'train'), inside('videos', 'test'), { recursive: true });
  await prepare(folder, 'videos', 'data');
  await mkdir(inside('set', 'more'), { recursive: true });
  await writeFile(inside('set', '_base.yaml'), RECIPE);
  await writeFile(inside('set', 'one.yaml'), 'extends: _base.yaml\n');
  await writeFile(inside('set', 'more', 'linear.yaml'), `${RECIPE.replace(/method: .*/, 'method: { name: linear }')}`);
});
after(() => folder !== '' && rm(folder, { recursive: true }));

test('a folder: every recipe in a run of its own, again without training, on after a kill', { skip }, async (t) => {
  await succeeds(['train', 'set', '--out', 'whole', ...LONG, '--quiet'], { folder });

  await t.test('a kill at any moment, then the same command', async () => {
    const words = ['train', 'set', '--out', 'killed', ...LONG];
    const running = start(words, { folder });
    await running.says(/\[2\/2\](?:.|\n)*\nepoch 1: /);
    running.child.kill('SIGKILL');
    await running.ended;
    const until = Date.now() + 5000;
    while ((await running.others()).size > 0) assert.ok(Date.now() < until, 'something of it stays alive');

    const stopped = start(words, { folder });
    await stopped.says(/\[2\/2\](?:.|\n)*\nepoch 3: /);
    stopped.child.kill('SIGINT');
    const { code, stderr, leftover } = await stopped.ended;
    assert.equal(code, 130, stderr);
    assert.match(stderr, /^interrupted: stopped with everything saved; the same command goes on from there$/m);
    assert.match(stderr, /^killed\/set-one is finished$/m);
    assert.match(stderr, /^resuming after update [2-4]$/m);
    assert.deepEqual(leftover, []);

    const last = await succeeds([...words, '--json'], { folder });
    const { recipes, vtab } = JSON.parse(last.stdout);
    assert.deepEqual(
      recipes.map(({ recipe, run }: { recipe: string; run: string }) => [recipe, run]),
      [
        ['set-one', 'killed/set-one'],
        ['more-linear', 'killed/more-linear'],
      ],
    );
    assert.deepEqual(vtab, []);
    for (const run of ['set-one', 'more-linear']) {
      assert.deepEqual(
        await bytes('killed', run, 'tuned.safetensors'),
        await bytes('whole', run, 'tuned.safetensors'),
        run,
      );
    }
    assert.deepEqual(
      recipes.map(({ score }: { score: { split: string; counted: number } }) => [score.split, score.counted]),
      [
        ['test', 8],
        ['test', 8],
      ],
    );
  });

  await t.test('finished, it trains nothing and says the same', async () => {
    const { stdout, stderr } = await succeeds(['train', 'set', '--out', 'whole', ...LONG], { folder });
    assert.doesNotMatch(stderr, /^epoch /m);
    assert.match(stdout, /^set-one +[\d.]+ % +videos test, 8 videos +\d+$/m);
    assert.match(stdout, /^protocol: 2 frames × stride 2 at 16 px.*last weights, epoch 6$/m);
    assert.match(stdout, /^2 of 2 recipes of set$/m);
  });

  await t.test('another recipe in the place of a run: told, and the others go on', async () => {
    await refused(
      ['train', 'set', '--out', 'whole', ...LONG, 'optim.lr=0.02', 'method.name=linear', '--json'],
      { folder },
      {
        code: 3,
        says: /^config error: 2 of 2 recipes failed; the first: the run that is there has /,
        at: 'whole/set-one',
        remedy: /remove that run, or choose another place/,
        reports: true,
      },
    );
  });
});

test('a recipe that fails does not stop the others; its exit code is kept', { skip }, async () => {
  await mkdir(inside('faulty'), { recursive: true });
  await writeFile(inside('faulty', 'a.yaml'), RECIPE.replace('path: data', 'path: absent'));
  await writeFile(inside('faulty', 'b.yaml'), RECIPE);
  const ran = await refused(
    ['train', 'faulty', '--out', 'faulty-runs', '--json'],
    { folder },
    { code: 4, says: /^data error: 1 of 2 recipes failed; the first: no prepared data set here/, reports: true },
  );
  const [a, b] = JSON.parse(ran.stdout).recipes;
  assert.match(a.failure, /no prepared data set here/);
  assert.equal(typeof b.top1.mean, 'number');
});

test('VTAB: one set for each folder, means only when it is whole', { skip }, async () => {
  await mkdir(inside('vtab1k', 'x'), { recursive: true });
  await mkdir(inside('data-vtab1k'), { recursive: true });
  await cp(inside('data'), inside('data-vtab1k', 'dtd'), { recursive: true });
  await writeFile(inside('vtab1k', 'x', 'dtd.yaml'), RECIPE.replace('path: data', 'path: data-vtab1k/dtd'));
  const { stdout } = await succeeds(['train', 'vtab1k', '--out', 'vtab-runs', 'train.epochs=1'], { folder });
  assert.match(stdout, /^VTAB-1k: no means, 18 of 19 tasks are missing: cifar, caltech101, oxford_flowers102/m);
});

test('a sweep chooses on the validation split alone, then measures the chosen one on the test split', {
  skip,
}, async (t) => {
  const words = ['train', 'recipe.yaml', '--sweep', 'optim.lr=1e-6,1e-2', '--sweep', 'method.scale=1'];
  const { stdout } = await succeeds([...words, '--seeds', '2', '--out', 'sweep'], { folder });
  const result = await json('sweep', 'sweep.json');
  assert.deepEqual(
    result.tried.map(({ setting }: { setting: string }) => setting),
    ['lr=1e-6,scale=1', 'lr=1e-2,scale=1'],
  );
  const best = Math.max(...result.tried.map(({ validation }: { validation: { top1: number } }) => validation.top1));
  const first = result.tried.find(({ validation }: { validation: { top1: number } }) => validation.top1 === best);
  assert.equal(result.chosen, first.setting);

  await t.test('no other setting was measured on the test split', async () => {
    for (const { setting, run } of result.tried) {
      const files = await readdir(inside(run));
      assert.equal(files.includes('evaluation.json'), setting === result.chosen, setting);
    }
    for (const { setting } of result.tried) {
      const seeds = await readdir(inside('sweep', setting));
      assert.deepEqual(seeds.sort(), setting === result.chosen ? ['seed=0', 'seed=1'] : ['seed=0']);
    }
  });

  await t.test('mean and sample deviation of the seeds', async () => {
    const { seeds, top1 } = result.final;
    const [a, b] = await Promise.all(
      [0, 1].map((seed) => json('sweep', result.chosen, `seed=${seed}`, 'evaluation.json')),
    );
    assert.deepEqual(
      seeds.map((s: { top1: number }) => s.top1),
      [a.top1, b.top1],
    );
    assert.equal(a.protocol.split, 'test');
    assert.equal(top1.mean, (a.top1 + b.top1) / 2);
    assert.ok(Math.abs(top1.deviation - Math.abs(a.top1 - b.top1) / Math.SQRT2) < 1e-12);
    assert.match(stdout, /^lr=1e-6,scale=1 +[\d.]+/m);
    assert.equal(stdout.match(/chosen$/gm)?.length, 1);
    assert.match(stdout, /^test top-1 [\d.]+ ± [\d.]+ % +\(videos test, 2 classes/m);
  });

  await t.test('again: nothing is trained, the numbers are the same', async () => {
    const again = await succeeds([...words, '--seeds', '2', '--out', 'sweep', '--json'], { folder });
    assert.doesNotMatch(again.stderr, /^epoch /m);
    assert.deepEqual(JSON.parse(again.stdout), result);
  });

  await t.test('--final-split trains the chosen setting anew', async () => {
    const ran = await succeeds([...words, '--out', 'sweep', '--final-split', 'validation', '--json'], { folder });
    const { final, chosen } = JSON.parse(ran.stdout);
    assert.equal(final.trainSplit, 'validation');
    assert.equal(final.seeds[0].run, `sweep/${chosen}/validation/seed=0`);
    assert.match(await readFile(inside(final.seeds[0].run, 'config.yaml'), 'utf8'), /trainSplit: validation/);
  });
});

test('of equal settings the first is chosen; one without a number never', () => {
  const point = (top1: number | null) => ({ validation: top1 === null ? null : { top1, epoch: 1 } });
  assert.equal(bestOf([null, 0.2, 0.5, 0.5, 0.1].map(point)), 2);
  assert.equal(bestOf([0, 0].map(point)), 0);
  assert.throws(() => bestOf([null, null].map(point)), { kind: 'diverged' });
});

test('what is no honest choice is refused before anything is trained', { skip }, async () => {
  const sweep = ['--sweep', 'optim.lr=1e-3,1e-2', '--out', 'never'];
  const calls: [words: string[], code: number, says: RegExp, remedy?: RegExp][] = [
    [['data.validationSplit=test'], 3, /the sweep would choose on the test split/, /validationSplit=validation/],
    [['--sweep', 'train.seed=0,1'], 2, /--sweep train\.seed: this is not to be chosen by validation/, /--seeds/],
    [['--final-split', 'all'], 3, /data\.trainSplit must be/],
  ];
  for (const [words, code, says, remedy] of calls) {
    await refused(['train', 'recipe.yaml', ...sweep, ...words], { folder }, { code, says, ...(remedy && { remedy }) });
  }
  await prepareWithout('test');
  await refused(
    ['train', 'recipe.yaml', ...sweep, 'data.path=data-without'],
    { folder },
    {
      code: 3,
      says: /has no test split to report; its splits are train, validation/,
    },
  );
  assert.ok(!(await readdir(folder)).includes('never'));
});

async function prepareWithout(split: string): Promise<void> {
  await cp(inside('videos'), inside('videos-without'), { recursive: true });
  await rm(inside('videos-without', split), { recursive: true });
  await prepare(folder, 'videos-without', 'data-without');
}
