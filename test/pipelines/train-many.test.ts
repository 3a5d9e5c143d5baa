/** A folder of recipes, seeds and sweeps: what is trained, what is chosen, what goes on after a kill, what is refused. */
import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { type Row, rowsText } from '../../pipelines/many-text.ts';
import { bestOf } from '../../pipelines/sweep.ts';
import { requireSplits } from '../../pipelines/sweep-splits.ts';
import { parseRecipe, type Recipe } from '../../src/config/index.ts';
import { PetlVideoError } from '../../src/errors/index.ts';
import { VTAB_TASKS } from '../../src/eval/vtab.ts';
import { refused, run, start, succeeds } from './cli.ts';
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
  await writeFile(inside('set', 'more', 'absent.yaml'), RECIPE.replace('path: data', 'path: absent'));
  await writeFile(inside('set', 'more', 'linear.yaml'), `${RECIPE.replace(/method: .*/, 'method: { name: linear }')}`);
});
after(() => folder !== '' && rm(folder, { recursive: true }));

test('a folder: every recipe in a run of its own, again without training, on after a kill', { skip }, async (t) => {
  const whole = await run(['train', 'set', '--out', 'whole', ...LONG, '--quiet'], { folder });
  assert.equal(whole.code, 4, whole.stderr);

  await t.test('a kill at any moment, then the same command', async () => {
    const words = ['train', 'set', '--out', 'killed', ...LONG];
    const running = start(words, { folder });
    await running.says(/\[3\/3\](?:.|\n)*\nepoch 1: /);
    running.child.kill('SIGKILL');
    await running.ended;
    const until = Date.now() + 5000;
    while ((await running.others()).size > 0) assert.ok(Date.now() < until, 'something of it stays alive');

    const stopped = start(words, { folder });
    await stopped.says(/\[3\/3\](?:.|\n)*\nepoch 3: /);
    stopped.child.kill('SIGINT');
    const { code, stderr, leftover } = await stopped.ended;
    assert.equal(code, 130, stderr);
    assert.match(stderr, /^interrupted: stopped with everything saved; the same command goes on from there$/m);
    assert.match(stderr, /^killed\/set-one is finished$/m);
    assert.match(stderr, /^resuming after update [2-4]$/m);
    assert.deepEqual(leftover, []);

    const last = await refused(
      [...words, '--json'],
      { folder },
      { code: 4, says: /^data error: 1 of 3 recipes failed; the first: no prepared data set here/, reports: true },
    );
    const { recipes, vtab } = JSON.parse(last.stdout);
    assert.deepEqual(
      recipes.map(({ recipe, run, failure }: Record<string, string>) => [recipe, run, failure !== undefined]),
      [
        ['set-one', 'killed/set-one', false],
        ['more-absent', 'killed/more-absent', true],
        ['more-linear', 'killed/more-linear', false],
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
      recipes.map(({ score }: { score?: { split: string; counted: number } }) => [score?.split, score?.counted]),
      [
        ['test', 8],
        [undefined, undefined],
        ['test', 8],
      ],
    );
  });

  await t.test('finished, it trains nothing and says the same', async () => {
    const { stdout, stderr } = await run(['train', 'set', '--out', 'whole', ...LONG], { folder });
    assert.doesNotMatch(stderr, /^epoch /m);
    assert.match(stdout, /^set-one +[\d.]+ % +videos test, 8 videos +\d+$/m);
    assert.match(stdout, /^more-absent +failed +no prepared data set here/m);
    assert.match(stdout, /^protocol: 2 frames × stride 2 at 16 px.*last weights, epoch 6$/m);
    assert.match(stdout, /^2 of 3 recipes of set$/m);
  });

  await t.test('another recipe in the place of a run: told, and the others go on', async () => {
    await refused(
      ['train', 'set', '--out', 'whole', ...LONG, 'optim.lr=0.02', 'method.name=linear', '--json'],
      { folder },
      {
        code: 3,
        says: /^config error: 3 of 3 recipes failed; the first: the run that is there has /,
        at: 'whole/set-one',
        remedy: /remove that run, or choose another place/,
        reports: true,
      },
    );
  });
});

test('VTAB: one set for each folder, means only when it is whole', async () => {
  const recipe = parseRecipe(RECIPE, { file: 'recipe.yaml' });
  const rows = VTAB_TASKS.map((task, i): Row => {
    const data = { ...recipe.data, path: `data/vtab1k/${task}` };
    return {
      file: `configs/arc/${task}.yaml`,
      recipe: { ...recipe, name: task, data },
      run: 'x',
      top1: { mean: i / 100 },
    };
  });
  const lost = rows.slice(1).map((row) => ({ ...row, file: row.file.replace('arc', 'lora') }));
  const text = rowsText('configs', [...rows.toReversed(), ...lost]);
  assert.match(text, /^cifar /m);
  assert.match(
    text,
    /^VTAB-1k, configs\/arc: Natural 3\.00 %, Specialized 8\.50 %, Structured 14\.50 %\n {2}mean of the 3 groups 8\.67 % {3}mean of the 19 tasks 9\.00 %$/m,
  );
  assert.match(
    text,
    /^VTAB-1k, configs\/lora: no means, 1 of 19 tasks are missing: cifar \(complete: Specialized 8\.50 %, Structured 14\.50 %\)$/m,
  );
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
  const recipe = parseRecipe(RECIPE.replace('path: data', `path: ${inside('data')}`), { file: 'recipe.yaml' });
  const refuses = async (data: Partial<Recipe['data']>, what: RegExp, remedy: RegExp): Promise<void> => {
    await assert.rejects(requireSplits({ ...recipe, data: { ...recipe.data, ...data } }, true, undefined), (thrown) => {
      assert.ok(thrown instanceof PetlVideoError && thrown.kind === 'config');
      assert.match(thrown.what, what);
      assert.match(thrown.remedy ?? '', remedy);
      return true;
    });
  };
  await refuses({ validationSplit: 'test' }, /would choose on the test split/, /validationSplit=validation/);
  await refuses({ validationSplit: 'train' }, /choose on the train split, which it trains on/, /trainSplit=train/);
  for (const [split, what] of [
    ['test', /has no test split to report; its splits are train, validation/],
    ['validation', /has no validation split to choose on; its splits are train, test/],
  ] as const) {
    await cp(inside('data'), inside(`no-${split}`), { recursive: true });
    const dataset = await json('data', 'dataset.json');
    const splits = dataset.splits.filter(({ name }: { name: string }) => name !== split);
    await writeFile(inside(`no-${split}`, 'dataset.json'), JSON.stringify({ ...dataset, splits }));
    await refuses({ path: inside(`no-${split}`) }, what, /.../);
  }
  await cp(inside('data'), inside('shared'), { recursive: true });
  await cp(inside('data', 'train.jsonl'), inside('shared', 'test.jsonl'));
  await refuses(
    { path: inside('shared') },
    /the splits train \(trained on\) and test \(reported on\) share train\//,
    /./,
  );

  await refused(
    ['train', 'recipe.yaml', '--sweep', 'optim.lr=1e-3,1e-2', '--out', 'never', 'data.validationSplit=test'],
    { folder },
    { code: 3, says: /the sweep would choose on the test split/, at: 'data' },
  );
  assert.ok(!(await readdir(folder)).includes('never'));
});
