import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Interrupted } from '../../src/errors/index.ts';
import { decodeFrames } from '../../src/video/decode.ts';
import { type Decoders, type DecodersOptions, openDecoders } from '../../src/video/decoders.ts';
import type { Ffmpeg } from '../../src/video/ffmpeg.ts';
import { type ClipRequest, type Visit, visitBytes } from '../../src/video/visit.ts';
import { ffmpeg, runDirectly, scriptedFfmpeg, withFolder } from './ffmpegs.ts';
import { isAlive, survivors } from './is-alive.ts';

const skip = process.platform === 'win32' && 'no shell scripts and signals here';
const SIZE = { width: 16, height: 12 };

async function makeVideo(folder: string, name = 'v.mp4', source = 'testsrc=s=160x120:r=25:d=1'): Promise<string> {
  const file = path.join(folder, name);
  await runDirectly(ffmpeg, ['-f', 'lavfi', '-i', source, '-c:v', 'mpeg4', file]);
  return file;
}

async function withDecoders(
  by: Ffmpeg,
  options: DecodersOptions,
  check: (decoders: Decoders) => Promise<void>,
): Promise<void> {
  const decoders = openDecoders(by, options);
  try {
    await check(decoders);
  } finally {
    await decoders.close();
  }
}

const visitOf = (file: string, ...frames: number[]): Visit => ({ file, clips: [{ frames, size: SIZE }] });

async function visit(decoders: Decoders, asked: Visit): Promise<Uint8Array> {
  const into = new Uint8Array(visitBytes(asked));
  await decoders.visit(asked, into);
  return into;
}

/** An ffmpeg that notes its own process and its parent's, which is the host's, and then does as the script says. */
async function noting(folder: string, script: string) {
  const log = path.join(folder, 'pids');
  const by = await scriptedFfmpeg(folder, `echo $$ $PPID >> '${log}'\n${script}`);
  const runs = async (): Promise<[ffmpeg: number, host: number][]> => {
    if (!existsSync(log)) return [];
    const lines = (await readFile(log, 'utf8')).trim().split('\n');
    return lines.map((line) => line.split(' ').map(Number) as [number, number]);
  };
  return {
    by,
    runs,
    async first(): Promise<[number, number]> {
      for (;;) {
        const [run] = await runs();
        if (run?.[1] !== undefined) return run;
        await sleep(10);
      }
    },
  };
}

const STANDSTILL = 'exec sleep 60';

test('visits that wait share processes, no more at once than hosts, and each gets its own frames', { skip }, () =>
  withFolder(async (folder) => {
    const files = [await makeVideo(folder), await makeVideo(folder, 'w.mp4', 'testsrc2=s=98x64:r=25:d=1')];
    const log = path.join(folder, 'log');
    const script = `echo + >> '${log}'; "$FFMPEG" "$@"; code=$?; sleep 0.05; echo - >> '${log}'; exit $code`;
    const by = await scriptedFfmpeg(folder, script);
    await withDecoders(by, { concurrency: 2, together: 3 }, async (decoders) => {
      const asked = Array.from({ length: 12 }, (_, i) => visitOf(files[i % 2] as string, i, i + 3));
      const clips = await Promise.all(asked.map((one) => visit(decoders, one)));
      for (const [i, one] of asked.entries()) {
        const { data } = await decodeFrames(ffmpeg, { file: one.file, ...one.clips[0] });
        assert.deepEqual(clips[i], data, `visit ${i}`);
      }
    });
    const signs = (await readFile(log, 'utf8')).trim().split('\n');
    let [now, most] = [0, 0];
    for (const sign of signs) {
      now += sign === '+' ? 1 : -1;
      most = Math.max(most, now);
    }
    assert.deepEqual([now, most], [0, 2]);
    assert.ok(signs.length / 2 < 12, `${signs.length / 2} processes for 12 visits`);
  }),
);

test('all clips of a visit, in any order and with repeats, are those that single decodes give', () =>
  withFolder(async (folder) => {
    const file = await makeVideo(folder);
    const size = { width: 40, height: 40 };
    const clips: [ClipRequest, ...ClipRequest[]] = [
      { frames: [3, 7, 11, 15], size, crop: { x: 10, y: 20, width: 100, height: 90 } },
      { frames: [3, 7, 11, 15], size, crop: { x: 0, y: 0, width: 60, height: 60 }, flip: true },
      { frames: [20, 2, 2, 24], size },
      { frames: [0, 0, 0, 0], size, interpolation: 'area' },
    ];
    await withDecoders(ffmpeg, { concurrency: 1 }, async (decoders) => {
      const all = await visit(decoders, { file, clips });
      const bytes = all.length / clips.length;
      for (const [k, clip] of clips.entries()) {
        const { data } = await decodeFrames(ffmpeg, { file, ...clip });
        assert.deepEqual(all.subarray(k * bytes, (k + 1) * bytes), data, `clip ${k}`);
      }
    });
  }));

