import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { Dataset, Entry } from '../../src/data/manifest.ts';
import { readDataset, readSplit } from '../../src/data/read-dataset.ts';

const ENTRY: Entry = {
  id: 'a',
  file: 'run/a.mp4',
  label: 1,
  frames: 30,
  width: 64,
  height: 48,
  fps: 25,
  verdict: 'ok',
};

async function withPrepared(
  files: { dataset?: unknown; manifests: Record<string, readonly string[]> },
  check: (dir: string) => Promise<void>,
): Promise<void> {
  const dir = await mkdtemp(path.join(tmpdir(), 'read-dataset-'));
  try {
    if (files.dataset !== undefined) await writeFile(path.join(dir, 'dataset.json'), JSON.stringify(files.dataset));
    for (const [name, lines] of Object.entries(files.manifests))
      await writeFile(path.join(dir, name), lines.join('\n'));
    await check(dir);
  } finally {
    await rm(dir, { recursive: true });
  }
}

const plain = (listed: number, name: 'train' | 'test' = 'train'): Dataset => ({
  name: 'sport',
  classes: ['jump', 'run'],
  root: '/videos',
  flip: true,
  splits: [{ name, manifest: `${name}.jsonl`, listed, usable: listed }],
});

test('reads back a split with its unusable entries, in order', async () => {
  const missing: Entry = {
    ...ENTRY,
    id: 'b',
    frames: 0,
    width: 0,
    height: 0,
    fps: 0,
    verdict: 'missing',
    reason: 'gone',
  };
  const lines = [ENTRY, missing].map((entry) => JSON.stringify(entry));
  await withPrepared({ dataset: plain(2), manifests: { 'train.jsonl': [...lines, ''] } }, async (dir) => {
    const dataset = await readDataset(dir);
    assert.deepEqual(dataset, plain(2));
    assert.deepEqual(await readSplit(dir, dataset, 'train'), [ENTRY, missing]);
  });
});

test('names file and line of what is wrong in a manifest', async () => {
  const faults: [Partial<Record<keyof Entry, unknown>>, RegExp][] = [
    [{ label: 2 }, /label 2 is out of range; 2 classes have the labels 0 to 1\n/],
    [{ label: -1 }, /label -1 is out of range/],
    [{ label: 0.5 }, /0\.5 is no whole number/],
    [{ frames: -3 }, /"frames" is -3/],
    [{ frames: 0 }, /verdict is ok, but it has no frames/],
    [{ width: 0 }, /no frames or no size/],
    [{ height: 1.5 }, /"height" is 1.5/],
    [{ fps: -25 }, /"fps" is -25/],
    [{ fps: null }, /"fps" is null/],
    [{ verdict: 'fine' }, /verdict is none of/],
    [{ id: 7 }, /needs an "id"/],
    [{ file: '' }, /needs a "file"/],
    [{ id: 'a' }, /the id a stands on an earlier line already/],
  ];
  for (const [fault, message] of faults) {
    const lines = [JSON.stringify(ENTRY), JSON.stringify({ ...ENTRY, id: 'b', ...fault })];
    await withPrepared({ dataset: plain(2), manifests: { 'train.jsonl': lines } }, async (dir) => {
      await assert.rejects(readSplit(dir, await readDataset(dir), 'train'), (error: Error & { kind?: string }) => {
        assert.match(error.message, message);
        assert.match(error.message, /train\.jsonl:2/);
        assert.equal(error.kind, 'data');
        return true;
      });
    });
  }
  await withPrepared(
    { dataset: plain(2), manifests: { 'train.jsonl': [JSON.stringify(ENTRY), '{"id":'] } },
    async (dir) => {
      await assert.rejects(readSplit(dir, await readDataset(dir), 'train'), /not JSON[\s\S]*train\.jsonl:2/);
    },
  );
});

test('lets only a test split hide its labels', async () => {
  const hidden = JSON.stringify({ ...ENTRY, label: -1 });
  await withPrepared({ dataset: plain(1, 'test'), manifests: { 'test.jsonl': [hidden] } }, async (dir) => {
    const entries = await readSplit(dir, await readDataset(dir), 'test');
    assert.equal(entries[0]?.label, -1);
  });
});

