import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { ensureReady } from '../../src/setup/ensure-ready.ts';
import { readEnvironment } from '../../src/setup/environment.ts';
import { silent } from '../../src/setup/listener.ts';
import { tensorflowMissing } from '../engine/tensorflow-cache.ts';

const signal = new AbortController().signal;

/** An address where nobody listens: the port was free a moment ago. */
async function deadIndex(): Promise<string> {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return `http://127.0.0.1:${port}/simple`;
}

test('where all is there nothing is done, within 100 ms', async (t) => {
  const missing = await tensorflowMissing();
  if (missing !== undefined) return t.skip(missing);
  const environment = { ...readEnvironment(process.env), packageIndex: await deadIndex() };
  const options = { environment, listener: silent, signal, locateFfmpeg: async () => '/usr/bin/ffmpeg' };
  await ensureReady(options);
  const start = performance.now();
  const { tensorflow, ffmpeg } = await ensureReady(options);
  const ms = performance.now() - start;
  assert.equal(tensorflow.state, 'found');
  assert.deepEqual(ffmpeg, { state: 'found', file: '/usr/bin/ffmpeg' });
  assert.ok(ms < 100, `${ms} ms`);
});

test('a TensorFlow that nobody asks for is neither looked for nor provided', async () => {
  const cache = await mkdtemp(path.join(os.tmpdir(), 'petl-ready-'));
  try {
    const environment = { cache, searchPath: '', packageIndex: await deadIndex() };
    const locateFfmpeg = async () => '/usr/bin/ffmpeg';
    const options = { environment, tensorflow: 'none', listener: silent, signal, locateFfmpeg } as const;
    const { tensorflow, ffmpeg } = await ensureReady(options);
    assert.deepEqual(tensorflow, { state: 'unasked' });
    assert.equal(ffmpeg.state, 'found');
  } finally {
    await rm(cache, { recursive: true });
  }
});

test('where nothing can be had, both parts say why and neither hides the other', async () => {
  const cache = await mkdtemp(path.join(os.tmpdir(), 'petl-ready-'));
  try {
    const environment = { cache, searchPath: '', packageIndex: await deadIndex() };
    const locateFfmpeg = async () => undefined;
    const ready = await ensureReady({ environment, listener: silent, signal, locateFfmpeg });
    for (const part of [ready.tensorflow, ready.ffmpeg]) {
      assert.ok(part.state === 'failed');
      assert.equal(part.error.kind, 'environment');
      assert.match(part.error.message, /ECONNREFUSED|there is no/);
    }
    const stopped = AbortSignal.abort(new Error('enough'));
    await assert.rejects(ensureReady({ environment, listener: silent, signal: stopped, locateFfmpeg }), /enough/);
  } finally {
    await rm(cache, { recursive: true });
  }
});
