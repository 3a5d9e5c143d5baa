import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { type Source, withWheel } from '../../src/setup/fetch-wheel.ts';
import { silent } from '../../src/setup/listener.ts';
import type { Wheel } from '../../src/setup/wheels.ts';
import { zipOf } from '../formats/zip-writer.ts';

const BYTES = zipOf([{ name: 'demo/hello.txt', data: Buffer.from('hello from a wheel'), deflate: true }]);
const WHEEL: Wheel = {
  project: 'demo',
  name: 'demo-1-py3-none-any.whl',
  sha256: createHash('sha256').update(BYTES).digest('hex'),
  bytes: BYTES.length,
  unpacked: 18,
};

let cache: string;
let paths: string[];
let source: Source;
const server = createServer((request, response) => {
  paths.push(request.url ?? '');
  if (request.url === '/simple/demo/') response.end(`<a href="/files/${WHEEL.name}">${WHEEL.name}</a>`);
  else response.end(BYTES);
});
beforeEach(async () => {
  cache = await mkdtemp(path.join(os.tmpdir(), 'petl-wheel-'));
  paths = [];
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const packageIndex = `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`;
  source = { cache, packageIndex, listener: silent, signal: new AbortController().signal };
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(cache, { recursive: true, force: true });
});

const readHello = (from = source, wheel = WHEEL) =>
  withWheel(wheel, from, async (zip) => (await zip.read('demo/hello.txt')).toString());

test('a wheel is found, fetched, read and removed', async () => {
  assert.equal(await readHello(), 'hello from a wheel');
  assert.deepEqual(paths, ['/simple/demo/', `/files/${WHEEL.name}`]);
  assert.deepEqual(await readdir(path.join(cache, 'downloads')), []);
});

test('a wheel put into the cache by hand needs no network, unless it is another file', async () => {
  const byHand = path.join(cache, 'downloads', WHEEL.name);
  await mkdir(path.dirname(byHand));
  await writeFile(byHand, BYTES);
  assert.equal(await readHello(), 'hello from a wheel');
  assert.deepEqual(paths, []);
  await writeFile(byHand, 'something else');
  assert.equal(await readHello(), 'hello from a wheel');
  assert.equal(paths.length, 2);
});

test('a wheel whose use fails is kept for the next try', async () => {
  const failing = withWheel(WHEEL, source, () => Promise.reject(new Error('interrupted')));
  await assert.rejects(failing, /^Error: interrupted$/);
  assert.equal(await readHello(), 'hello from a wheel');
  assert.equal(paths.length, 2);
});

test('without room on the disk nothing is fetched', async () => {
  await assert.rejects(readHello(source, { ...WHEEL, unpacked: 1e18 }), { kind: 'environment', message: /too full/ });
  assert.deepEqual(paths, []);
});
