import assert from 'node:assert/strict';
import {
  appendFile,
  type FileHandle,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { Listing } from '../../src/data/listing.ts';
import type { Listed } from '../../src/data/manifest.ts';
import { type PrepareOptions, prepare, survey } from '../../src/data/prepare.ts';
import { readDataset, readSplit } from '../../src/data/read-dataset.ts';
import { formatReport } from '../../src/data/report.ts';
import { Interrupted } from '../../src/errors/index.ts';
import type { VideoFacts } from '../../src/video/facts.ts';

const FACTS: VideoFacts = { frames: 30, width: 320, height: 240, fps: 30, verdict: 'ok' };

interface Bench {
  readonly root: string;
  readonly out: string;
  /** The files the fake probe was asked to read, in order. */
  readonly asked: string[];
  run(listing: Partial<Listing>, options?: Partial<PrepareOptions>): ReturnType<typeof prepare>;
}

/** Files `v0.mp4`… below a root, and a probe that makes up facts from the file's name and content. */
async function withBench(files: Record<string, string>, check: (bench: Bench) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'prepare-'));
  const root = path.join(folder, 'videos');
  const out = path.join(folder, 'prepared');
  const asked: string[] = [];
  try {
    await mkdir(root);
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(root, name), text);
    await check({
      root,
      out,
      asked,
      run: (listing, options = {}) =>
        prepare({
          listing: { classes: ['a', 'b'], root, splits: [], notes: [], ...listing },
          definition: { name: 'sport', flip: true, official: [] },
          out,
          reader: 'fake 1',
          jobs: 2,
          signal: new AbortController().signal,
          probe: async (file) => {
            asked.push(path.basename(file));
            const text = await readFile(file, 'utf8');
            if (text === 'bad')
              return { ...FACTS, frames: 0, width: 0, height: 0, fps: 0, verdict: 'unreadable', reason: 'no moov' };
            if (text === 'torn') return { ...FACTS, frames: 12, verdict: 'damaged', reason: 'cut short' };
            return { ...FACTS, frames: text.length };
          },
          ...options,
        }),
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

const entry = (file: string, label = 0): Listed => ({ id: path.parse(file).name, file, label });
const six = Object.fromEntries(['a', 'bb', 'ccc', 'dddd', 'eeeee', 'ffffff'].map((text, i) => [`v${i}.mp4`, text]));
const sixEntries = Object.keys(six).map((file, i) => entry(file, i % 2));

async function published(out: string): Promise<Record<string, string>> {
  const names = (await readdir(out)).filter((name) => name !== 'probe.jsonl').sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(path.join(out, name), 'utf8')])),
  );
}

test('writes manifests with verdicts and reasons, and a report that counts them', async () => {
  const files = { 'v0.mp4': 'xxxxx', 'v1.mp4': 'bad', 'v2.mp4': 'torn', 'v3.mp4': '', 'still.JPG': 'x' };
  await withBench(files, async ({ run, out, root, asked }) => {
    const train = [entry('v0.mp4'), entry('v1.mp4'), entry('v2.mp4', 1), entry('v3.mp4'), entry('gone.mp4', 1)];
    const splits = [
      { name: 'train' as const, entries: train },
      { name: 'test' as const, entries: [{ ...entry('still.JPG'), label: -1 }] },
    ];
    const { report, read } = await run(
      { splits, notes: ['a note'] },
      { definition: { name: 'sport', flip: false, classes: 3, official: [{ split: 'train', entries: 7 }] } },
    );
    assert.deepEqual(
      asked.sort(),
      ['still.JPG', 'v0.mp4', 'v1.mp4', 'v2.mp4'],
      'an empty file is not handed to ffmpeg',
    );
    assert.equal(read, 4);
    const dataset = await readDataset(out);
    assert.deepEqual(dataset, {
      name: 'sport',
      classes: ['a', 'b'],
      root,
      flip: false,
      splits: [
        { name: 'train', manifest: 'train.jsonl', listed: 5, usable: 2 },
        { name: 'test', manifest: 'test.jsonl', listed: 1, usable: 1 },
      ],
    });
    const entries = await readSplit(out, dataset, 'train');
    assert.deepEqual(
      entries.map(({ id, verdict, frames, reason }) => [id, verdict, frames, reason]),
      [
        ['v0', 'ok', 5, undefined],
        ['v1', 'unreadable', 0, 'no moov'],
        ['v2', 'damaged', 12, 'cut short'],
        ['v3', 'unreadable', 0, 'the file is empty'],
        ['gone', 'missing', 0, 'no such file'],
      ],
    );
    assert.deepEqual(report.splits[0], {
      name: 'train',
      listed: 5,
      official: 7,
      found: 4,
      usable: 2,
      damaged: 1,
      unreadable: 2,
      missing: 1,
    });
    assert.deepEqual([report.videos, report.images, report.frames], [2, 1, { min: 5, median: 5, max: 12 }]);
    assert.equal(report.hours, 17 / 30 / 3600);
    assert.deepEqual(report, JSON.parse(await readFile(path.join(out, 'report.json'), 'utf8')));
    const text = formatReport(report);
    assert.match(text, /^train +5 +7 +4 +2 +1 +2 +1$/m);
    assert.match(text, /2 classes, official 3/);
    assert.match(text, /train: the list has 2 fewer entries than the official 7/);
    assert.match(text, /train: 3 of 5 entries are not usable \(60\.00 %\)/);
    assert.match(text, /! missing, no such file: gone$/m);
    assert.match(text, /! a note/);
    assert.match(text, /mirroring +changes the class/);
  });
});

