import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { PetlVideoError } from '../../src/errors/index.ts';
import { writeFileAtomic } from '../../src/formats/write-file.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'write-'));
});
after(() => rm(folder, { recursive: true }));

test('writes text, bytes and chunks, and replaces what was there', async () => {
  const file = path.join(folder, 'a.txt');
  await writeFileAtomic(file, 'grün\n');
  assert.equal(await readFile(file, 'utf8'), 'grün\n');
  await writeFileAtomic(file, Uint8Array.of(1, 2, 3));
  assert.deepEqual([...(await readFile(file))], [1, 2, 3]);
  await writeFileAtomic(
    file,
    (async function* () {
      yield Buffer.alloc(700_000, 1);
      yield Buffer.alloc(0);
      yield Buffer.alloc(600_000, 2);
    })(),
  );
  assert.ok((await readFile(file)).equals(Buffer.concat([Buffer.alloc(700_000, 1), Buffer.alloc(600_000, 2)])));
  assert.deepEqual(await readdir(folder), ['a.txt']);
});

test('chunks that fail half-way leave the old file as it was and nothing beside it', async () => {
  const file = path.join(folder, 'b.txt');
  await writeFile(file, 'old');
  const failing = (function* () {
    yield Buffer.from('new');
    throw new Error('half-way');
  })();
  await assert.rejects(writeFileAtomic(file, failing), /half-way/);
  assert.equal(await readFile(file, 'utf8'), 'old');
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.includes('b.txt')),
    ['b.txt'],
  );
});

test('what the system refuses names the file and the way out', async () => {
  const refused = async (file: string, what: RegExp): Promise<void> => {
    await assert.rejects(writeFileAtomic(file, 'x'), (error) => {
      assert.ok(error instanceof PetlVideoError);
      assert.equal(error.kind, 'environment');
      assert.equal(error.at, file);
      assert.match(error.message, what);
      return true;
    });
  };
  await refused(path.join(folder, 'absent', 'c.txt'), /folder does not exist\n.*\n {2}→ create the folder/);
  const taken = path.join(folder, 'taken');
  await mkdir(taken);
  await refused(taken, /folder of that name/);
  await rm(taken, { recursive: true });
});

test('a full disk is an environment error', async (t) => {
  // Every write to /dev/full fails with ENOSPC; a link to it stands in for the temporary file's disk.
  if (!existsSync('/dev/full')) return t.skip('no /dev/full');
  const { open } = await import('node:fs/promises');
  const full = await open('/dev/full', 'w');
  const prototype = Object.getPrototypeOf(full) as { writeFile: (data: unknown) => Promise<void> };
  t.mock.method(prototype, 'writeFile', () => full.write(Buffer.of(1)).then(() => undefined));
  const file = path.join(folder, 'full.txt');
  await assert.rejects(writeFileAtomic(file, 'x'), (error) => {
    assert.ok(error instanceof PetlVideoError);
    assert.equal(error.kind, 'environment');
    assert.match(error.message, /the disk is full\n {2}at .*full\.txt\n {2}→ free some space/);
    return true;
  });
  t.mock.restoreAll();
  await full.close();
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.includes('full')),
    [],
  );
});
