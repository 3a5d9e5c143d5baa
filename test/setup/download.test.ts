import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { type Download, download, hasDigest } from '../../src/setup/download.ts';

const BYTES = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) >> 3));
const SHA256 = createHash('sha256').update(BYTES).digest('hex');

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

let folder: string;
let file: string;
let closers: (() => void)[];
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'petl-download-'));
  file = path.join(folder, 'wheel.whl');
  closers = [];
});
afterEach(async () => {
  for (const close of closers) close();
  await rm(folder, { recursive: true, force: true });
});

/** A server whose requests are kept; `count` is 1 for the first. */
async function serve(handler: Handler) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    handler(request, response, requests.length);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/wheel.whl`, requests };
}

const options = (url: string, more: Partial<Download> = {}): Download => ({
  url,
  file,
  sha256: SHA256,
  signal: new AbortController().signal,
  backoff: 1,
  ...more,
});

/** Answers as a file server does, ranges included. */
function sendFile(request: IncomingMessage, response: ServerResponse, tag = '"one"', bytes = BYTES): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const ranged = start > 0 && (request.headers['if-range'] ?? tag) === tag;
  if (ranged && start >= bytes.length) {
    response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
    return;
  }
  const body = ranged ? bytes.subarray(start) : bytes;
  response.writeHead(ranged ? 206 : 200, {
    etag: tag,
    'content-length': body.length,
    ...(ranged ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}),
  });
  response.end(body);
}

/** Sends the beginning and cuts the connection. */
function cutAfter(bytes: number, response: ServerResponse, tag = '"one"'): void {
  response.writeHead(200, { etag: tag, 'content-length': BYTES.length });
  response.write(BYTES.subarray(0, bytes), () => setTimeout(() => response.destroy(), 20));
}

test('a whole file in one go, nothing else left in the folder', async () => {
  const { url, requests } = await serve((request, response) => sendFile(request, response));
  const seen: number[] = [];
  await download(options(url, { onBytes: (done) => seen.push(done), headers: { authorization: 'Basic eA==' } }));
  assert.ok(BYTES.equals(await readFile(file)));
  assert.equal(seen.at(-1), BYTES.length);
  assert.equal(requests[0]?.headers.authorization, 'Basic eA==');
  assert.equal(requests[0]?.headers['accept-encoding'], 'identity');
  assert.deepEqual(await readdir(folder), ['wheel.whl']);
  assert.equal(await hasDigest(file, SHA256, new AbortController().signal), true);
  assert.equal(await hasDigest(file, SHA256.replace(/^./, 'x'), new AbortController().signal), false);
  assert.equal(await hasDigest(`${file}.absent`, SHA256, new AbortController().signal), false);
});

test('a cut connection is resumed where it broke', async () => {
  const { url, requests } = await serve((request, response, count) =>
    count === 1 ? cutAfter(100_000, response) : sendFile(request, response),
  );
  await download(options(url));
  assert.ok(BYTES.equals(await readFile(file)));
  assert.equal(requests.length, 2);
  assert.equal(requests[1]?.headers.range, 'bytes=100000-');
  assert.equal(requests[1]?.headers['if-range'], '"one"');
});

test('an aborted download goes on in the next call', async () => {
  const abort = new AbortController();
  const { url, requests } = await serve((request, response, count) => {
    if (count > 1) return sendFile(request, response);
    response.writeHead(200, { etag: '"one"', 'content-length': BYTES.length });
    return response.write(BYTES.subarray(0, 100_000));
  });
  const stopped = download(
    options(url, { signal: abort.signal, onBytes: (done) => done === 100_000 && abort.abort(new Error('stop')) }),
  );
  await assert.rejects(stopped, /^Error: stop$/);
  assert.deepEqual((await readdir(folder)).sort(), ['wheel.whl.part', 'wheel.whl.part.tag']);
  await download(options(url));
  assert.ok(BYTES.equals(await readFile(file)));
  assert.equal(requests[1]?.headers.range, 'bytes=100000-');
});

test('a file that changed on the server, or a server without ranges, starts over', async () => {
  for (const second of ['"two"', undefined]) {
    const { url, requests } = await serve((request, response, count) => {
      if (count === 1) return cutAfter(100_000, response);
      if (second !== undefined) return sendFile(request, response, second);
      return response.writeHead(200, { 'content-length': BYTES.length }).end(BYTES);
    });
    await download(options(url));
    assert.ok(BYTES.equals(await readFile(file)));
    assert.equal(requests.length, 2);
    await rm(file);
  }
});

test('a wrong digest is tried once more, then named', async () => {
  const wrong = Buffer.from(BYTES);
  wrong[5] = 255 - (wrong[5] ?? 0);
  const found = createHash('sha256').update(wrong).digest('hex');
  const { url, requests } = await serve((request, response) => sendFile(request, response, '"one"', wrong));
  await assert.rejects(download(options(url)), (error: Error & { kind?: string }) => {
    assert.equal(error.kind, 'environment');
    assert.match(error.message, /wheel\.whl/);
    assert.ok(error.message.includes(SHA256) && error.message.includes(found));
    return true;
  });
  assert.equal(requests.length, 2);
  assert.deepEqual(await readdir(folder), []);
});

test('a spoilt beginning, or one longer than the file, is thrown away and the file fetched whole', async () => {
  for (const part of [Buffer.alloc(BYTES.length), Buffer.alloc(BYTES.length + 5), Buffer.alloc(1000)]) {
    await writeFile(`${file}.part`, part);
    const { url } = await serve((request, response) => sendFile(request, response));
    await download(options(url));
    assert.ok(BYTES.equals(await readFile(file)));
    await rm(file);
  }
});

test('a complete beginning needs no more bytes', async () => {
  await writeFile(`${file}.part`, BYTES);
  const { url, requests } = await serve((request, response) => sendFile(request, response));
  await download(options(url));
  assert.ok(BYTES.equals(await readFile(file)));
  assert.equal(requests.length, 1);
});

test('a busy server is asked again, a missing file is not', async () => {
  const busy = await serve((request, response, count) =>
    count < 3 ? response.writeHead(503).end() : sendFile(request, response),
  );
  await download(options(busy.url));
  assert.equal(busy.requests.length, 3);
  const missing = await serve((_request, response) => response.writeHead(404).end());
  await assert.rejects(download(options(missing.url)), { kind: 'environment', message: /404/ });
  assert.equal(missing.requests.length, 1);
});

test('it gives up after so many tries without a byte, and says why', async () => {
  const { url, requests } = await serve((_request, response) => response.writeHead(502).end());
  await assert.rejects(download(options(url, { tries: 3 })), { kind: 'environment', message: /502/ });
  assert.equal(requests.length, 3);
});

test('tries that bring bytes do not count', async () => {
  const { url, requests } = await serve((request, response) => {
    const start = Number(/\d+/.exec(request.headers.range ?? '0')?.[0]);
    response.writeHead(start === 0 ? 200 : 206, {
      'content-length': BYTES.length - start,
      'content-range': `bytes ${start}-${BYTES.length - 1}/${BYTES.length}`,
    });
    const slice = BYTES.subarray(start, start + 50_000);
    if (start + slice.length === BYTES.length) return response.end(slice);
    return response.write(slice, () => setTimeout(() => response.destroy(), 10));
  });
  await download(options(url, { tries: 2 }));
  assert.ok(BYTES.equals(await readFile(file)));
  assert.equal(requests.length, 6);
});

test('a connection that falls silent is cut and resumed', async () => {
  const { url, requests } = await serve((request, response, count) => {
    if (count > 1) return sendFile(request, response);
    response.writeHead(200, { etag: '"one"', 'content-length': BYTES.length });
    return response.write(BYTES.subarray(0, 50_000));
  });
  await download(options(url, { stall: 200 }));
  assert.ok(BYTES.equals(await readFile(file)));
  assert.equal(requests[1]?.headers.range, 'bytes=50000-');
});

test('no such host and nobody listening fail at once', async () => {
  const { url } = await serve(() => undefined);
  closers.pop()?.();
  const start = performance.now();
  await assert.rejects(download(options(url, { backoff: 5000 })), { kind: 'environment', message: /ECONNREFUSED/ });
  const blocked = options('http://127.0.0.1:1/wheel', { backoff: 5000 });
  await assert.rejects(download(blocked), { kind: 'environment', message: /bad port/ });
  assert.ok(performance.now() - start < 2000);
});
