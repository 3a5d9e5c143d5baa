import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { Context, Options } from '../../pipelines/command.ts';
import { prepare } from '../../pipelines/prepare.ts';
import { readDataset, readSplit } from '../../src/data/read-dataset.ts';
import type { Report } from '../../src/data/report.ts';
import { readEnvironment } from '../../src/setup/environment.ts';
import { findFfmpeg } from '../../src/video/ffmpeg.ts';

const environment = readEnvironment(process.env);

/** Runs the command as the command line does. @returns its result as text and as JSON, and its notes */
async function run(dataset: string, options: Options): Promise<{ text: string; json: unknown; notes: string[] }> {
  const said = { text: '', json: undefined as unknown, notes: [] as string[] };
  const context: Context = {
    environment,
    signal: new AbortController().signal,
    reporter: {
      result: (text, json) => Object.assign(said, { text, json }),
      note: (line) => said.notes.push(line),
      warn: (line) => said.notes.push(line),
      progress: () => ({ update: () => {}, end: () => {} }),
    },
  };
  await prepare.run([dataset], options, context);
  return said;
}

/** A 24-bit picture of one colour, `size` pixels wide and high; rows are padded to four bytes, 54 bytes of header. */
function bitmap(size: number): Buffer {
  const row = Math.ceil((3 * size) / 4) * 4;
  const file = Buffer.alloc(54 + row * size, 0x40);
  file.fill(0, 0, 54);
  file.write('BM');
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(54, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(size, 18);
  file.writeInt32LE(size, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  return file;
}

async function withPictures(check: (source: string, out: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'prepare-command-'));
  try {
    for (const name of ['day', 'night']) {
      await mkdir(path.join(folder, 'sky', name), { recursive: true });
      for (let i = 1; i <= 3; i++) await writeFile(path.join(folder, 'sky', name, `${i}.bmp`), bitmap(4 + 2 * i));
    }
    await check(path.join(folder, 'sky'), path.join(folder, 'prepared'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('prepares a folder of pictures, with a broken one among them', async (t) => {
  const places = {
    environmentPath: environment.ffmpegPath,
    cache: environment.cache,
    searchPath: environment.searchPath,
  };
  if ((await findFfmpeg(places).catch(() => undefined)) === undefined) return t.skip('no ffmpeg here');
  await withPictures(async (source, out) => {
    await writeFile(path.join(source, 'day', '2.bmp'), 'BM, but no picture');
    const { text, json, notes } = await run('folder', { source, out, validationPerClass: '1' });
    const dataset = await readDataset(out);
    assert.deepEqual([dataset.name, dataset.classes], ['sky', ['day', 'night']]);
    const train = await readSplit(out, dataset, 'train');
    assert.deepEqual(
      train.map(({ id, verdict, frames, width, height, fps }) => [id, verdict, frames, width, height, fps]),
      [
        ['day/1.bmp', 'ok', 1, 6, 6, 0],
        ['day/2.bmp', 'unreadable', 0, 0, 0, 0],
        ['night/1.bmp', 'ok', 1, 6, 6, 0],
        ['night/2.bmp', 'ok', 1, 8, 8, 0],
      ],
    );
    assert.equal((json as Report).images, 5);
    assert.match(text, /^train +4 +- +4 +3 +0 +1 +0$/m);
    assert.match(text, /! unreadable, .*: day\/2\.bmp/);
    assert.match(notes.join(), /6 files read, 0 known from before/);
    const second = await run('folder', { source, out, validationPerClass: '1' });
    assert.match(second.notes.join(), /0 files read, 6 known from before/);
  });
});

test('a dry run lists and reads nothing', async () => {
  await withPictures(async (source, out) => {
    const { text, json } = await run('folder', { source, out, dryRun: true });
    assert.match(text, /^train +4 +4 +0$/m);
    assert.deepEqual((json as { splits: unknown }).splits, [
      { split: 'train', listed: 4, found: 4 },
      { split: 'validation', listed: 2, found: 2 },
    ]);
    await assert.rejects(readDataset(out), { kind: 'data' });
  });
});

test('what is called wrongly is a usage error that says how', async () => {
  const faults: [string, Options, RegExp][] = [
    ['hmdb', { source: '.', out: 'x' }, /no data set hmdb; did you mean hmdb51\?[\s\S]*ssv2, hmdb51, ucf101/],
    ['hmdb51', { out: 'x' }, /--source is missing[\s\S]*hmdb51_org\.rar[\s\S]*serre-lab/],
    ['hmdb51', { source: '.' }, /--out is missing[\s\S]*--out data\/hmdb51/],
    ['hmdb51', { source: '.', out: 'x', csv: 'y' }, /--csv is no option for hmdb51[\s\S]*folder/],
    ['folder', { source: '.', out: 'x', annotations: 'y' }, /--annotations is no option for folder[\s\S]*ssv2, hmdb51/],
    ['ssv2', { source: '.', out: 'x', shard: '4/3' }, /--shard is 4\/3\n.*as 1\/8 to 8\/8/],
    ['ssv2', { source: '.', out: 'x', shard: '1/3', limit: '2' }, /--limit goes neither with --shard nor with --merge/],
    ['ssv2', { source: '.', out: 'x', shard: '1/3', merge: true }, /--merge goes neither with --shard/],
    ['folder', { source: '.', out: '../x', videos: 'y' }, /--videos and --no-unpack are no options for folder/],
    ['folder', { source: '.', out: './inside' }, /--out lies inside --source/],
    ['folder', { source: '.', out: '.' }, /--out lies inside --source/],
    ['folder', { source: '.', out: '../x', jobs: '0' }, /--jobs is 0[\s\S]*whole number from 1/],
    ['folder', { source: '.', out: '../x', validationPerClass: '2.5' }, /--validation-per-class is 2\.5/],
    [
      'folder',
      { source: '.', out: '../x', validationFraction: '20' },
      /--validation-fraction is 20[\s\S]*between 0 and 1/,
    ],
  ];
  for (const [dataset, options, message] of faults) {
    await assert.rejects(run(dataset, options), { kind: 'usage', message });
  }
});

test('options are those of the command line', () => {
  const keys = prepare.options.map(({ flags }) => flags.split(' ')[0]);
  for (const example of prepare.examples) {
    for (const flag of example.match(/--[a-z-]+/g) ?? []) assert.ok(keys.includes(flag), `${flag} in: ${example}`);
  }
});
