import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import { dataError } from '../../src/errors/index.ts';
import { exposure } from '../../src/serve/listen.ts';
import { serve } from '../../src/serve/serve.ts';
import { ABOUT, ANSWER, ask, post, speak, tryServer, until } from './asking.ts';

/** A server that does not answer must fail its test, and not hold up the others. */
const LIMIT = { timeout: 60_000 };
const VIDEO = Buffer.from([0, 1, 2, 3, 255]);
const PNG = { type: 'image/png', bytes: Uint8Array.of(1, 2, 3), height: 16 };

test('an upload is answered, with a file of its own that is gone afterwards', LIMIT, async (t) => {
  const server = await tryServer(t, {}, async ({ clip }) => ({
    ...ANSWER,
    clip: { ...ANSWER.clip, ...(clip && { strip: PNG }) },
  }));
  const { status, json } = await post(server.origin, '?name=swing.mp4&top=1&views=4x3&clip=1', VIDEO);
  assert.equal(status, 200);
  const { seconds, ...rest } = json;
  assert.deepEqual(rest, {
    file: 'swing.mp4',
    top: ANSWER.top,
    video: ANSWER.video,
    views: { segments: 4, crops: 3 },
    clip: { frames: 2, size: 16, height: 16, strip: 'data:image/png;base64,AQID' },
  });
  assert.deepEqual(Object.keys(seconds), ['upload', 'wait', 'decode', 'model']);
  const [question] = server.asked;
  assert.ok(question);
  assert.deepEqual(question.bytes, VIDEO);
  assert.deepEqual(question.views, { segments: 4, crops: 3 });
  assert.equal(question.top, 1);
  assert.equal(question.mode & 0o777, 0o600);
  assert.equal((await stat(server.uploads)).mode & 0o777, 0o700);
  assert.equal(path.dirname(question.file), server.uploads);
  assert.match(path.basename(question.file), /^[0-9a-f-]{36}$/);
  assert.deepEqual(await server.left(), []);

  // A single view in the middle, and the number of classes that the server was started with.
  assert.deepEqual((await post(server.origin, '', VIDEO)).json.clip, { frames: 2, size: 16 });
  assert.deepEqual(server.asked[1]?.views, { segments: 1, crops: 1 });
  assert.equal(server.asked[1]?.top, 2);
});

test('a form is an upload too', LIMIT, async (t) => {
  const { origin, asked, left } = await tryServer(t);
  const sent = async (form: FormData, query = '') => {
    const response = await fetch(`${origin}/api/classify${query}`, { method: 'POST', body: form });
    return { status: response.status, json: await response.json() };
  };
  const form = new FormData();
  form.append('top', '1');
  form.append('file', new Blob([VIDEO]), '../../etc/passwd');
  const { status, json } = await sent(form);
  assert.equal(status, 200);
  assert.equal(json.file, 'passwd');
  assert.deepEqual(asked[0]?.bytes, VIDEO);
  assert.equal(asked[0]?.top, 1);
  assert.equal((await sent(form, '?name=other.mp4')).json.file, 'other.mp4');

  const refusals: [FormData, number, RegExp][] = [];
  const none = new FormData();
  none.append('top', '1');
  refusals.push([none, 400, /no file/]);
  const two = new FormData();
  for (const name of ['a', 'b']) two.append(name, new Blob([VIDEO]), name);
  refusals.push([two, 400, /more than one file/]);
  const empty = new FormData();
  empty.append('file', new Blob([]), 'a');
  refusals.push([empty, 400, /empty/]);
  const large = new FormData();
  large.append('file', new Blob([new Uint8Array(100_001)]), 'a');
  refusals.push([large, 413, /larger than/]);
  const wrong = new FormData();
  wrong.append('file', new Blob([VIDEO]), 'a');
  wrong.append('tpo', '1');
  refusals.push([wrong, 400, /no tpo/]);
  for (const [body, wanted, says] of refusals) {
    const refusal = await sent(body);
    assert.equal(refusal.status, wanted, String(says));
    assert.match(refusal.json.error.what, says);
  }
  const exactly = new FormData();
  exactly.append('file', new Blob([new Uint8Array(100_000)]), 'a');
  assert.equal((await sent(exactly)).status, 200);
  const part = '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc';
  for (const body of ['--x\r\nContent-Disp', 'no form', part, `${part}\r\n--x`]) {
    for (const type of ['multipart/form-data', 'multipart/form-data; boundary=x']) {
      const { status: cut, json: why } = await post(origin, '', body, { 'Content-Type': type });
      assert.equal(cut, 400, `${type} ${body}`);
      assert.match(why.error.what, /form/);
    }
  }
  assert.deepEqual(await left(), []);
});

