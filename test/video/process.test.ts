import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PetlVideoError } from '../../src/errors/index.ts';
import { decodeFrames } from '../../src/video/decode.ts';
import { type FfmpegJob, runFfmpeg } from '../../src/video/process.ts';
import { ffmpeg, runDirectly, scriptedFfmpeg, withFolder } from './ffmpegs.ts';
import { isAlive } from './is-alive.ts';

const from = (source: string): Pick<FfmpegJob, 'inputs'> => ({ inputs: [{ source, options: [] }] });
const job: FfmpegJob = { ...from('unread'), filters: [], outputOptions: [], format: 'rawvideo' };

/** Notes the process's id and then becomes the program given. */
const noted = (folder: string, then: string): string => `echo $$ >> '${folder}/pids'\nexec ${then}`;

async function pidsOf(folder: string): Promise<number[]> {
  return (await readFile(path.join(folder, 'pids'), 'utf8')).trim().split('\n').map(Number);
}

const isKind = (kind: string, words: RegExp) => (error: unknown) =>
  error instanceof PetlVideoError && error.kind === kind && words.test(error.message);

test('gives the bytes, the exit code and what was complained about', () =>
  withFolder(async (folder) => {
    const fake = await scriptedFfmpeg(folder, 'printf abc; sleep 0.1; printf def; echo oh no >&2; exit 3');
    let text = '';
    const finished = await runFfmpeg(fake, job, (chunk) => {
      text += Buffer.from(chunk).toString();
    });
    assert.deepEqual({ ...finished, text }, { failure: 'ffmpeg ended with code 3', stderr: 'oh no\n', text: 'abcdef' });
  }));

test('says when ffmpeg crashed', () =>
  withFolder(async (folder) => {
    const fake = await scriptedFfmpeg(folder, 'kill -SEGV $$');
    assert.equal((await runFfmpeg(fake, job, () => {})).failure, 'ffmpeg crashed (SIGSEGV)');
  }));

test('an ffmpeg that others end is no fault of the file', () =>
  withFolder(async (folder) => {
    const source = { ...job, ...from('file:/videos/a.mp4') };
    for (const [script, words] of [
      ['kill -KILL $$', /killed \(SIGKILL\)\n {2}at \/videos\/a\.mp4\n.*memory/],
      ['kill -TERM $$', /killed \(SIGTERM\)/],
      ['exit 255', /told to stop by a signal/],
    ] as const) {
      const ended = await scriptedFfmpeg(folder, script);
      await assert.rejects(
        runFfmpeg(ended, source, () => {}),
        isKind('environment', words),
      );
    }
    const refused = await scriptedFfmpeg(folder, 'echo Operation not permitted >&2; exit 255');
    assert.equal((await runFfmpeg(refused, source, () => {})).failure, 'ffmpeg ended with code 255');
  }));

test('a real ffmpeg that is told to stop in the middle gives no clip, and the file is not blamed', () =>
  withFolder(async (folder) => {
    const video = path.join(folder, 'long.mp4');
    await runDirectly(ffmpeg, ['-f', 'lavfi', '-i', 'testsrc=s=320x240:r=25', '-t', '40', '-c:v', 'mpeg4', video]);
    const noting = await scriptedFfmpeg(folder, noted(folder, '"$FFMPEG" "$@"'));
    let chunks = 0;
    const told = runFfmpeg(noting, { ...job, ...from(`file:${video}`) }, () => {
      if (++chunks === 1) pidsOf(folder).then(([pid]) => process.kill(pid as number, 'SIGTERM'));
    });
    await assert.rejects(told, isKind('environment', /told to stop by a signal|killed \(SIGTERM\)/));
  }));

test('starts one process and no other, the first time too', () =>
  withFolder(async (folder) => {
    const fake = await scriptedFfmpeg(folder, `echo "$@" >> '${folder}/calls'`);
    await runFfmpeg(fake, { ...job, filters: ['scale=iw:ih', "select='eq(n,1)'"] }, () => {});
    const calls = (await readFile(path.join(folder, 'calls'), 'utf8')).trim().split('\n');
    assert.equal(calls.length, 1);
    const expected =
      "-v level+info -hide_banner -nostats -nostdin -i unread -filter:v scale=iw:ih,select='eq(n,1)' -f rawvideo -an -sn -dn pipe:1";
    assert.equal(calls[0], expected);
  }));

