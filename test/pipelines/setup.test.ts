import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { Context, Options } from '../../pipelines/command.ts';
import { setup } from '../../pipelines/setup.ts';

/** Runs set-up without a network, in a folder of its own: what is reported, warned of and thrown. */
async function runOffline(folder: string, more: Partial<Context['environment']>, options: Options = {}) {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  const warnings: string[] = [];
  const results: unknown[] = [];
  const context: Context = {
    environment: {
      cache: path.join(folder, 'cache'),
      ffmpegPath: undefined,
      searchPath: '',
      packageIndex: `http://127.0.0.1:${port}/simple`,
      ...more,
    },
    signal: new AbortController().signal,
    reporter: {
      result: (_text, json) => results.push(json),
      note: () => undefined,
      warn: (line) => warnings.push(line),
      progress: () => ({ update: () => undefined, end: () => undefined }),
    },
  };
  const thrown = await setup.run([], options, context).then(
    () => undefined,
    (error: Error & { exitCode?: number }) => error,
  );
  return { thrown, warnings, result: results[0] as Record<'tensorflow' | 'ffmpeg', { state: string; file?: string }> };
}

test('without a network: exit code 5 for ffmpeg; that of the system, and onnxruntime for TensorFlow, stay usable', async (t) => {
  if (process.platform === 'win32') return t.skip('the stand-in is a shell script');
  const folder = await mkdtemp(path.join(os.tmpdir(), 'petl-setup-'));
  try {
    const nothing = await runOffline(folder, {});
    assert.equal(nothing.thrown?.exitCode, 5);
    assert.match(nothing.thrown?.message ?? '', /ffmpeg|imageio/);
    assert.match(nothing.warnings[0] ?? '', /^TensorFlow could not be provided, onnxruntime computes in its place: /);
    assert.deepEqual([nothing.result.tensorflow.state, nothing.result.ffmpeg.state], ['failed', 'failed']);

    const ffmpeg = path.join(folder, 'ffmpeg');
    await writeFile(ffmpeg, '#!/bin/sh\necho "ffmpeg version 5.1.9 Copyright"\n');
    await chmod(ffmpeg, 0o755);
    const one = await runOffline(folder, { searchPath: folder });
    assert.deepEqual(one.result.ffmpeg, { state: 'found', file: ffmpeg });
    assert.equal(one.result.tensorflow.state, 'failed');
    assert.equal(one.warnings.length, 2);
    assert.match(one.warnings[1] ?? '', /^TensorFlow could not be provided, onnxruntime computes in its place: /);
    assert.equal(one.thrown, undefined);

    const cuda = await runOffline(folder, { searchPath: folder }, { cuda: true });
    assert.equal(cuda.thrown?.exitCode, 5);
    assert.deepEqual(cuda.warnings.length, 1);

    const named = await runOffline(folder, { searchPath: folder, ffmpegPath: path.join(folder, 'absent') });
    assert.equal(named.result.ffmpeg.state, 'failed');
  } finally {
    await rm(folder, { recursive: true });
  }
});