test('a second run reads nothing and leaves every byte', async () => {
  await withBench(six, async ({ run, out, asked }) => {
    const splits = [{ name: 'train' as const, entries: sixEntries }];
    await run({ splits });
    const [before, times] = [await published(out), (await stat(path.join(out, 'dataset.json'))).mtimeMs];
    asked.length = 0;
    const { read, reused } = await run({ splits });
    assert.deepEqual([read, reused, asked], [0, 6, []]);
    assert.deepEqual(await published(out), before);
    assert.equal((await stat(path.join(out, 'dataset.json'))).mtimeMs, times, 'not written again');
  });
});

test('a file of several folds is read once', async () => {
  await withBench(six, async ({ run, asked, out }) => {
    const [front, back] = [sixEntries.slice(0, 3), sixEntries.slice(3)];
    const splits = [
      { name: 'train' as const, fold: 1, entries: front },
      { name: 'test' as const, fold: 1, entries: back },
      { name: 'train' as const, fold: 2, entries: back },
      { name: 'test' as const, fold: 2, entries: front },
    ];
    await run({ splits });
    assert.equal(asked.length, 6);
    const dataset = await readDataset(out);
    assert.deepEqual(
      dataset.splits.map((split) => split.manifest),
      ['fold1-train.jsonl', 'fold1-test.jsonl', 'fold2-train.jsonl', 'fold2-test.jsonl'],
    );
    assert.deepEqual(await readSplit(out, dataset, 'train', 1), await readSplit(out, dataset, 'test', 2));
  });
});

test('an interrupted run says so, keeps what it read, and the next one reads only the rest', async () => {
  await withBench(six, async ({ run, out, asked }) => {
    const splits = [{ name: 'train' as const, entries: sixEntries }];
    const abort = new AbortController();
    const stopped = run(
      { splits },
      { jobs: 1, signal: abort.signal, onProgress: (done) => done === 2 && abort.abort() },
    );
    await assert.rejects(stopped, (error: unknown) => {
      assert.ok(error instanceof Interrupted);
      assert.match(error.message, /4 files still to be read; 2 are read and saved/);
      return true;
    });
    await assert.rejects(readDataset(out), { kind: 'data' });
    asked.length = 0;
    const { read, reused } = await run({ splits });
    assert.deepEqual([read, reused, asked.sort()], [4, 2, ['v2.mp4', 'v3.mp4', 'v4.mp4', 'v5.mp4']]);
  });
});