test('chooses a fold, and asks for one where there are several', async () => {
  const folds = [1, 2].map((fold) => ({
    name: 'test',
    fold,
    manifest: `fold${fold}-test.jsonl`,
    listed: 1,
    usable: 1,
  }));
  const manifests = Object.fromEntries(
    [1, 2].map((k) => [`fold${k}-test.jsonl`, [JSON.stringify({ ...ENTRY, id: `v${k}` })]]),
  );
  await withPrepared({ dataset: { ...plain(1), splits: folds }, manifests }, async (dir) => {
    const dataset = await readDataset(dir);
    assert.equal((await readSplit(dir, dataset, 'test', 2))[0]?.id, 'v2');
    await assert.rejects(readSplit(dir, dataset, 'test'), {
      kind: 'config',
      message: /2 folds and none was chosen[\s\S]*1, 2/,
    });
    await assert.rejects(readSplit(dir, dataset, 'test', 3), { kind: 'config', message: /no fold 3 .*[\s\S]*1, 2/ });
    await assert.rejects(readSplit(dir, dataset, 'train'), { kind: 'config', message: /no train split[\s\S]*test/ });
  });
  await withPrepared({ dataset: plain(1), manifests: { 'train.jsonl': [JSON.stringify(ENTRY)] } }, async (dir) => {
    const dataset = await readDataset(dir);
    assert.equal((await readSplit(dir, dataset, 'train', 1)).length, 1);
    await assert.rejects(readSplit(dir, dataset, 'train', 2), { kind: 'config', message: /this data set has none/ });
  });
});

test('a split without folds serves every fold that another has', async () => {
  const split = (name: string, fold?: number) => ({
    ...{ name, manifest: `${fold ?? ''}${name}.jsonl`, listed: 1, usable: 1 },
    ...(fold === undefined ? {} : { fold }),
  });
  const splits = [split('train', 10), split('train', 161), split('test')];
  const manifests = Object.fromEntries(splits.map(({ manifest }) => [manifest, [JSON.stringify(ENTRY)]]));
  await withPrepared({ dataset: { ...plain(1), splits }, manifests }, async (dir) => {
    const dataset = await readDataset(dir);
    assert.equal((await readSplit(dir, dataset, 'test', 161)).length, 1);
    assert.equal((await readSplit(dir, dataset, 'test')).length, 1);
    assert.equal((await readSplit(dir, dataset, 'train', 161)).length, 1);
    await assert.rejects(readSplit(dir, dataset, 'test', 12), {
      kind: 'config',
      message: /no fold 12 .*[\s\S]*10, 161/,
    });
    await assert.rejects(readSplit(dir, dataset, 'train'), { kind: 'config', message: /2 folds and none was chosen/ });
  });
});

test('says what lists and pixels came from', async () => {
  const origin = { images: 'JPEG copies' };
  await withPrepared({ dataset: { ...plain(1), origin }, manifests: {} }, async (dir) => {
    assert.deepEqual((await readDataset(dir)).origin, origin);
  });
  await withPrepared({ dataset: { ...plain(1), origin: { images: 3 } }, manifests: {} }, (dir) =>
    assert.rejects(readDataset(dir), { kind: 'data', message: /an "origin" that is no object of texts/ }),
  );
});

test('refuses an unprepared folder, an unfinished one, and a split without a usable file', async () => {
  await withPrepared({ manifests: {} }, async (dir) => {
    await assert.rejects(readDataset(dir), { kind: 'data', message: /petl-video prepare .*--out / });
    await assert.rejects(readDataset(path.join(dir, 'nowhere')), { kind: 'data' });
  });
  await withPrepared({ dataset: { ...plain(1), classes: [] }, manifests: {} }, async (dir) => {
    await assert.rejects(readDataset(dir), /no "classes"/);
  });
  await withPrepared({ dataset: plain(2), manifests: { 'train.jsonl': [JSON.stringify(ENTRY)] } }, async (dir) => {
    await assert.rejects(readSplit(dir, await readDataset(dir), 'train'), /1 entries where dataset.json says 2/);
  });
  const gone = JSON.stringify({ ...ENTRY, frames: 0, width: 0, height: 0, verdict: 'missing' });
  await withPrepared({ dataset: plain(1), manifests: { 'train.jsonl': [gone] } }, async (dir) => {
    await assert.rejects(readSplit(dir, await readDataset(dir), 'train'), {
      kind: 'data',
      message: /1 missing, 0 unreadable/,
    });
  });
  await withPrepared({ dataset: plain(0), manifests: { 'train.jsonl': [''] } }, async (dir) => {
    await assert.rejects(readSplit(dir, await readDataset(dir), 'train'), {
      kind: 'data',
      message: /it has no entries/,
    });
  });
});
