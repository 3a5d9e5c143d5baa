/** What is wrong with the data: refused with exit code 4, or borne, reported and counted. */
import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { type Ran, type Refusal, refused, succeeds } from './cli.ts';
import { ffmpegHere, makeProject, prepare } from './project.ts';

const ffmpeg = await ffmpegHere();
const skip = ffmpeg === undefined && 'no ffmpeg here';
let folder = '';
const inside = (...parts: string[]): string => path.join(folder, ...parts);

before(async () => {
  if (ffmpeg !== undefined) folder = await makeProject(ffmpeg);
});
after(() => folder !== '' && rm(folder, { recursive: true }));

/** A copy of the prepared data set, changed: `edit` gets the lines of a manifest. */
async function dataWith(name: string, manifest: string, edit: (lines: string[]) => string[]): Promise<void> {
  await cp(inside('data'), inside(name), { recursive: true });
  const lines = (await readFile(inside(name, manifest), 'utf8')).trimEnd().split('\n');
  const changed = edit(lines);
  await writeFile(inside(name, manifest), changed.map((line) => `${line}\n`).join(''));
  const dataset = JSON.parse(await readFile(inside(name, 'dataset.json'), 'utf8'));
  for (const split of dataset.splits) if (split.manifest === manifest) split.listed = changed.length;
  await writeFile(inside(name, 'dataset.json'), JSON.stringify(dataset));
}

const train = (out: string, ...overrides: string[]): Promise<Ran> =>
  succeeds(['train', 'recipe.yaml', 'train.epochs=1', ...overrides, '--out', out], { folder });

async function trainRefused(expected: Refusal, ...overrides: string[]): Promise<void> {
  await refused(['train', 'recipe.yaml', ...overrides, '--out', 'refused'], { folder }, expected);
  await rm(inside('refused'), { recursive: true, force: true });
}

test('a folder in which nothing is prepared', { skip }, async () => {
  await trainRefused(
    {
      code: 4,
      says: 'data error: no prepared data set here: dataset.json is missing',
      at: /^elsewhere$/,
      remedy: 'petl-video prepare',
    },
    'data.path=elsewhere',
  );
  await mkdir(inside('odd', 'dataset.json'), { recursive: true });
  await trainRefused(
    { code: 4, says: 'data error: cannot be read: EISDIR', at: /^odd\/dataset\.json$/ },
    'data.path=odd',
  );
  assert.ok(!(await readdir(folder)).includes('refused'));
});

test('a label out of range, with file and line', { skip }, async () => {
  await dataWith('mislabelled', 'train.jsonl', (lines) =>
    lines.map((line, i) => (i === 2 ? line.replace(/"label":\d/, '"label":7') : line)),
  );
  await trainRefused(
    {
      code: 4,
      says: /^data error: train\/down\/2\.mp4: the label 7 is out of range; 2 classes have the labels 0 to 1$/,
      at: /^mislabelled\/train\.jsonl:3$/,
    },
    'data.path=mislabelled',
  );
});

test('an empty split, prepared or to be prepared', { skip }, async () => {
  await dataWith('hollow', 'validation.jsonl', () => []);
  await trainRefused(
    {
      code: 4,
      says: /^data error: no video or image of the validation split is usable: it has no entries$/,
      at: /^hollow\/validation\.jsonl$/,
      remedy: 'petl-video prepare',
    },
    'data.path=hollow',
  );
  await writeFile(inside('empty.csv'), 'path,label\n');
  await refused(
    ['prepare', 'folder', '--source', 'videos', '--csv', 'empty.csv', '--out', 'none'],
    { folder },
    { code: 4, says: 'data error: the list is empty', at: /^empty\.csv$/, remedy: 'lines of a path and a label' },
  );
});

test('a split without labels is refused before the first epoch', { skip }, async () => {
  await dataWith('hidden', 'validation.jsonl', (lines) => lines);
  await rename(inside('hidden', 'validation.jsonl'), inside('hidden', 'test.jsonl'));
  const dataset = await readFile(inside('hidden', 'dataset.json'), 'utf8');
  await writeFile(inside('hidden', 'dataset.json'), dataset.replaceAll('validation', 'test'));
  const entries = await readFile(inside('hidden', 'test.jsonl'), 'utf8');
  await writeFile(inside('hidden', 'test.jsonl'), entries.replaceAll(/"label":\d/g, '"label":-1'));
  const hidden = ['data.path=hidden', 'data.validationSplit=test'];
  await trainRefused(
    {
      code: 4,
      says: /^data error: the test split has videos without a label$/,
      at: /^validation\/down\/0\.mp4$/,
      remedy: 'choose a labelled split',
    },
    ...hidden,
  );
  await trainRefused(
    {
      code: 4,
      says: /^data error: no usable video of the test split has a label$/,
      at: /^hidden$/,
      remedy: 'data.trainSplit=train',
    },
    ...hidden,
    'data.trainSplit=test',
  );
});