test('reads again what changed, and what a kill left half written in the journal', async () => {
  await withBench(six, async ({ run, root, out, asked }) => {
    const splits = [{ name: 'train' as const, entries: sixEntries }];
    await run({ splits });
    const journal = path.join(out, 'probe.jsonl');
    const complete = await published(out);

    await writeFile(path.join(root, 'v1.mp4'), 'longer now');
    const time = new Date('2020-01-02T03:04:05Z');
    await utimes(path.join(root, 'v2.mp4'), time, time);
    asked.length = 0;
    await run({ splits });
    assert.deepEqual(asked.sort(), ['v1.mp4', 'v2.mp4']);
    assert.equal((await readSplit(out, await readDataset(out), 'train'))[1]?.frames, 10);
    assert.notDeepEqual(await published(out), complete);

    // Cut inside the last line, as a kill does: that file alone is read again, and the journal is whole after it.
    await truncate(journal, (await stat(journal)).size - 20);
    asked.length = 0;
    await run({ splits });
    assert.equal(asked.length, 1);
    asked.length = 0;
    await run({ splits });
    assert.deepEqual(asked, []);

    await appendFile(journal, 'null\n{"file":"v0.mp4","size":1}\nnonsense\n');
    await run({ splits });
    assert.deepEqual(asked, [], 'strange lines hide nothing');

    // What an older version found is found anew.
    await writeFile(journal, (await readFile(journal, 'utf8')).replaceAll('"version":2', '"version":1'));
    await run({ splits });
    assert.equal(asked.length, 6);
  });
});

test('reads what was unreadable again with another reader, and only that', async () => {
  await withBench({ 'v0.mp4': 'good', 'v1.mp4': 'bad' }, async ({ run, asked }) => {
    const splits = [{ name: 'train' as const, entries: sixEntries.slice(0, 2) }];
    await run({ splits });
    asked.length = 0;
    await run({ splits }, { reader: 'fake 2' });
    assert.deepEqual(asked, ['v1.mp4']);
    await run({ splits }, { reader: 'fake 2' });
    assert.deepEqual(asked, ['v1.mp4']);
  });
});

test('killed while publishing: never manifests of two runs side by side', async () => {
  await withBench(six, async ({ run, out }) => {
    const whole = [{ name: 'train' as const, entries: sixEntries }];
    await run({ splits: whole });
    // A folder in the manifest's place makes the write fail after dataset.json was taken away.
    await rm(path.join(out, 'train.jsonl'));
    await mkdir(path.join(out, 'train.jsonl'));
    await assert.rejects(run({ splits: [{ name: 'train', entries: sixEntries.slice(1) }] }), { kind: 'environment' });
    await assert.rejects(readDataset(out), { kind: 'data', message: /no prepared data set/ });
    await rm(path.join(out, 'train.jsonl'), { recursive: true });
    const { read } = await run({ splits: whole });
    assert.equal(read, 0);
    assert.equal((await readSplit(out, await readDataset(out), 'train')).length, 6);
  });
});

test('splits that are gone take their manifests with them', async () => {
  await withBench(six, async ({ run, out }) => {
    const train = { name: 'train' as const, entries: sixEntries.slice(0, 4) };
    await run({ splits: [train, { name: 'validation', entries: sixEntries.slice(4) }] });
    await run({ splits: [train] });
    assert.deepEqual(Object.keys(await published(out)), [
      'dataset.json',
      'problems.jsonl',
      'report.json',
      'train.jsonl',
    ]);
  });
});

test('a probe that cannot work stops the run with its own error', async () => {
  await withBench(six, async ({ run, out, asked }) => {
    const splits = [{ name: 'train' as const, entries: sixEntries }];
    let calls = 0;
    const probe = async () => {
      if (++calls === 3) throw new Error('ffmpeg is gone');
      return FACTS;
    };
    await assert.rejects(run({ splits }, { probe, jobs: 1 }), /ffmpeg is gone/);
    assert.equal(calls, 3, 'nothing is read after the failure');
    await assert.rejects(readDataset(out), { kind: 'data' });
    await run({ splits });
    assert.equal(asked.length, 4);
  });
});

test('a full disk stops the run, and what was read before it stays read', async (t) => {
  if ((await stat('/dev/full').catch(() => undefined)) === undefined) return t.skip('no /dev/full');
  await withBench(six, async ({ run, asked }) => {
    const full = await open('/dev/full', 'w');
    const prototype = Object.getPrototypeOf(full) as FileHandle;
    const { appendFile: append } = prototype;
    let lines = 0;
    t.mock.method(prototype, 'appendFile', async function (this: FileHandle, line: string) {
      if (++lines <= 2) await append.call(this, line);
      else await full.write(line);
    });
    const splits = [{ name: 'train' as const, entries: sixEntries }];
    await assert.rejects(run({ splits }, { jobs: 1 }), {
      kind: 'environment',
      message: /the disk is full[\s\S]*probe\.jsonl[\s\S]*free some space/,
    });
    t.mock.restoreAll();
    await full.close();
    assert.equal(asked.length, 3);
    const { read, reused } = await run({ splits });
    assert.deepEqual([read, reused], [4, 2]);
  });
});