test('an upload of no bytes is refused', LIMIT, async (t) => {
  const { origin, asked } = await tryServer(t);
  const chunked = { 'Transfer-Encoding': 'chunked' };
  for (const heard of [
    await post(origin, '', ''),
    await ask(origin, '/api/classify', { method: 'POST' }),
    await ask(origin, '/api/classify', { method: 'POST', headers: chunked }),
  ]) {
    assert.equal(heard.status, 400);
    assert.match(heard.json.error.what, /empty/);
    assert.match(heard.json.error.remedy, /curl/);
  }
  assert.equal(asked.length, 0);
});

test('two gigabytes are refused before they come, and an endless stream when it has had enough', LIMIT, async (t) => {
  const { origin, left, asked, uploads } = await tryServer(t);
  // Whoever waits for leave to send has sent nothing.
  const polite = speak(origin);
  const head = 'POST /api/classify HTTP/1.1\r\nHost: localhost\r\n';
  polite.say(`${head}Content-Length: 2147483648\r\nExpect: 100-continue\r\n\r\n`);
  await until(() => polite.socket.bytesRead > 0);
  polite.socket.end();
  const said = await polite.closed;
  assert.match(said, /^HTTP\/1\.1 413 .*\r\n/);
  assert.match(said, /Connection: close\r\n/);
  assert.match(said, /larger than 0\.1 MB/);
  // Whoever sends at once gets the answer all the same, and is not read to the end.
  const rude = speak(origin);
  rude.say(`${head}Content-Length: 2147483648\r\n\r\n`);
  const endless = speak(origin);
  endless.say(`${head}Transfer-Encoding: chunked\r\n\r\n`);
  const piece = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000), Buffer.from('\r\n')]);
  for (const { socket, say, closed } of [rude, endless]) {
    let most = 0;
    const sender = setInterval(async () => {
      say(piece);
      most = Math.max(most, ...(await sizes(await left())));
      if (socket.bytesRead > 0) socket.end();
    }, 2);
    const heard = await closed.finally(() => clearInterval(sender));
    assert.match(heard, /^HTTP\/1\.1 413 [\s\S]*Connection: close[\s\S]*"remedy"/);
    assert.ok(most <= 100_000, `${most} bytes lay on the disk`);
  }
  assert.equal(asked.length, 0);
  await until(async () => (await left()).length === 0);

  async function sizes(names: readonly string[]): Promise<number[]> {
    const found = names.map((name) =>
      stat(path.join(uploads, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
    return Promise.all(found);
  }
});

test('curl sees why it is refused', LIMIT, async (t) => {
  const { origin } = await tryServer(t);
  const { execFile } = await import('node:child_process');
  const curl = new Promise<string | undefined>((resolve) => {
    const sent = execFile('curl', ['-s', '-T', '-', '-X', 'POST', `${origin}/api/classify`], (error, out) => {
      resolve(error !== null && (error as { code?: unknown }).code === 'ENOENT' ? undefined : out);
    });
    sent.stdin?.on('error', () => {});
    sent.stdin?.write(Buffer.alloc(3_000_000));
    t.after(() => sent.kill());
  });
  const out = await curl;
  if (out === undefined) return t.skip('there is no curl');
  assert.match(out, /larger than/);
});

test('text is no video, and is called text', LIMIT, async (t) => {
  const { origin } = await tryServer(t, {}, async ({ file }) => {
    throw dataError(`not a video or image that can be read: ${file} has no moov`, { at: file, remedy: 'see it play' });
  });
  const text = await post(origin, '?name=notes.txt', 'ffconcat version 1.0\nfile /etc/passwd\n# ünïcode');
  assert.equal(text.status, 400);
  assert.deepEqual(text.json.error, {
    what: 'not a video or image: the file holds text',
    remedy: 'send a video or an image',
  });
  const noise = await post(origin, '', VIDEO);
  assert.equal(noise.status, 400);
  assert.match(noise.json.error.what, /^not a video or image that can be read: the file\/[0-9a-f-]+ has no moov$/);
});

test('a name is for display, whatever it says', LIMIT, async (t) => {
  const { origin, asked, log } = await tryServer(t);
  const names = {
    '../../etc/passwd': 'passwd',
    'C:\\videos\\swing.mp4': 'swing.mp4',
    'a\u0000b\u001b[31m\u202egpj.mp4': 'ab[31mgpj.mp4',
    '/': 'upload',
    '..': '..',
    '<b>&"': '<b>&"',
  };
  for (const [name, shown] of Object.entries(names)) {
    const { json } = await post(origin, `?name=${encodeURIComponent(name)}`, VIDEO);
    assert.equal(json.file, shown);
  }
  const long = await post(origin, `?name=${'n'.repeat(10_000)}`, VIDEO);
  assert.equal(long.json.file, `${'n'.repeat(199)}…`);
  assert.ok(asked.every(({ file }) => /\/[0-9a-f-]{36}$/.test(file)));
  assert.ok(
    log.every((line) => /^POST \/api\/classify 200 \d+ ms$/.test(line)),
    log.join('\n'),
  );
});

test('a query that says something else is refused, and what it may say is told', LIMIT, async (t) => {
  const { origin, asked } = await tryServer(t);
  const wrong = {
    'top=0': 'top=0',
    'top=x': 'top=x',
    'views=9x9': 'views=9x9',
    'views=1': 'views=1',
    'clip=yes': 'clip=yes',
    'veiws=1x1': 'there is no veiws in the query',
    'top=1&top=2': 'top is given more than once',
  };
  for (const [query, what] of Object.entries(wrong)) {
    const { status, json } = await post(origin, `?${query}`, VIDEO);
    assert.equal(status, 400, query);
    assert.equal(json.error.what, what);
    assert.ok(json.error.remedy.length > 0);
  }
  assert.equal((await post(origin, '?veiws=1x1', VIDEO)).json.error.remedy, 'did you mean views?');
  assert.equal(asked.length, 0);
  assert.equal((await post(origin, '?top=99', VIDEO)).status, 200);
  assert.equal(asked[0]?.top, 3);
  assert.equal((await post(origin, '', VIDEO, { 'Content-Encoding': 'gzip' })).status, 415);
});

test('no path leads to a file, and other methods are told which', LIMIT, async (t) => {
  const { origin, log } = await tryServer(t);
  const paths = [
    '/../../package.json',
    '/%2e%2e/package.json',
    '//etc/passwd',
    '/api/run/',
    '/__proto__',
    '/constructor',
    '*',
  ];
  for (const target of [...paths, 'http://127.0.0.1/package.json', '/%00']) {
    const { status, json } = await ask(origin, target);
    assert.equal(status, 404, target);
    assert.ok(json.error.remedy.includes(origin));
  }
  for (const [method, target, allow] of [
    ['GET', '/api/classify', 'POST'],
    ['POST', '/', 'GET, HEAD'],
    ['DELETE', '/api/run', 'GET, HEAD'],
    ['OPTIONS', '/api/classify', 'POST'],
  ] as const) {
    const { status, headers } = await ask(origin, target, { method });
    assert.equal(status, 405);
    assert.equal(headers.allow, allow);
  }
  assert.ok(log.every((line) => !/[^ -~]/.test(line)));
});

test('the page and the facts of the run are told to their own page alone', LIMIT, async (t) => {
  const { origin } = await tryServer(t);
  const run = await ask(origin, '/api/run');
  assert.deepEqual(run.json, ABOUT);
  const page = await ask(origin, '/?from=somewhere');
  assert.equal(page.status, 200);
  assert.match(page.text, /<title>made-run/);
  for (const { headers } of [run, page]) {
    assert.equal(headers['access-control-allow-origin'], undefined);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
    assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/);
  }
  const head = await ask(origin, '/', { method: 'HEAD' });
  assert.equal(head.text, '');
  assert.equal(head.headers['content-length'], page.headers['content-length']);
});