test('two binaries in one process are not mixed up', () =>
  withFolder(async (folder) => {
    const first = await scriptedFfmpeg(folder, 'printf first');
    await withFolder(async (other) => {
      const second = await scriptedFfmpeg(other, 'printf second');
      const said = ['', ''];
      await Promise.all(
        [first, second].map((binary, i) =>
          runFfmpeg(binary, job, (chunk) => {
            said[i] += Buffer.from(chunk).toString();
          }),
        ),
      );
      assert.deepEqual(said, ['first', 'second']);
    });
  }));

test('keeps 4 KiB of complaints and drains the rest', () =>
  withFolder(async (folder) => {
    const fake = await scriptedFfmpeg(folder, 'head -c 2000000 /dev/zero | tr "\\0" x >&2; printf done');
    let bytes = 0;
    const { failure, stderr } = await runFfmpeg(fake, job, (chunk) => {
      bytes += chunk.length;
    });
    assert.deepEqual([failure, stderr.length, bytes], [undefined, 4096, 4]);
  }));

test('a binary that is missing or cannot run is the environment’s fault', () =>
  withFolder(async (folder) => {
    const missing = { ...ffmpeg, path: path.join(folder, 'nothing') };
    await assert.rejects(
      runFfmpeg(missing, job, () => {}),
      isKind('environment', /could not be started.*ENOENT[\s\S]*nothing/),
    );
    await writeFile(path.join(folder, 'text'), 'no program');
    const text = { ...ffmpeg, path: path.join(folder, 'text') };
    await assert.rejects(
      runFfmpeg(text, job, () => {}),
      isKind('environment', /could not be started.*EACCES/),
    );
    const long = { ...job, filters: ['x'.repeat(300_000)] };
    await assert.rejects(
      runFfmpeg(ffmpeg, long, () => {}),
      isKind('environment', /could not be started.*E2BIG/),
    );
  }));

test('an abort in the middle of decoding kills ffmpeg before it rejects', () =>
  withFolder(async (folder) => {
    const video = path.join(folder, 'long.mp4');
    await runDirectly(ffmpeg, ['-f', 'lavfi', '-i', 'testsrc=s=320x240:r=25', '-t', '20', '-c:v', 'mpeg4', video]);
    const noting = await scriptedFfmpeg(folder, noted(folder, '"$FFMPEG" "$@"'));
    const abort = new AbortController();
    const reason = new Error('enough');
    let chunks = 0;
    const rejected = runFfmpeg(
      noting,
      { ...job, ...from(`file:${video}`) },
      () => {
        if (++chunks === 1) abort.abort(reason);
      },
      { signal: abort.signal },
    );
    await assert.rejects(rejected, reason);
    const pids = await pidsOf(folder);
    assert.equal(pids.length, 1);
    assert.equal(isAlive(pids[0] as number), false);
    // 500 frames of 320×240 are 57 MB; it was stopped long before.
    assert.ok(chunks >= 1 && chunks < 100, `${chunks} chunks`);
  }));

test('an abort kills a process that ignores SIGTERM, and one already aborted starts none', () =>
  withFolder(async (folder) => {
    const deaf = await scriptedFfmpeg(folder, `trap '' TERM\n${noted(folder, 'sleep 60')}`);
    const abort = new AbortController();
    const rejected = runFfmpeg(deaf, job, () => {}, { signal: abort.signal });
    setTimeout(() => abort.abort(new Error('enough')), 200);
    await assert.rejects(rejected, /enough/);
    const pids = await pidsOf(folder);
    assert.equal(isAlive(pids[0] as number), false);
    await assert.rejects(
      runFfmpeg(deaf, job, () => {}, { signal: abort.signal }),
      /enough/,
    );
    assert.deepEqual(await pidsOf(folder), pids);
  }));

test('an abort between the call and the start of the process leaves none behind', () =>
  withFolder(async (folder) => {
    const slow = await scriptedFfmpeg(folder, noted(folder, 'sleep 60'));
    const abort = new AbortController();
    const rejected = runFfmpeg(slow, job, () => {}, { signal: abort.signal });
    abort.abort(new Error('at once'));
    await assert.rejects(rejected, /at once/);
    assert.ok(!(await pidsOf(folder).catch(() => [])).some(isAlive));
  }));