test('refuses listings that contradict themselves', async () => {
  await withBench(six, async ({ run, out }) => {
    const train = { name: 'train' as const, entries: sixEntries };
    const faults: [Partial<Listing>, RegExp][] = [
      [{ splits: [] }, /lists no split/],
      [{ splits: [train, { name: 'test', entries: [] }] }, /the test split is empty/],
      [{ splits: [{ ...train, entries: [...sixEntries, entry('v0.mp4')] }] }, /the id v0 is listed twice/],
      [{ splits: [{ ...train, entries: [entry('v0.mp4', 2)] }] }, /v0: the label 2 is out of range[\s\S]*0 to 1/],
      [{ splits: [{ ...train, entries: [entry('v0.mp4', -1)] }] }, /v0: the label -1 is out of range/],
      [{ splits: [train, { name: 'test', entries: sixEntries.slice(3) }] }, /the id v3 is in train and in test/],
      [
        {
          splits: [
            { ...train, name: 'trainval' },
            { name: 'test', entries: sixEntries.slice(3) },
          ],
        },
        /the id v3 is in trainval and in test/,
      ],
      [
        {
          splits: [
            { ...train, fold: 161 },
            { name: 'test', entries: sixEntries.slice(4) },
          ],
        },
        /the id v4 is in fold 161 train and in test/,
      ],
      [{ splits: [{ ...train, entries: [entry('x/y.mp4')] }] }, /none of the 1 listed files was found[\s\S]*x.y\.mp4/],
    ];
    for (const [listing, message] of faults) await assert.rejects(run(listing), { kind: 'data', message });
    await assert.rejects(stat(out), { code: 'ENOENT' }, 'nothing was written');
    await run({ splits: [train] });
    await assert.rejects(run({ name: 'other', splits: [train] }), {
      kind: 'config',
      message: /holds the prepared data set sport/,
    });
  });
});

test('training and validation together are no leak, and what prepare wrote itself is not read', async () => {
  await withBench(six, async ({ run, out, asked }) => {
    const splits = [
      { name: 'train' as const, entries: sixEntries.slice(0, 4) },
      { name: 'validation' as const, entries: sixEntries.slice(4) },
      { name: 'trainval' as const, entries: sixEntries },
    ];
    const origin = { 'read from': 'a.mat (official)' };
    const { dataset, report, read } = await run({ splits, origin, written: { width: 32, height: 16 } });
    assert.deepEqual([asked, read], [[], 0]);
    assert.deepEqual((await readSplit(out, dataset, 'trainval'))[5], {
      ...{ id: 'v5', file: 'v5.mp4', label: 1, frames: 1, width: 32, height: 16, fps: 0, verdict: 'ok', bytes: 6 },
    });
    assert.deepEqual((await readDataset(out)).origin, origin);
    assert.match(formatReport(report), /^read from {3}a\.mat \(official\)$/m);
  });
});

test('a limit spreads over the split, and the report says that it is a trial', async () => {
  await withBench(six, async ({ run, out, asked }) => {
    const splits = [{ name: 'train' as const, entries: sixEntries }];
    const { report } = await run({ splits }, { limit: 3 });
    assert.deepEqual(asked.sort(), ['v0.mp4', 'v2.mp4', 'v4.mp4']);
    assert.match(formatReport(report), /only 3 entries of each split/);
    await run({ splits });
    assert.equal((await readSplit(out, await readDataset(out), 'train')).length, 6);
    assert.equal(asked.length, 6);
  });
});

test('surveys the disk without reading a file', async () => {
  await withBench(six, async ({ root, asked }) => {
    const listing: Listing = {
      classes: ['a', 'b'],
      root,
      notes: [],
      splits: [{ name: 'train', fold: 2, entries: [...sixEntries, entry('gone.mp4')] }],
    };
    assert.deepEqual(await survey(listing, new AbortController().signal), [
      { split: 'fold 2 train', listed: 7, found: 6 },
    ]);
    assert.deepEqual(asked, []);
  });
});
