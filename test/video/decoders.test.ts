import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { Interrupted } from '../../src/errors/index.ts';
import { createDecoders } from '../../src/video/decoders.ts';
import { ffmpeg, runDirectly, scriptedFfmpeg, withFolder } from './ffmpegs.ts';

const SIZE = { width: 16, height: 12 };

async function video(folder: string): Promise<string> {
  const file = path.join(folder, 'v.mp4');
  await runDirectly(ffmpeg, ['-f', 'lavfi', '-i', 'testsrc=s=160x120:r=25:d=1', '-c:v', 'mpeg4', file]);
  return file;
}

test('no more processes at once than allowed, and all work gets done', () =>
  withFolder(async (folder) => {
    const file = await video(folder);
    const log = path.join(folder, 'log');
    const script = `echo + >> '${log}'; "$FFMPEG" "$@"; code=$?; sleep 0.05; echo - >> '${log}'; exit $code`;
    const decoders = createDecoders(await scriptedFfmpeg(folder, script), { concurrency: 2 });
    const clips = await Promise.all(
      Array.from({ length: 6 }, (_, i) => decoders.decode({ file, frames: [i], size: SIZE })),
    );
    assert.equal(new Set(clips.map(({ data }) => Buffer.from(data).toString('latin1'))).size, 6);
    assert.equal((await decoders.probe(file)).frames, 25);
    const source = { width: 160, height: 120 };
    assert.equal((await decoders.decodeAtShortSide({ file, frames: [3], source, shortSide: 12 })).width, 16);
    await decoders.close();
    let [now, most] = [0, 0];
    for (const sign of (await readFile(log, 'utf8')).trim().split('\n')) {
      now += sign === '+' ? 1 : -1;
      most = Math.max(most, now);
    }
    assert.deepEqual([now, most], [0, 2]);
  }));

test('an abort rejects what runs and what waits with its reason', () =>
  withFolder(async (folder) => {
    const file = await video(folder);
    const abort = new AbortController();
    const decoders = createDecoders(await scriptedFfmpeg(folder, 'exec sleep 60'), {
      ...{ concurrency: 2, signal: abort.signal },
    });
    const asked = Array.from({ length: 5 }, () => decoders.decode({ file, frames: [0], size: SIZE }));
    const settled = Promise.allSettled(asked);
    const reason = new Error('enough');
    setTimeout(() => abort.abort(reason), 100);
    assert.deepEqual(await settled, Array(5).fill({ status: 'rejected', reason }));
    await assert.rejects(decoders.decode({ file, frames: [0], size: SIZE }), reason);
    await decoders.close();
  }));

test('closing kills what runs, and nothing is taken on afterwards', () =>
  withFolder(async (folder) => {
    const file = await video(folder);
    const decoders = createDecoders(await scriptedFfmpeg(folder, 'exec sleep 60'), { concurrency: 1 });
    const settled = Promise.allSettled([1, 2].map(() => decoders.decode({ file, frames: [0], size: SIZE })));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const started = performance.now();
    await decoders.close();
    assert.ok(performance.now() - started < 2000);
    for (const one of await settled) assert.ok(one.status === 'rejected' && one.reason instanceof Interrupted);
    await assert.rejects(decoders.probe(file), Interrupted);
  }));
