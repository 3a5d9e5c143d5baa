import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Ffmpeg } from '../../src/video/ffmpeg.ts';
import { ask, post } from '../serve/asking.ts';
import { refused, start, succeeds } from './cli.ts';
import { ffmpegHere, makeProject } from './project.ts';

let folder: string;

before(async () => {
  folder = await makeProject((await ffmpegHere()) as Ffmpeg);
  await succeeds(['train', 'recipe.yaml', '--out', 'run', 'train.epochs=1'], { folder });
});
after(() => rm(folder, { recursive: true, force: true }));

test('a run is served until it is told to stop: predictions as predict makes them, nothing left behind', async () => {
  const temporary = path.join(folder, 'tmp');
  await mkdir(temporary);
  const server = start(['serve', 'run', '--port', '0', '--top', '2', '--json'], { folder, env: { TMPDIR: temporary } });
  let out = '';
  server.child.stdout?.on('data', (text) => {
    out += text;
  });
  await server.says(/last weights, epoch 1/);
  while (!out.includes('}')) await new Promise((resolve) => setTimeout(resolve, 5));
  const { origin } = JSON.parse(out);

  const about = (await ask(origin, '/api/run')).json;
  assert.equal(about.name, 'run');
  assert.deepEqual(about.classes, ['down', 'up']);
  assert.deepEqual(about.clip, { frames: 2, stride: 2, size: 16 });
  assert.deepEqual(about.limits, { uploadBytes: 200_000_000, top: 2 });
  assert.match((await ask(origin, '/')).text, /2 frames, stride 2, at 16 × 16 pixels/);

  const video = path.join(folder, 'videos/validation/up/0.mp4');
  const { status, json } = await post(origin, '?name=up.mp4&clip=1', await readFile(video));
  assert.equal(status, 200, JSON.stringify(json));
  const predicted = await succeeds(['predict', 'run', video, '--json', '--views', '1x1'], { folder });
  assert.deepEqual(json.top, JSON.parse(predicted.stdout)[0].top);
  assert.equal(json.file, 'up.mp4');
  assert.deepEqual(json.video, { frames: 6, width: 32, height: 24, fps: 10 });
  assert.match(json.clip.strip, /^data:image\/(?:jpeg|png);base64,/);

  const text = await post(origin, '', 'some text\n');
  assert.equal(text.status, 400);
  assert.equal(text.json.error.what, 'not a video or image: the file holds text');
  const noise = await post(origin, '', Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i * 31) % 256)));
  assert.equal(noise.status, 400);
  assert.match(noise.json.error.what, /^not a video or image that can be read: /);
  assert.equal((await post(origin, '', (await readFile(video)).subarray(0, 700))).status, 400);

  const twenty = await Promise.all(Array.from({ length: 20 }, async () => post(origin, '', await readFile(video))));
  for (const one of twenty) assert.deepEqual(one.json.top, json.top);

  const uploads = (await readdir(temporary)).filter((name) => name.startsWith('petl-video-serve-'));
  assert.equal(uploads.length, 1);
  assert.deepEqual(await readdir(path.join(temporary, uploads[0] as string)), []);
  server.child.kill('SIGTERM');
  const ran = await server.ended;
  assert.equal(ran.code, 0, ran.stderr);
  assert.deepEqual(ran.leftover, []);
  assert.deepEqual(
    (await readdir(temporary)).filter((name) => name.startsWith('petl-video-serve-')),
    [],
  );
});

test('options that cannot be are refused with what to do', async (t) => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  t.after(() => other.close());
  const { port } = other.address() as { port: number };
  await refused(
    ['serve', 'run', '--port', String(port)],
    { folder },
    {
      code: 5,
      says: `environment error: port ${port} is taken`,
      remedy: '--port 0',
    },
  );
  await refused(
    ['serve', 'run', '--port', 'x'],
    { folder },
    { code: 2, says: '--port is x', remedy: /whole number from 0 to 65535/ },
  );
  await refused(['serve', 'run', '--weights', 'bset'], { folder }, { code: 2, says: 'did you mean best?' });
});
