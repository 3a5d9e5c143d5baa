import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { withLock } from '../../src/setup/lock.ts';

let folder: string;
let lock: string;
const none = new AbortController().signal;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'petl-lock-'));
  lock = path.join(folder, 'setup.lock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const fails = (holder: string): never => assert.fail(`waited for ${holder}`);

test('two processes are never inside at once, and both get in', async () => {
  const log = path.join(folder, 'log');
  const script = `
    import { appendFileSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    import { withLock } from ${JSON.stringify(new URL('../../src/setup/lock.js', import.meta.url).href)};
    const [, lock, log] = process.argv;
    const options = { signal: AbortSignal.timeout(20000), onWait: () => undefined };
    for (let i = 0; i < 3; i++) {
      await withLock(lock, options, async () => {
        appendFileSync(log, 'in ' + process.pid + '\\n');
        await sleep(30);
        appendFileSync(log, 'out ' + process.pid + '\\n');
      });
    }`;
  const run = () =>
    new Promise<number | null>((resolve) => {
      const args = ['--input-type=module', '-e', script, lock, log];
      spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] }).on('close', resolve);
    });
  assert.deepEqual(await Promise.all([run(), run()]), [0, 0]);
  const lines = (await readFile(log, 'utf8')).trim().split('\n');
  assert.equal(lines.length, 12);
  for (let i = 0; i < 12; i += 2) assert.equal(lines[i]?.replace('in', 'out'), lines[i + 1]);
  assert.equal(new Set(lines).size, 4);
  assert.deepEqual(await readdir(folder), ['log']);
});

test('the lock of a dead process is taken over without waiting', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  await writeFile(lock, JSON.stringify({ pid, host: os.hostname(), id: 'gone' }));
  assert.equal(await withLock(lock, { signal: none, onWait: fails }, async () => 'in'), 'in');
});

test('a lock that nobody has touched for a minute is taken over; a fresh one is waited for', async () => {
  const elsewhere = { pid: process.pid, host: 'another-machine', id: 'other' };
  await writeFile(lock, JSON.stringify(elsewhere));
  const waited: string[] = [];
  const signal = AbortSignal.timeout(700);
  const attempt = withLock(lock, { signal, onWait: (holder) => waited.push(holder) }, async () => 'in');
  await assert.rejects(attempt, { name: 'TimeoutError' });
  assert.deepEqual(waited, [`process ${process.pid} on another-machine`]);
  assert.deepEqual(JSON.parse(await readFile(lock, 'utf8')), elsewhere);

  const old = new Date(Date.now() - 61_000);
  await utimes(lock, old, old);
  assert.equal(await withLock(lock, { signal: none, onWait: fails }, async () => 'in'), 'in');
});

test('the lock is released when the work fails', async () => {
  const options = { signal: none, onWait: fails };
  await assert.rejects(
    withLock(lock, options, () => Promise.reject(new Error('no'))),
    /^Error: no$/,
  );
  assert.equal(await withLock(lock, options, async () => 'in'), 'in');
  assert.deepEqual(await readdir(folder), []);
});