test('an annotation that names a missing file: reported, left out of training, counted in evaluation', {
  skip,
}, async () => {
  const lines = ['train/down/0', 'train/down/1', 'train/up/0', 'train/up/1', 'train/up/9'];
  const list = [
    ...lines.map((name) => `${name}.mp4,${name.split('/')[1]},train`),
    'validation/down/0.mp4,down,validation',
    'validation/up/8.mp4,up,validation',
  ];
  await writeFile(inside('list.csv'), `${list.join('\n')}\n`);
  const words = ['prepare', 'folder', '--source', 'videos', '--csv', 'list.csv', '--out', 'gaps'];
  const { stdout } = await succeeds([...words, '--json'], { folder });
  const counts = JSON.parse(stdout).splits.map((split: Record<string, unknown>) => [split.listed, split.missing]);
  assert.deepEqual(counts, [
    [5, 1],
    [2, 1],
  ]);
  const again = await succeeds(words, { folder });
  assert.match(again.stdout, /^! missing, no such file: train\/up\/9\.mp4/m);

  const { stderr, stdout: summary } = await train('gaps-run', 'data.path=gaps');
  assert.match(stderr, /4 videos to train/);
  const over = 'over 1 of 2 listed videos: 1 missing, not counted';
  assert.match(stderr, new RegExp(`^epoch 1: .* validation top-1 \\S+ % ${over}, single view`, 'm'));
  for (const which of ['last', 'best']) {
    assert.match(summary, new RegExp(`^${which} +top-1 \\S+ % +\\(validation, single view, epoch 1; ${over}\\)$`, 'm'));
  }
  assert.ok((await readFile(inside('gaps-run', 'log.txt'), 'utf8')).includes(` % ${over} (single view)`));
  const metrics = (await readFile(inside('gaps-run', 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
  const { videos, missing: lost } = metrics.map((line) => JSON.parse(line)).find(({ kind }) => kind === 'validation');
  assert.deepEqual([videos, lost], [1, 1]);
  const { stdout: text } = await succeeds(['evaluate', 'gaps-run'], { folder });
  assert.match(text, /^over 1 of 2 listed videos: 1 missing, not counted$/m);
  assert.match(text, /^1 of 2 listed videos are missing \(50\.00 %\) and not counted$/m);
  const { stdout: json } = await succeeds(['evaluate', 'gaps-run', '--json'], { folder });
  const { counted, missing } = JSON.parse(json);
  assert.deepEqual([counted, missing], [1, 1]);

  await writeFile(inside('wrong.csv'), list.join('\n').replaceAll('.mp4', '.avi'));
  await refused(
    ['prepare', 'folder', '--source', 'videos', '--csv', 'wrong.csv', '--out', 'wrong', '--json'],
    { folder },
    {
      code: 4,
      says: /^data error: none of the 7 listed files was found$/,
      at: /videos\/train\/down\/0\.avi$/,
      remedy: '--source',
    },
  );
});

test('videos that were sound when they were prepared and no longer are', { skip }, async (t) => {
  await cp(inside('videos'), inside('fading'), { recursive: true });
  await prepare(folder, 'fading', 'faded');
  const whole = await readFile(inside('fading', 'train', 'up', '1.mp4'));
  // Of the same size, as a bad disk leaves it; the other one is told by its size.
  await writeFile(
    inside('fading', 'train', 'up', '1.mp4'),
    Buffer.alloc(whole.length).fill(whole.subarray(0, 700), 0, 700),
  );
  await writeFile(inside('fading', 'validation', 'up', '1.mp4'), 'no video');
  const why = 'asked for 2 frames \\(\\d-\\d\\), got 0: .+';

  await t.test('in training another one stands in, and is told and logged', async () => {
    const { stderr } = await train('borne', 'data.path=faded');
    const told = new RegExp(`^warning (train/up/1\\.mp4 could not be decoded, another video stands in: ${why})$`, 'm');
    const text = told.exec(stderr)?.[1];
    assert.ok(text !== undefined, stderr);
    assert.equal(stderr.split(text).length, 2, 'told once in one epoch');
    assert.ok((await readFile(inside('borne', 'log.txt'), 'utf8')).includes(text));
  });

  await t.test('data.maxSkipped=0 bears none', async () => {
    await trainRefused(
      {
        code: 4,
        says: /^data error: 1 video of one epoch could not be decoded, more than data\.maxSkipped allows \(0\)$/,
        at: /^train\/up\/1\.mp4$/,
        remedy: 'petl-video prepare',
      },
      'data.path=faded',
      'data.maxSkipped=0',
    );
  });

  await t.test('data.onError=fail stops, with the file', async () => {
    await trainRefused(
      {
        code: 4,
        says: new RegExp(`^data error: train/up/1\\.mp4 could not be decoded: ${why}$`),
        at: inside('fading', 'train', 'up', '1.mp4'),
        remedy: 'data.onError=skip',
      },
      'data.path=faded',
      'data.onError=fail',
    );
  });

  await t.test('in evaluation it counts as wrong and is listed', async () => {
    const { stdout } = await succeeds(['evaluate', 'borne'], { folder });
    assert.match(stdout, /^over 4 videos: 1 could not be decoded, counted as wrong$/m);
    assert.match(
      stdout,
      /^1 video could not be decoded and counts as wrong:\n {2}validation\/up\/1\.mp4: the file has changed since it was prepared: 8 bytes, then \d+$/m,
    );
    const lines = (await readFile(inside('borne', 'predictions.jsonl'), 'utf8')).trimEnd().split('\n');
    const failed = lines.map((line) => JSON.parse(line)).filter(({ failure }) => failure !== undefined);
    assert.deepEqual(
      failed.map(({ id, label, rank }) => [id, label, rank]),
      [['validation/up/1.mp4', 1, undefined]],
    );
    const { top1, predictions } = JSON.parse((await succeeds(['evaluate', 'borne', '--json'], { folder })).stdout);
    assert.ok(top1 <= 0.75 && predictions === undefined);
  });

  await t.test('in prediction it is named, beside what could be read', async () => {
    const files = ['fading/train/up/0.mp4', 'fading/train/up/1.mp4', 'fading/none.mp4'];
    const { stdout } = await refused(
      ['predict', 'borne', ...files, '--json'],
      { folder },
      {
        code: 4,
        reports: true,
        says: /^data error: 2 of 3 files could not be read$/,
        at: 'fading/train/up/1.mp4, fading/none.mp4',
      },
    );
    const answers = JSON.parse(stdout) as { file: string; failure?: string; top?: unknown[] }[];
    assert.deepEqual(
      answers.map(({ file, top }) => [file, top?.length]),
      [
        [files[0], 2],
        [files[1], undefined],
        [files[2], undefined],
      ],
    );
    assert.ok(answers[1]?.failure);
    assert.equal(answers[2]?.failure, 'the file is missing');
  });

  await t.test('where all are gone, neither training nor evaluation gives a number', async () => {
    await rename(inside('fading'), inside('unmounted'));
    await trainRefused(
      {
        code: 4,
        says: /^data error: train\/\w+\/\d\.mp4 and 10 videos in its place could not be decoded: the file is missing$/,
        at: 'fading/train',
        remedy: 'petl-video prepare',
      },
      'data.path=faded',
    );
    await refused(
      ['evaluate', 'borne', '--json'],
      { folder },
      {
        code: 4,
        says: /^data error: none of the 4 videos of the validation split could be decoded: the file is missing$/,
        at: /^validation\/down\/0\.mp4$/,
        remedy: 'see whether the disk',
      },
    );
  });
});

test('a last batch of one video under BatchNorm is a config error', { skip }, async () => {
  await trainRefused(
    {
      code: 3,
      says: /^config error: a batch of a single video gives head\.batchNorm no statistics$/,
      at: /8 videos in batches of 7$/,
      remedy: 'train.dropLast=true',
    },
    'train.batch=7',
    'train.dropLast=false',
  );
});

test('a run is not trained over, nor evaluated on other classes', { skip }, async () => {
  await train('mine');
  const before = await readFile(inside('mine', 'tuned.safetensors'));
  await refused(
    ['train', 'recipe.yaml', 'train.seed=3', '--out', 'mine', '--json'],
    { folder },
    {
      code: 2,
      says: /^usage error: the folder of the run exists$/,
      at: /^mine$/,
      remedy: 'petl-video train --resume mine',
    },
  );
  assert.deepEqual(await readFile(inside('mine', 'tuned.safetensors')), before);

  await cp(inside('data'), inside('kept'), { recursive: true });
  const dataset = await readFile(inside('data', 'dataset.json'), 'utf8');
  await writeFile(inside('data', 'dataset.json'), dataset.replace('"down"', '"left"'));
  await refused(
    ['evaluate', 'mine', '--json'],
    { folder },
    {
      code: 4,
      says: /^data error: the prepared data set has other classes than the run was trained with$/,
      at: /^data$/,
      remedy: 'prepare the original again',
    },
  );
  await cp(inside('kept'), inside('data'), { recursive: true });
});
