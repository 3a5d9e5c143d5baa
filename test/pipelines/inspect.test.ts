/** Contact sheets from the command line: the pixels that training gets, the facts that were drawn, and what is wrong with videos. */
import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Options } from '../../pipelines/command.ts';
import { inspect as inspectCommand } from '../../pipelines/inspect.ts';
import type { ShownFacts } from '../../src/data/contact-sheet/cards.ts';
import { frameOf, resized } from '../../src/drawing/thumbnails.ts';
import type { ErrorKind } from '../../src/errors/index.ts';
import type { RgbPicture } from '../../src/formats/png.ts';
import type { Ffmpeg } from '../../src/video/ffmpeg.ts';
import { cropClip, type Frames } from '../../src/video/window.ts';
import { readPng } from '../formats/read-png.ts';
import { runDirectly } from '../video/ffmpegs.ts';
import { type Ran, type RunOptions, refused, succeeds, unfinished } from './cli.ts';
import { ffmpegHere, makeProject } from './project.ts';
import { refuses } from './refuses.ts';

const ffmpeg = await ffmpegHere();
const skip = ffmpeg === undefined ? 'no ffmpeg on this machine' : false;

let folder: string;
let options: RunOptions;
const inside = (...names: readonly string[]): string => path.join(folder, ...names);
before(async () => {
  if (ffmpeg === undefined) return;
  folder = await makeProject(ffmpeg);
  options = { folder };
});
after(() => (folder === undefined ? undefined : rm(folder, { recursive: true })));

interface Document {
  readonly sheet: string;
  readonly epoch: number | null;
  readonly videos: readonly ShownFacts[];
}

async function inspect(
  ...words: readonly string[]
): Promise<Document & { readonly picture: RgbPicture; readonly ran: Ran }> {
  const ran = await succeeds(['inspect', ...words, '--json'], options);
  const document = JSON.parse(ran.stdout) as Document;
  const picture = readPng(ffmpeg as Ffmpeg, await readFile(inside(document.sheet)));
  return { ...document, picture, ran };
}

/** What ffmpeg alone makes of the facts: frames by number, crop, size, mirror. */
async function clipOf({ file, clips: [clip] }: ShownFacts, size: number): Promise<Frames> {
  assert.ok(clip !== undefined);
  const { x, y, width, height, of } = clip.crop;
  const filters = [
    `scale=${of.width}:${of.height}:flags=bilinear`,
    `crop=${width}:${height}:${x}:${y}:exact=1`,
    `scale=${size}:${size}:flags=bilinear`,
    'format=rgb24',
    ...(clip.flip ? ['hflip'] : []),
  ];
  const out = ['-vf', filters.join(','), '-f', 'rawvideo', 'pipe:1'];
  const data = await runDirectly(ffmpeg as Ffmpeg, ['-i', inside('videos', file), ...out]);
  const all = { data, frames: data.length / (size * size * 3), width: size, height: size };
  const chosen = cropClip(all, { x: 0, y: 0, width: size, height: size }, clip.frames);
  return { ...all, data: chosen, frames: clip.frames.length };
}

/** Where on the sheet a picture of 160 × 160 stands whose left edge is at `x`. */
function findRow(sheet: RgbPicture, picture: RgbPicture, x: number): number {
  const bytes = 3 * picture.width;
  for (let top = 0; top + picture.height <= sheet.height; top++) {
    const same = (row: number): boolean => {
      const at = 3 * ((top + row) * sheet.width + x);
      return Buffer.from(sheet.data.subarray(at, at + bytes)).equals(
        picture.data.subarray(row * bytes, (row + 1) * bytes),
      );
    };
    if (Array.from({ length: picture.height }, (_, row) => row).every(same)) return top;
  }
  return -1;
}