test('of videos in one process only the faulty one is lost, and it is named', () =>
  withFolder(async (folder) => {
    const good = await makeVideo(folder);
    const short = await makeVideo(folder, 'short.mp4', 'testsrc=s=160x120:r=25:d=0.2');
    const text = path.join(folder, 'text.mp4');
    await writeFile(text, 'no video');
    const cut = await makeVideo(folder, 'cut.avi');
    await truncate(cut, Math.floor((await stat(cut)).size / 3));
    const expected = (await decodeFrames(ffmpeg, { file: good, ...visitOf(good, 1, 9).clips[0] })).data;
    await withDecoders(ffmpeg, { concurrency: 1, together: 8 }, async (decoders) => {
      for (const [bad, words] of [
        [short, /asked for 2 frames \(1-9\), got 1[\s\S]*short\.mp4/],
        [text, /got 0: .*moov atom[\s\S]*text\.mp4/],
        [cut, /asked for 2 frames[\s\S]*cut\.avi/],
        [path.join(folder, 'none.mp4'), /missing[\s\S]*none\.mp4/],
      ] as const) {
        // The first keeps the host busy, so that the others are taken together.
        const files = [good, good, bad, good];
        const results = await Promise.allSettled(files.map((file) => visit(decoders, visitOf(file, 1, 9))));
        for (const [i, result] of results.entries()) {
          if (files[i] === good) assert.deepEqual(result, { status: 'fulfilled', value: expected }, `beside ${bad}`);
          else assert.match(String((result as PromiseRejectedResult).reason), words);
        }
      }
    });
  }));

test('a file that is not what was prepared is refused', () =>
  withFolder(async (folder) => {
    const file = await makeVideo(folder);
    await withDecoders(ffmpeg, { concurrency: 1 }, async (decoders) => {
      await assert.rejects(visit(decoders, { ...visitOf(file, 0), bytes: 17 }), {
        kind: 'data',
        message: /has changed since it was prepared: \d+ bytes, then 17/,
      });
      await assert.rejects(visit(decoders, visitOf(file, -1)), { kind: 'data', message: /frame -1/ });
      await assert.rejects(decoders.visit(visitOf(file, 1), new Uint8Array(3)), RangeError);
    });
  }));

test('an abort rejects what runs and what waits with its reason', { skip }, () =>
  withFolder(async (folder) => {
    const file = await makeVideo(folder);
    const abort = new AbortController();
    const options = { concurrency: 2, signal: abort.signal };
    await withDecoders(await scriptedFfmpeg(folder, STANDSTILL), options, async (decoders) => {
      const settled = Promise.allSettled(Array.from({ length: 5 }, () => visit(decoders, visitOf(file, 0))));
      const reason = new Error('enough');
      setTimeout(() => abort.abort(reason), 200);
      assert.deepEqual(await settled, Array(5).fill({ status: 'rejected', reason }));
      await assert.rejects(visit(decoders, visitOf(file, 0)), reason);
    });
  }),
);

test('closing kills what runs, and nothing is taken on afterwards', { skip }, () =>
  withFolder(async (folder) => {
    const file = await makeVideo(folder);
    const deaf = await noting(folder, "trap '' TERM INT\nwhile :; do sleep 0.1; done");
    const decoders = openDecoders(deaf.by, { concurrency: 1 });
    const settled = Promise.allSettled([1, 2].map((frame) => visit(decoders, visitOf(file, frame))));
    const pids = await deaf.first();
    await decoders.close();
    assert.deepEqual(pids.filter(isAlive), []);
    for (const one of await settled) assert.ok(one.status === 'rejected' && one.reason instanceof Interrupted);
    await assert.rejects(visit(decoders, visitOf(file, 0)), Interrupted);
  }),
);

test('an ffmpeg that gives nothing is given up, and the host goes on', { skip }, () =>
  withFolder(async (folder) => {
    const file = await makeVideo(folder);
    const slow = await scriptedFfmpeg(folder, `case "$*" in *stall*) exec sleep 60;; esac\nexec "$FFMPEG" "$@"`);
    const stall = await makeVideo(folder, 'stall.mp4');
    await withDecoders(slow, { concurrency: 1, inactivityMs: 400 }, async (decoders) => {
      await assert.rejects(visit(decoders, visitOf(stall, 0)), {
        kind: 'data',
        message: /gave nothing for 0\.4 s[\s\S]*stall\.mp4/,
      });
      assert.equal((await visit(decoders, visitOf(file, 0))).length, 16 * 12 * 3);
    });
  }),
);

test('a host that is killed is replaced and its visit done again; a second time it is given up', { skip }, () =>
  withFolder(async (folder) => {
    const file = await makeVideo(folder);
    const once = path.join(folder, 'once');
    const fake = await noting(folder, `if [ ! -e '${once}' ]; then exec sleep 60; fi\nexec "$FFMPEG" "$@"`);
    await withDecoders(fake.by, { concurrency: 1 }, async (decoders) => {
      const asked = visit(decoders, visitOf(file, 2));
      const [decoder, host] = await fake.first();
      await writeFile(once, '');
      process.kill(host, 'SIGKILL');
      assert.deepEqual(await asked, (await decodeFrames(ffmpeg, { file, frames: [2], size: SIZE })).data);
      assert.deepEqual(await survivors([decoder], 2000), [], 'the ffmpeg of the dead host');
    });
    const fatal = await scriptedFfmpeg(folder, 'kill -KILL $PPID; exec sleep 60');
    await withDecoders(fatal, { concurrency: 1 }, async (decoders) => {
      await assert.rejects(visit(decoders, visitOf(file, 0)), {
        kind: 'environment',
        message: /a process that decodes videos ended \(SIGKILL\)[\s\S]*memory/,
      });
    });
  }),
);
