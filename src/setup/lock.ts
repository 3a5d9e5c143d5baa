/**
 * One set-up at a time per cache folder. The lock is a file made exclusively; its holder touches it every two seconds.
 * It is taken over when the holder's process is gone (same machine) or when it has not been touched for a minute
 * (another machine on a shared disk, or a process id that was given out again).
 *
 * Two processes may at worst both believe they hold it, for instance after the machine slept. Nothing wrong is
 * published then, because downloads are verified and publishing is one rename; one of the two may fail and need a rerun.
 */
import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../errors/index.ts';

export interface LockOptions {
  readonly signal: AbortSignal;
  /** Called once when somebody else holds the lock, with whom. */
  readonly onWait: (holder: string) => void;
}

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly id: string;
}

const HEARTBEAT_MS = 2_000;
const SILENT_MS = 60_000;
const POLL_MS = 250;

/** Runs `work` while holding the lock `file`. Rejects with the signal's reason when aborted while waiting. */
export async function withLock<T>(file: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  await mkdir(path.dirname(file), { recursive: true });
  const self: Holder = { pid: process.pid, host: os.hostname(), id: randomUUID() };
  await acquire(file, self, options);
  const beat = setInterval(() => {
    const now = new Date();
    // A lock that was taken over is no longer there or no longer ours; the next heartbeat fails the same way.
    utimes(file, now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  beat.unref();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    if ((await holderOf(file))?.id === self.id) await rm(file, { force: true });
  }
}

async function acquire(file: string, self: Holder, options: LockOptions): Promise<void> {
  let told = false;
  for (;;) {
    options.signal.throwIfAborted();
    if (await tryCreate(file, self)) return;
    const found = await inspect(file);
    if (found === 'gone') continue;
    if (found.stale) {
      await breakLock(file, found.text);
      continue;
    }
    if (!told) options.onWait(found.name);
    told = true;
    await sleep(POLL_MS, undefined, { signal: options.signal }).catch(() => options.signal.throwIfAborted());
  }
}

async function tryCreate(file: string, self: Holder): Promise<boolean> {
  // Written under another name first, so that nobody ever reads a half-written lock.
  const own = `${file}.${self.id}`;
  const handle = await open(own, 'wx');
  try {
    await handle.writeFile(JSON.stringify(self));
  } finally {
    await handle.close();
  }
  try {
    await link(own, file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

async function inspect(file: string): Promise<'gone' | { stale: boolean; text: string; name: string }> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(file, 'utf8'), stat(file)]);
    const holder = parse(text);
    const silent = Date.now() - mtimeMs > SILENT_MS;
    const dead = holder !== undefined && holder.host === os.hostname() && !isAlive(holder.pid);
    const name = holder === undefined ? 'an unknown process' : `process ${holder.pid} on ${holder.host}`;
    return { stale: silent || dead, text, name };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'gone';
    throw error;
  }
}

/** Removes the lock seen as stale. If somebody else took it over in between, theirs is put back. */
async function breakLock(file: string, seen: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
    if ((await readFile(aside, 'utf8')) !== seen) await link(aside, file);
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

async function holderOf(file: string): Promise<Holder | undefined> {
  try {
    return parse(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function parse(text: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isHolder = typeof value === 'object' && value !== null && 'pid' in value && 'host' in value && 'id' in value;
    return isHolder ? (value as Holder) : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: alive, but another user's.
    return codeOf(error) === 'EPERM';
  }
}