test('names that stand for this machine today, and pages from elsewhere, are refused', LIMIT, async (t) => {
  const { origin, asked } = await tryServer(t);
  for (const host of [
    'evil.example',
    'evil.example:80',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '192.0.2.1',
  ]) {
    const { status, json } = await ask(origin, '/', { headers: { Host: host } });
    assert.equal(status, 403, host);
    assert.equal(json.error.remedy, `open ${origin}/`);
  }
  for (const host of ['localhost', 'LOCALHOST:9000', '127.0.0.1:1', '[::1]:8420', '127.1.2.3']) {
    assert.equal((await ask(origin, '/api/run', { headers: { Host: host } })).status, 200, host);
  }
  const old = speak(origin);
  old.say('GET / HTTP/1.0\r\n\r\n');
  assert.match(await old.closed, /^HTTP\/1\.1 403 /);
  const from = async (headers: Record<string, string>) => (await post(origin, '', VIDEO, headers)).status;
  assert.equal(await from({ Origin: 'http://evil.example' }), 403);
  assert.equal(await from({ Origin: 'null' }), 403);
  assert.equal(await from({ Origin: 'http://127.0.0.1:1' }), 403);
  assert.equal(await from({ 'Sec-Fetch-Site': 'cross-site' }), 403);
  assert.equal(await from({ 'Sec-Fetch-Site': 'same-site' }), 403);
  assert.equal(asked.length, 0);
  assert.equal(await from({ Origin: origin, 'Sec-Fetch-Site': 'same-origin' }), 200);
  // Through a tunnel that has another port at this end.
  assert.equal(await from({ Origin: 'http://localhost:9000', Host: 'localhost:9000' }), 200);
});