/** Asserts that the clips stand on the sheet in order, three beside each other, pixel by pixel. */
async function assertShown({ videos, picture }: { videos: readonly ShownFacts[]; picture: RgbPicture }): Promise<void> {
  let row = 0;
  for (const [i, video] of videos.entries()) {
    if (video.failure !== null) continue;
    const clip = await clipOf(video, 16);
    const tops = [0, 1].map((frame) => {
      const large = resized(frameOf(clip, frame), { width: 160, height: 160 });
      return findRow(picture, large, 24 + (i % 3) * 348 + frame * 164);
    });
    assert.ok(tops[0] === tops[1] && (tops[0] as number) > row, `${video.id} is not where it should be: ${tops}`);
    if (i % 3 === 2) row = tops[0] as number;
  }
}

test('a sheet has the clips of the epoch as training gets them, pixel by pixel', { skip }, async () => {
  const first = await inspect('recipe.yaml', 'data.crop=random-resized', '--out', 'sheet.png');
  assert.equal(first.sheet, 'sheet.png');
  assert.deepEqual([first.videos.length, first.epoch], [8, 0]);
  await assertShown(first);
  for (const { id, class: name, clips, failure, verdict } of first.videos) {
    assert.equal(id.split('/')[1], name);
    assert.deepEqual([clips.length, failure, verdict], [1, null, 'ok']);
    assert.equal(clips[0]?.frames.length, 2);
  }
  const later = await inspect('recipe.yaml', 'data.crop=random-resized', '--epoch', '3', '-n', '5');
  assert.deepEqual(
    [later.videos.length, later.epoch, later.sheet],
    [5, 3, `inspect-${path.basename(folder)}-recipe-train-epoch3.png`],
  );
  await assertShown(later);
  const drawn = (videos: readonly ShownFacts[]): Map<string, string> =>
    new Map(videos.map(({ id, clips }) => [id, JSON.stringify(clips)]));
  assert.ok(later.videos.some(({ id, clips }) => drawn(first.videos).get(id) !== JSON.stringify(clips)));
  assert.deepEqual(await unfinished(folder), []);
});

test('the first batch that training shows is what inspect shows', { skip }, async () => {
  await succeeds(['train', 'recipe.yaml', '--out', 'mine', '--json'], options);
  const sheet = readPng(ffmpeg as Ffmpeg, await readFile(inside('mine', 'first-batch.png')));
  const { videos } = await inspect('mine/config.yaml', '-n', '4');
  await assertShown({ videos, picture: sheet });
  assert.ok((await readdir(inside('mine'))).includes('inspect-train-epoch0.png'));
});

test('test views are shown off the training split, with stages the way to them', { skip }, async () => {
  const { videos, picture } = await inspect(
    'recipe.yaml',
    '--split',
    'validation',
    '--views',
    '2x3',
    '-n',
    '2',
    '--out',
    'views.png',
  );
  assert.deepEqual(
    videos.map(({ id, clips }) => [id, clips.length]),
    [
      ['validation/down/0.mp4', 6],
      ['validation/up/0.mp4', 6],
    ],
  );
  assert.deepEqual(videos[0]?.clips[4]?.view, { segment: 1, crop: 1 });
  assert.deepEqual(videos[0]?.clips[4]?.crop, { x: 2, y: 0, width: 16, height: 16, of: { width: 21, height: 16 } });
  const stages = await inspect(
    'recipe.yaml',
    '--split',
    'validation',
    '--views',
    '2x3',
    '-n',
    '2',
    '--stages',
    '--out',
    'stages.png',
  );
  assert.deepEqual(stages.videos, videos);
  assert.ok(stages.picture.height > 1.5 * picture.height);
});

