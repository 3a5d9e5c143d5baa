import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { freeBytes, isPublished, placesIn, publish, removeLeftovers, requireSpace } from '../../src/setup/cache.ts';

let cache: string;
let folder: string;
beforeEach(async () => {
  cache = await mkdtemp(path.join(os.tmpdir(), 'petl-cache-'));
  folder = path.join(cache, 'things', '1.0');
});
afterEach(() => rm(cache, { recursive: true, force: true }));

async function fill(staging: string): Promise<void> {
  await mkdir(path.join(staging, 'a'));
  await writeFile(path.join(staging, 'a', 'b.txt'), 'hello');
}

test('a folder appears whole, and a file cut later is noticed and mended', async () => {
  assert.equal(await isPublished(folder), false);
  await publish(cache, folder, fill);
  assert.equal(await isPublished(folder), true);
  assert.deepEqual(JSON.parse(await readFile(path.join(folder, 'contents.json'), 'utf8')), { 'a/b.txt': 5 });
  await truncate(path.join(folder, 'a', 'b.txt'), 3);
  assert.equal(await isPublished(folder), false);
  await publish(cache, folder, fill);
  assert.equal(await isPublished(folder), true);
  await rm(path.join(folder, 'a', 'b.txt'));
  assert.equal(await isPublished(folder), false);
});

test('a filling that fails leaves nothing behind', async () => {
  const failing = publish(cache, folder, async (staging) => {
    await fill(staging);
    throw new Error('cut off');
  });
  await assert.rejects(failing, /^Error: cut off$/);
  assert.deepEqual(await readdir(placesIn(cache).staging), []);
  await assert.rejects(stat(folder), { code: 'ENOENT' });
});

test('leftovers go: staging at once, parts after a week, whole wheels never', async () => {
  const { staging, downloads } = placesIn(cache);
  await mkdir(path.join(staging, 'half'), { recursive: true });
  await mkdir(downloads);
  const old = new Date(Date.now() - 8 * 24 * 3600 * 1000);
  for (const name of ['new.whl.part', 'old.whl.part', 'old.whl.part.tag', 'old.whl']) {
    await writeFile(path.join(downloads, name), 'x');
    if (name.startsWith('old')) await utimes(path.join(downloads, name), old, old);
  }
  await removeLeftovers(cache);
  assert.deepEqual((await readdir(downloads)).sort(), ['new.whl.part', 'old.whl']);
  await assert.rejects(stat(staging), { code: 'ENOENT' });
});

test('free space is known for folders that do not exist yet, and too little of it is an error', async () => {
  const there = await freeBytes(cache);
  const below = await freeBytes(path.join(cache, 'not', 'yet'));
  assert.ok(there !== undefined && there > 0 && below !== undefined);
  assert.ok(Math.abs(below - there) < 1e9);
  await requireSpace(cache, 1, 'a byte');
  await assert.rejects(requireSpace(cache, 1e18, 'a giant'), {
    kind: 'environment',
    message: /too full for a giant: 1000000000000 MB needed/,
  });
});