test('twenty at once are answered, two at a time; more than have room are told when to come back', LIMIT, async (t) => {
  let now = 0;
  let most = 0;
  const answer = async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 20));
    now--;
    return ANSWER;
  };
  const roomy = await tryServer(t, {}, answer);
  const twenty = await Promise.all(Array.from({ length: 20 }, (_, i) => post(roomy.origin, `?name=${i}`, VIDEO)));
  assert.deepEqual(
    twenty.map(({ status, json }) => [status, json.file]),
    twenty.map((_, i) => [200, String(i)]),
  );
  assert.equal(most, 2);
  assert.deepEqual(await roomy.left(), []);

  const narrow = await tryServer(t, { queue: { atOnce: 1, waiting: 3 } }, answer);
  const heard = await Promise.all(Array.from({ length: 20 }, () => post(narrow.origin, '', VIDEO)));
  const refused = heard.filter(({ status }) => status === 503);
  assert.ok(refused.length >= 10 && heard.filter(({ status }) => status === 200).length >= 4);
  assert.equal(refused.length + heard.filter(({ status }) => status === 200).length, 20);
  for (const { headers, json } of refused) {
    assert.match(String(headers['retry-after']), /^[1-9]\d*$/);
    assert.match(json.error.remedy, /come back in \d+ s/);
  }
  assert.equal((await post(narrow.origin, '', VIDEO)).status, 200);
});

test('a client that goes away in the middle leaves nothing, and its work is called off', LIMIT, async (t) => {
  let stopped: unknown;
  const server = await tryServer(
    t,
    {},
    ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          stopped = signal.reason;
          reject(signal.reason);
        });
      }),
  );
  const head = 'POST /api/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n';
  const uploading = speak(server.origin);
  uploading.say(`${head}abc`);
  await until(async () => (await server.left()).length === 1);
  uploading.socket.destroy();
  await until(async () => (await server.left()).length === 0);

  const form = speak(server.origin);
  form.say(`${head.replace('\r\n\r\n', '\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\n')}--x\r\n`);
  form.say('Content-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc');
  await until(async () => (await server.left()).length === 1);
  form.socket.destroy();
  await until(async () => (await server.left()).length === 0);
  assert.equal(server.asked.length, 0);

  const waiting = speak(server.origin);
  waiting.say(head.replace('1000', '3'));
  waiting.say('abc');
  await until(() => server.asked.length === 1);
  waiting.socket.destroy();
  await until(async () => stopped !== undefined && (await server.left()).length === 0);
  await until(() => server.log.length === 3);
  assert.ok(
    server.log.every((line) => / gone \d+ ms$/.test(line)),
    server.log.join('\n'),
  );
});