test('an input that stalls is given up: a pipe that nobody writes to', () =>
  withFolder(async (folder) => {
    const fifo = path.join(folder, 'pipe');
    execFileSync('mkfifo', [fifo]);
    const noting = await scriptedFfmpeg(folder, noted(folder, '"$FFMPEG" "$@"'));
    const request = { file: fifo, frames: [0], size: { width: 8, height: 8 } };
    const started = performance.now();
    await assert.rejects(
      decodeFrames(noting, request, { inactivityMs: 300 }),
      isKind('data', /gave nothing for 0\.3 s[\s\S]*pipe/),
    );
    assert.ok(performance.now() - started < 5000);
    assert.equal(isAlive((await pidsOf(folder))[0] as number), false);
  }));

test('data that arrives resets the clock, and time in which we are busy ourselves does not count', () =>
  withFolder(async (folder) => {
    const steady = await scriptedFfmpeg(folder, 'for i in 1 2 3 4 5 6; do printf x; sleep 0.2; done');
    let bytes = 0;
    const count = (chunk: Uint8Array): void => {
      bytes += chunk.length;
    };
    assert.equal((await runFfmpeg(steady, job, count, { inactivityMs: 700 })).failure, undefined);
    assert.equal(bytes, 6);

    const late = await scriptedFfmpeg(folder, 'sleep 0.3; printf x');
    const finished = runFfmpeg(late, job, count, { inactivityMs: 1000 });
    setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500), 50);
    assert.equal((await finished).failure, undefined);
    assert.equal(bytes, 7);
  }));

test('when the program exits, its processes go with it', () =>
  withFolder(async (folder) => {
    const slow = await scriptedFfmpeg(folder, noted(folder, 'sleep 60'));
    const runner = new URL('../../src/video/process.js', import.meta.url).href;
    const program = `
      import { runFfmpeg } from ${JSON.stringify(runner)};
      runFfmpeg(${JSON.stringify(slow)}, ${JSON.stringify(job)}, () => {});
      setTimeout(() => process.exit(7), 400);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
    const [code] = await once(child, 'exit');
    assert.equal(code, 7);
    const pid = (await pidsOf(folder))[0] as number;
    for (let i = 0; i < 50 && isAlive(pid); i++) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(isAlive(pid), false);
  }));

test('while what was handed over is not yet taken, ffmpeg waits on its full pipe', () =>
  withFolder(async (folder) => {
    const fake = await scriptedFfmpeg(folder, `head -c 3000000 /dev/zero; echo done > '${folder}/done'`);
    let bytes = 0;
    let most = 0;
    let handed = 0;
    const finished = await runFfmpeg(fake, job, async (chunk) => {
      most = Math.max(most, ++handed);
      if (bytes === 0) {
        await sleep(300);
        assert.equal(existsSync(path.join(folder, 'done')), false);
      }
      await sleep(1);
      bytes += chunk.length;
      handed--;
    });
    assert.deepEqual([finished.failure, bytes, most], [undefined, 3_000_000, 1]);
  }));

test('a failure to take bytes ends ffmpeg, and so does an abort while they are not taken', () =>
  withFolder(async (folder) => {
    const fake = await scriptedFfmpeg(folder, noted(folder, 'head -c 3000000 /dev/zero'));
    const failure = new Error('full');
    await assert.rejects(
      runFfmpeg(fake, job, () => Promise.reject(failure)),
      failure,
    );
    const abort = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => abort.abort(reason), 100);
    await assert.rejects(
      runFfmpeg(fake, job, () => new Promise(() => {}), { signal: abort.signal }),
      reason,
    );
    assert.deepEqual((await pidsOf(folder)).map(isAlive), [false, false]);
  }));

test('reads what it is fed, and time in which bytes are not taken is no inactivity', () =>
  withFolder(async (folder) => {
    const fake = await scriptedFfmpeg(folder, 'cat; echo heard >&2');
    let text = '';
    let heard = '';
    const finished = await runFfmpeg(
      fake,
      job,
      async (chunk) => {
        await sleep(250);
        text += Buffer.from(chunk).toString();
      },
      {
        stdin: Readable.from([Buffer.from('abc')]),
        inactivityMs: 100,
        heard: (piece) => {
          heard += piece;
        },
      },
    );
    assert.deepEqual([finished.failure, text, heard], [undefined, 'abc', 'heard\n']);
  }));
