import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { Context } from '../../pipelines/command.ts';
import { doctor } from '../../pipelines/doctor.ts';
import { readEnvironment } from '../../src/setup/environment.ts';
import { tensorflowMissing } from '../engine/tensorflow-cache.ts';

interface Report {
  readonly ok: boolean;
  readonly machine: { readonly node: string; readonly cores: number };
  readonly tensorflow: { readonly ok: boolean; readonly libtensorflow?: string; readonly error?: string };
  readonly engines: readonly { readonly name: string; readonly device: string; readonly ok: boolean }[];
  readonly auto: { readonly ok: boolean; readonly name?: string; readonly device?: string };
  readonly ffmpeg: { readonly ok: boolean; readonly decoders?: Record<string, boolean>; readonly error?: string };
}

/** Runs doctor in an environment; the text and the document it reports, and what it throws. */
async function consult(environment: Context['environment']) {
  const results: { text: string; json: Report }[] = [];
  const context: Context = {
    environment,
    signal: new AbortController().signal,
    reporter: {
      result: (text, json) => results.push({ text, json: json as Report }),
      note: () => undefined,
      warn: () => undefined,
      progress: () => ({ update: () => undefined, end: () => undefined }),
    },
  };
  const thrown = await doctor.run([], {}, context).then(
    () => undefined,
    (error: Error & { exitCode?: number }) => error,
  );
  assert.equal(results.length, 1);
  return { ...(results[0] as (typeof results)[0]), thrown };
}

test('an empty machine: reported in full, then exit code 5', async () => {
  const cache = await mkdtemp(path.join(os.tmpdir(), 'petl-doctor-'));
  try {
    const here = readEnvironment(process.env);
    const { json, text, thrown } = await consult({ ...here, cache, searchPath: '', ffmpegPath: undefined });
    assert.equal(thrown?.exitCode, 5);
    assert.equal(json.ok, false);
    assert.match(json.tensorflow.error ?? '', /libtensorflow is not there/);
    assert.match(json.ffmpeg.error ?? '', /no ffmpeg was found/);
    assert.equal(json.machine.node, process.versions.node);
    assert.ok(json.machine.cores >= 1);
    const there = json.engines.filter(({ ok }) => ok).map(({ name, device }) => `${name} on ${device}`);
    assert.ok(there.includes('onnxruntime on cpu') && !there.some((engine) => engine.startsWith('tensorflow')));
    assert.equal(json.auto.name, 'onnxruntime');
    assert.match(thrown?.message ?? '', /^training cannot run: ffmpeg missing/);
    assert.match(text, /^engines +tensorflow on cuda +libtensorflow is not there$/m);
    assert.match(text, /^ +onnxruntime on cpu +there(, and what auto takes)?$/m);
    assert.match(text, /petl-video setup/);
    assert.match(text, /training cannot run$/);
  } finally {
    await rm(cache, { recursive: true });
  }
});

test('a machine that is set up: training can run', async () => {
  const { json, text, thrown } = await consult(readEnvironment(process.env));
  assert.equal(thrown, undefined);
  const hasTensorflow = (await tensorflowMissing()) === undefined;
  assert.deepEqual([json.ok, json.tensorflow.ok, json.ffmpeg.ok], [true, hasTensorflow, true]);
  assert.equal(json.auto.ok, true);
  assert.equal(text.match(/, and what auto takes$/gm)?.length, 1);
  if (hasTensorflow) assert.match(json.tensorflow.libtensorflow ?? '', /^2\./);
  assert.equal(json.ffmpeg.decoders?.h264, true);
  assert.match(text, /training can run$/);
});
