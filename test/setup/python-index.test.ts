import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { findFile, headersFor, parseIndex, parsePage } from '../../src/setup/python-index.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

const HTML = `<!DOCTYPE html><html><body><h1>Links for demo</h1>
<a href="https://files.example/ab/demo-1.0-py3-none-any.whl#sha256=${A}" data-requires-python="&gt;=3.9">demo-1.0-py3-none-any.whl</a><br/>
<a class='x' href='../../files/demo-1.1%2Bcpu-py3-none-any.whl?a=1&amp;b=2#egg=demo&amp;sha256=${B.toUpperCase()}'>demo 1.1</a>
<A HREF="demo-1.2.tar.gz">demo-1.2.tar.gz</A></body></html>`;

test('HTML: absolute and relative addresses, entities, fragments, no hash', () => {
  assert.deepEqual(parsePage(HTML, 'https://pypi.example/root/simple/demo/'), [
    { name: 'demo-1.0-py3-none-any.whl', url: 'https://files.example/ab/demo-1.0-py3-none-any.whl', sha256: A },
    {
      name: 'demo-1.1+cpu-py3-none-any.whl',
      url: 'https://pypi.example/root/files/demo-1.1%2Bcpu-py3-none-any.whl?a=1&b=2',
      sha256: B,
    },
    { name: 'demo-1.2.tar.gz', url: 'https://pypi.example/root/simple/demo/demo-1.2.tar.gz', sha256: undefined },
  ]);
});

test('HTML: <base> moves relative addresses', () => {
  const page = `<base href="/mirror/"><a href="x-1.whl#sha256=${A}">x</a>`;
  assert.equal(parsePage(page, 'https://h.example/simple/x/')[0]?.url, 'https://h.example/mirror/x-1.whl');
});

test('JSON: PEP 691', () => {
  const files = [
    { filename: 'x-1.whl', url: '../../files/x-1.whl', hashes: { sha256: A } },
    { filename: 'x-2.whl', url: 'https://f.example/x-2.whl', hashes: {} },
  ];
  assert.deepEqual(
    parsePage(JSON.stringify({ meta: { 'api-version': '1.0' }, files }), 'https://h.example/simple/x/'),
    [
      { name: 'x-1.whl', url: 'https://h.example/files/x-1.whl', sha256: A },
      { name: 'x-2.whl', url: 'https://f.example/x-2.whl', sha256: undefined },
    ],
  );
});

test('the address of an index: slash, login, other schemes', () => {
  assert.deepEqual(parseIndex('https://pypi.org/simple'), { url: 'https://pypi.org/simple/', headers: {} });
  const index = parseIndex('https://me:p%40ss@pypi.example/simple/');
  assert.equal(index.url, 'https://pypi.example/simple/');
  assert.deepEqual(index.headers, { authorization: `Basic ${Buffer.from('me:p@ss').toString('base64')}` });
  assert.deepEqual(headersFor(index, 'https://pypi.example/files/x.whl'), index.headers);
  assert.deepEqual(headersFor(index, 'https://files.example/x.whl'), {});
  assert.throws(() => parseIndex('file:///wheels'), { kind: 'environment' });
  assert.throws(() => parseIndex('pypi'), { kind: 'environment' });
});

let requests: IncomingMessage[] = [];
const server = createServer((request, response) => {
  requests.push(request);
  const { url = '' } = request;
  if (url === '/moved/simple/my-demo/') return response.writeHead(302, { location: '/simple/my-demo/' }).end();
  if (url === '/broken/simple/my-demo/') return response.end('{"files": [');
  if (url !== '/simple/my-demo/') return response.writeHead(404).end();
  // Mislabelled on purpose, as seen on a caching mirror.
  response.setHeader('content-type', 'application/vnd.pypi.simple.v1+json');
  return response.end(`<a href="../../packages/my_demo-1.whl#sha256=${A}">my_demo-1.whl</a>`);
});
let root: string;
before(async () => {
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});
const retrying = { signal: new AbortController().signal, backoff: 1, tries: 2 };

test('a file is found by name, the project in its normal form, after a redirect, with a login', async () => {
  requests = [];
  const index = parseIndex(`${root.replace('//', '//me:secret@')}/moved/simple`);
  const found = await findFile(index, 'My_Demo', 'my_demo-1.whl', A, retrying);
  assert.deepEqual(found, { name: 'my_demo-1.whl', url: `${root}/packages/my_demo-1.whl`, sha256: A });
  assert.deepEqual(
    requests.map(({ url }) => url),
    ['/moved/simple/my-demo/', '/simple/my-demo/'],
  );
  assert.equal(requests[0]?.headers.authorization, `Basic ${Buffer.from('me:secret').toString('base64')}`);
});

test('a missing project, a missing file, another digest and a broken page are named, without the password', async () => {
  const index = parseIndex(`${root.replace('//', '//me:secret@')}/simple`);
  const rejects = (project: string, name: string, sha256: string, message: RegExp, at = index) =>
    assert.rejects(findFile(at, project, name, sha256, retrying), (error: Error & { kind?: string }) => {
      assert.equal(error.kind, 'environment');
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  await rejects('other', 'other-1.whl', A, /404/);
  await rejects('my-demo', 'my_demo-2.whl', A, /has no file my_demo-2\.whl/);
  await rejects('my-demo', 'my_demo-1.whl', B, new RegExp(`expected SHA-256 ${B}\\n {2}offered {2}SHA-256 ${A}`));
  await rejects('my-demo', 'my_demo-1.whl', A, /cannot be read/, parseIndex(`${root}/broken/simple`));
});