test('an upload that stands still, one that never ends, and a slow answer are given up', LIMIT, async (t) => {
  const never = () => new Promise<never>(() => {});
  const server = await tryServer(t, { patience: { idle: 60, upload: 150, answer: 50 } }, never);
  const head = 'POST /api/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n';
  const still = speak(server.origin);
  still.say(`${head}abc`);
  await until(() => still.socket.bytesRead > 0);
  still.socket.end();
  assert.match(await still.closed, /^HTTP\/1\.1 408 [\s\S]*stands still/);
  const drip = speak(server.origin);
  drip.say(head);
  const drops = setInterval(() => drip.say('.'), 15);
  await until(() => drip.socket.bytesRead > 0);
  clearInterval(drops);
  drip.socket.end();
  assert.match(await drip.closed, /^HTTP\/1\.1 408 [\s\S]*takes too long/);
  const long = await post(server.origin, '', VIDEO);
  assert.equal(long.status, 422);
  assert.match(long.json.error.what, /too long to read/);
  assert.deepEqual(await server.left(), []);
});

test('a fault of ours is one answer of 500, tells nothing to the client and all to the terminal', LIMIT, async (t) => {
  let bad = true;
  const server = await tryServer(t, {}, async () => {
    if (bad) throw new TypeError('secret inside');
    return ANSWER;
  });
  const { status, text } = await post(server.origin, '', VIDEO);
  assert.equal(status, 500);
  assert.doesNotMatch(text, /secret/);
  assert.ok(server.log.some((line) => /TypeError: secret inside\n {4}at /.test(line)));
  bad = false;
  assert.equal((await post(server.origin, '', VIDEO)).status, 200);
});

test('what is no HTTP gets an answer and harms nobody', LIMIT, async (t) => {
  const { origin } = await tryServer(t);
  for (const [nonsense, says] of [
    ['\u0016\u0003\u0001 hello\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['GET / HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
    [`GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ['POST /api/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['POST /api/classify HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', /^HTTP\/1\.1 400 /],
    ['GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n', /^$/],
  ] as const) {
    const { say, closed, socket } = speak(origin);
    say(nonsense);
    await until(() => socket.bytesRead > 0 || socket.destroyed || socket.readableEnded);
    socket.end();
    assert.match(await closed, says);
  }
  assert.equal((await ask(origin, '/api/run')).status, 200);
});

test('stopped, it tells who waits, closes connections that are kept, and takes its folder away', LIMIT, async (t) => {
  const controller = new AbortController();
  const server = await tryServer(
    t,
    { signal: controller.signal },
    ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  );
  const kept = speak(server.origin);
  kept.say('GET /api/run HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const waiting = post(server.origin, '', VIDEO);
  const uploading = speak(server.origin);
  uploading.say('POST /api/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc');
  await until(async () => server.asked.length === 1 && (await server.left()).length === 2);
  controller.abort();
  const { status, json } = await waiting;
  assert.equal(status, 503);
  assert.equal(json.error.what, 'the server is stopping');
  assert.match(await uploading.closed, /^HTTP\/1\.1 503 /);
  await server.closed;
  await kept.closed;
  await assert.rejects(stat(server.uploads), { code: 'ENOENT' });
  await assert.rejects(ask(server.origin, '/'), { code: 'ECONNREFUSED' });
});

test('a port that is taken, and an address of another machine, are told with what to do', LIMIT, async (t) => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  t.after(() => other.close());
  const { port } = other.address() as { port: number };
  const options = {
    about: ABOUT,
    answer: async () => ANSWER,
    host: '127.0.0.1',
    port,
    queue: { atOnce: 1, waiting: 1 },
    log: () => {},
  };
  await assert.rejects(serve(options), {
    kind: 'environment',
    what: `port ${port} is taken by another program`,
    remedy: /--port 0/,
  });
  await assert.rejects(serve({ ...options, host: '192.0.2.1' }), { what: /192\.0\.2\.1 is no address/ });
  assert.equal(exposure('127.0.0.1') ?? exposure('localhost') ?? exposure('::1') ?? exposure('[::1]'), undefined);
  assert.match(exposure('0.0.0.0') as string, /everybody/);
  assert.match(exposure('192.168.1.2') as string, /without a password/);
});