test('a prepared folder and its manifests do without a recipe', { skip }, async () => {
  const whole = await inspect('data', 'data.frames=2', 'data.size=16', '--out', 'folder.png');
  assert.equal(whole.videos.length, 8);
  await assertShown(whole);
  const ids = 'train/up/3.mp4,train/down/0.mp4';
  const chosen = await inspect(
    'data/train.jsonl',
    'data.frames=2',
    'data.size=16',
    '--ids',
    ids,
    '--out',
    'chosen.png',
  );
  assert.deepEqual(
    chosen.videos.map(({ id }) => id),
    ids.split(','),
  );
  await assertShown(chosen);
  const validation = await inspect('data/validation.jsonl', '--out', 'validation.png');
  assert.deepEqual([validation.epoch, validation.videos[0]?.clips.length], [null, 12]);
});

test('a video that cannot be decoded has a row with the reason', { skip }, async () => {
  const file = inside('videos', 'train', 'down', '1.mp4');
  const kept = await readFile(file);
  await writeFile(file, 'no video at all');
  await rm(inside('videos', 'validation', 'up', '0.mp4'));
  try {
    const { videos, ran } = await inspect('recipe.yaml', '--out', 'damaged.png');
    assert.equal(videos.length, 8);
    assert.equal(ran.stderr, '');
    const failed = videos.filter(({ failure }) => failure !== null);
    assert.deepEqual(
      failed.map(({ id }) => id),
      ['train/down/1.mp4'],
    );
    const views = await inspect('recipe.yaml', '--split', 'validation', '--out', 'lost.png');
    assert.deepEqual(
      views.videos.map(({ failure }) => failure),
      [null, null, 'the file is missing', null],
    );
    const { stdout } = await succeeds(['inspect', 'recipe.yaml', '--out', 'damaged.png'], options);
    assert.match(stdout, /^8 videos on damaged\.png\n! train\/down\/1\.mp4: \S.*\n$/);
  } finally {
    await writeFile(file, kept);
  }
});

test('what cannot be shown is refused', { skip }, async () => {
  await refused(['inspect', 'recipe.yaml', '-n', '0', '--json'], options, {
    code: 2,
    says: /^usage error: -n 0: give a number of videos from 1/,
  });
  await refused(['inspect', 'nowhere'], options, {
    code: 4,
    says: /^data error: no prepared data set here/,
    at: 'nowhere',
  });
  const cases: readonly [string, Options, ErrorKind, RegExp][] = [
    ['recipe.yaml', { split: 'tests' }, 'usage', /^--split tests: choose one of train, validation, trainval, test$/],
    ['recipe.yaml', { clips: 'many' }, 'usage', /^-n many: give a number/],
    ['recipe.yaml', { epoch: '-1' }, 'usage', /^--epoch -1: give a whole number/],
    ['recipe.yaml', { epoch: '2', views: '1x1' }, 'usage', /^--epoch is for training clips/],
    ['recipe.yaml', { epoch: '2', split: 'validation' }, 'usage', /^--epoch is for training clips/],
    ['recipe.yaml', { views: '3' }, 'usage', /^views "3" are not of the form/],
    [
      'recipe.yaml',
      { ids: 'train/up/9.mp4' },
      'usage',
      /^no entry of the split has the id 'train\/up\/9\.mp4'; did you mean train\/up\/\d\.mp4/,
    ],
    ['recipe.yaml', { split: 'test' }, 'config', /^\S+ has no test split\n/],
    ['nothing.yaml', {}, 'config', /^no such recipe\n/],
    ['videos', {}, 'data', /^no prepared data set here/],
    [
      'data/other.jsonl',
      {},
      'data',
      /^dataset\.json beside it names no such manifest\n.*\n.*train\.jsonl, validation\.jsonl/,
    ],
    ['data/train.jsonl', { split: 'validation' }, 'usage', /^--split validation does not go with train\.jsonl/],
    [
      'recipe.yaml',
      { out: 'no/such/folder.png' },
      'environment',
      /^cannot write the file: the folder does not exist\n/,
    ],
    ['data data.frams=2', {}, 'config', /data\.frams/],
  ];
  for (const [words, given, kind, message] of cases) {
    await refuses(inspectCommand, folder, words.split(' '), given, { kind, message });
  }
});
