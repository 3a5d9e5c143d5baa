/**
 * Downloads one file whose SHA-256 is known beforehand. Bytes collect in `<file>.part`, which a later call goes on
 * with (HTTP ranges, RFC 9110 section 14); `<file>.part.tag` keeps the server's name for the version begun, so that
 * a changed file is not glued to an old beginning. The digest has the last word either way.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, environmentError } from '../errors/index.ts';
import { hashFile } from '../formats/hash-file.ts';
import { get, type Retrying, reasonOf, retrying, Temporary, withoutCredentials } from './http.ts';

export interface Download extends Retrying {
  readonly url: string;
  /** Sent along, e.g. `authorization` of a private index. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly file: string;
  /** Of the whole file, in hexadecimal. */
  readonly sha256: string;
  readonly onBytes?: (done: number) => void;
  /** Milliseconds without a byte after which a try counts as failed. Default 60 s. */
  readonly stall?: number;
}

/**
 * Makes `file` exist with the promised digest.
 *
 * @throws environment error when the network, the disk or (twice) the digest fails; the signal's reason when aborted,
 *   in which case what has arrived is kept for the next call
 */
export async function download(options: Download): Promise<void> {
  const { file, sha256 } = options;
  const part = `${file}.part`;
  for (let again = false; ; again = true) {
    const found = await onDisk(file, () => fetchAll(options, part));
    if (found === sha256) break;
    await rm(part, { force: true });
    await rm(`${part}.tag`, { force: true });
    if (again) {
      throw environmentError(
        `the file downloaded is not the one expected: ${path.basename(file)}\n  expected SHA-256 ${sha256}\n  found    SHA-256 ${found}`,
        {
          at: withoutCredentials(options.url),
          remedy: 'a proxy or mirror may serve something else; try another network or index (PIP_INDEX_URL)',
        },
      );
    }
  }
  await rename(part, file);
  await rm(`${part}.tag`, { force: true });
}

/** Fetches until the server has no more to give; resolves with the digest of what is there. */
async function fetchAll(options: Download, part: string): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(part, 'a+');
  try {
    let done = 0;
    for await (const chunk of createReadStream(part, { signal: options.signal })) {
      hash.update(chunk as Buffer);
      done += (chunk as Buffer).length;
    }
    const state = { handle, hash, done };
    await retrying(options.url, options, () => fetchOnce(options, part, state));
    return state.hash.digest('hex');
  } finally {
    await handle.close();
  }
}

interface Progress {
  readonly handle: FileHandle;
  hash: Hash;
  done: number;
}

async function fetchOnce(options: Download, part: string, state: Progress): Promise<void> {
  const stalled = new AbortController();
  const wait = options.stall ?? 60_000;
  const timer = setTimeout(() => stalled.abort(), wait);
  const before = state.done;
  try {
    const headers = { ...options.headers, 'accept-encoding': 'identity', ...(await rangeFrom(state.done, part)) };
    const response = await get(options.url, headers, AbortSignal.any([options.signal, stalled.signal]));
    if (response.status === 416) {
      // Nothing after what we have: it is complete, or it is too long and the digest will say so.
      await response.body?.cancel();
      return;
    }
    if (response.status !== 206 || !startsAt(response, state.done)) await startOver(state);
    const tag = response.headers.get('etag') ?? response.headers.get('last-modified');
    // A weak tag may not be used for ranges (RFC 9110, 13.1.5).
    if (tag !== null && !tag.startsWith('W/')) await writeFile(`${part}.tag`, tag);
    else await rm(`${part}.tag`, { force: true });
    const length = response.headers.get('content-length');
    const end = length === null ? undefined : state.done + Number(length);
    for await (const chunk of response.body ?? []) {
      timer.refresh();
      await state.handle.writeFile(chunk);
      state.hash.update(chunk);
      state.done += chunk.length;
      options.onBytes?.(state.done);
    }
    if (end !== undefined && state.done < end) throw new Temporary('the connection ended early');
  } catch (error) {
    options.signal.throwIfAborted();
    const progressed = state.done > before;
    if (stalled.signal.aborted) throw new Temporary(`nothing arrived for ${wait / 1000} s`, { progressed });
    if (error instanceof Temporary) throw new Temporary(error.message, { progressed, wait: error.wait, cause: error });
    // undici's TypeError "terminated": the connection was cut. The system's errors are the disk's and pass through.
    if (error instanceof TypeError) throw new Temporary(reasonOf(error), { progressed, cause: error });
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function rangeFrom(done: number, part: string): Promise<Record<string, string>> {
  if (done === 0) return {};
  const tag = await readFile(`${part}.tag`, 'utf8').catch(() => '');
  return { range: `bytes=${done}-`, ...(tag === '' ? {} : { 'if-range': tag }) };
}

function startsAt(response: Response, done: number): boolean {
  return /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1] === String(done);
}

async function startOver(state: Progress): Promise<void> {
  await state.handle.truncate(0);
  state.hash = createHash('sha256');
  state.done = 0;
}

/** Whether the file is there and has that digest. */
export async function hasDigest(file: string, sha256: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await hashFile(file, 'sha256', signal)) === sha256;
  } catch (error) {
    signal.throwIfAborted();
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function onDisk<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = codeOf(error) ?? '';
    if (!['ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'EPERM'].includes(code)) throw error;
    const what = code === 'ENOSPC' || code === 'EDQUOT' ? 'the disk is full' : `the file cannot be written (${code})`;
    throw environmentError(`cannot download: ${what}`, {
      at: file,
      remedy: 'free some space, or set PETL_VIDEO_CACHE to another folder',
      cause: error,
    });
  }
}
