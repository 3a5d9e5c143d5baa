/** What is called or written wrongly: exit codes 2 and 3, and what becomes of output that nobody takes. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertRefused, refused, run, start } from './cli.ts';
import { RECIPE } from './project.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'petl-usage-'));
  await writeFile(path.join(folder, 'recipe.yaml'), RECIPE);
});
after(() => rm(folder, { recursive: true }));

describe('command lines and recipes that are wrong', { concurrency: 2 }, () => {
  const calls: [words: string[], says: RegExp, remedy?: RegExp][] = [
    [['trian', 'recipe.yaml'], /^error: unknown command 'trian'/],
    [['prepare'], /^error: missing required argument 'dataset'/],
    [['predict', 'run'], /^error: missing required argument 'files'/],
    [['train', 'recipe.yaml', '--otu', 'x'], /^error: unknown option '--otu'/],
    [['train', '--resume'], /^error: option '--resume <run>' argument missing/],
    [['train'], /^usage error: give either a recipe or --resume/, /petl-video train configs/],
    [['train', 'recipe.yaml', 'batch'], /^usage error: 'batch' is not path=value/, /train\.batch=8/],
    [['train', '--resume', 'run', '--out', 'x'], /^usage error: --out does not go with --resume/],
    [['evaluate', 'run', '--views', '4by3'], /^usage error: views "4by3"/, /4x3/],
    [
      ['evaluate', 'run', '--split', 'val'],
      /^usage error: --split val: choose one of train, validation, trainval, test/,
    ],
    [['export', 'run'], /^usage error: --format is missing: choose savedmodel or onnx/],
    [['export', 'run', '--format', 'onnx', '--batch', '0'], /^usage error: --batch is 0/, /whole number from 1/],
    [['predict', 'run', 'a.mp4', '--top', 'all'], /^usage error: --top all/],
    [['prepare', 'hmdb', '--source', '.'], /^usage error: there is no data set hmdb; did you mean hmdb51\?/, /folder/],
    [['weights', 'import', 'a.pth'], /^usage error: --out <file> is missing/, /name the file/],
  ];
  for (const [words, says, remedy] of calls) {
    test(`${words.join(' ')}: 2`, async () => {
      await refused(words, { folder }, { code: 2, says, ...(remedy && { remedy }) });
    });
  }

  test('an unknown key: 3, with line, column and the key that was meant', async () => {
    await writeFile(path.join(folder, 'typo.yaml'), RECIPE.replace('lr: 0.01', 'lrr: 0.01'));
    await refused(
      ['train', 'typo.yaml', '--json'],
      { folder },
      {
        code: 3,
        says: /^config error: optim\.lrr is not a key; did you mean optim\.lr\?$/,
        at: /^typo\.yaml:4:23$/,
        remedy: /^optim\.lr: Learning rate/,
      },
    );
    assert.ok(!existsSync(path.join(folder, 'runs')));
  });

  test('an unknown key in an override: 3, with the argument', async () => {
    await refused(
      ['train', 'recipe.yaml', 'data.frmaes=4'],
      { folder },
      {
        code: 3,
        says: /^config error: data\.frmaes is not a key; did you mean data\.frames\?$/,
        at: /^argument data\.frmaes=4$/,
        remedy: /^data\.frames: /,
      },
    );
  });

  test('a recipe that is not there: 3, with the nearest', async () => {
    await refused(
      ['train', 'recpie.yaml'],
      { folder },
      { code: 3, says: 'config error: no such recipe', at: /^recpie\.yaml$/, remedy: /^did you mean recipe\.yaml\?$/ },
    );
  });

  test('a run that is none: 4, to go on with and to evaluate', async () => {
    const none = {
      code: 4,
      says: /^data error: no run here: config\.yaml is missing$/,
      at: /^nowhere$/,
      remedy: 'the folder that petl-video train made',
    };
    await refused(['train', '--resume', 'nowhere'], { folder }, none);
    await refused(['evaluate', 'nowhere', '--json'], { folder }, none);
  });
});

test('a reader that has seen enough ends nothing', async () => {
  const running = start(['config', 'schema'], { folder });
  running.child.stdout?.destroy();
  const { code, stderr } = await running.ended;
  assert.deepEqual([code, stderr], [0, '']);
});

test('a result that the disk does not take is a failure: 5', async (t) => {
  if (!existsSync('/dev/full')) return t.skip('no /dev/full here');
  const full = await open('/dev/full', 'w');
  try {
    const ran = await run(['config', 'schema'], { folder, stdout: full.fd });
    await assertRefused(ran, folder, {
      code: 5,
      says: /^environment error: the result could not be written: the disk is full/,
      at: /^stdout$/,
    });
  } finally {
    await full.close();
  }
});
