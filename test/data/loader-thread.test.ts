import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { clipSource } from '../../src/data/clip-source.ts';
import type { Loader } from '../../src/data/loader.ts';
import { type LoaderThreadOptions, openLoaderThread } from '../../src/data/loader-thread.ts';
import { Interrupted } from '../../src/errors/index.ts';
import { openDecoders } from '../../src/video/decoders.ts';
import { ffmpeg, scriptedFfmpeg, withFolder } from '../video/ffmpegs.ts';
import { isAlive, survivors } from '../video/is-alive.ts';
import { contentOf, makeVideos, sourceOptions } from './made-videos.ts';

const skip = process.platform === 'win32' && 'no shell scripts and signals here';
const FIRST = Uint32Array.of(0);

async function withLoader(options: LoaderThreadOptions, check: (loader: Loader) => Promise<void>): Promise<void> {
  const loader = openLoaderThread(options);
  try {
    await check(loader);
  } finally {
    await loader.close();
  }
}

/** An ffmpeg that notes its own process and its parent's, which is the host's, and then does as the script says. */
async function noting(folder: string, script: string) {
  const made = await scriptedFfmpeg(folder, `echo $$ $PPID >> '${folder}/pids'\n${script}`);
  return {
    ffmpeg: made,
    /** The first pair, once it is there. */
    async pids(): Promise<[ffmpeg: number, host: number]> {
      const file = path.join(folder, 'pids');
      while (!existsSync(file) || !(await readFile(file, 'utf8')).includes('\n')) await sleep(10);
      const [line = ''] = (await readFile(file, 'utf8')).split('\n');
      return line.split(' ').map(Number) as [number, number];
    },
  };
}

/** Deaf to everything but a kill: to closed pipes, too. */
const STANDSTILL = 'exec sleep 60';

test('gives the clips and errors that a loader in this thread gives', () =>
  withFolder(async (folder) => {
    await makeVideos(folder);
    const source = sourceOptions(folder, ['wide', 'broken', 'tall']);
    const here = clipSource(openDecoders(ffmpeg, { concurrency: 2 }), source);
    await withLoader({ ffmpeg, concurrency: 2, source }, async (there) => {
      const order = Uint32Array.of(2, 1, 0);
      for (const epoch of [0, 1]) {
        const batch = await here.trainBatch('train', order, epoch);
        assert.equal(batch.replaced.length, 1);
        const other = await there.trainBatch('train', order, epoch);
        assert.deepEqual(contentOf(other), contentOf(batch));
        other.release();
      }
      for (const entry of [0, 1]) {
        const views = { segments: 2, crops: 3 };
        const [ours, theirs] = [await here.views('train', entry, views), await there.views('train', entry, views)];
        assert.deepEqual(contentOf(theirs), contentOf(ours));
      }
      await assert.rejects(there.views('train', 9, { segments: 1, crops: 1 }), /has no entry 9 in split train/);
    });
    await here.close();
    const strict = { ...source, onError: 'fail' } as const;
    await withLoader({ ffmpeg, concurrency: 2, source: strict }, async (loader) => {
      await assert.rejects(loader.trainBatch('train', Uint32Array.of(0, 1), 0), {
        name: 'PetlVideoError',
        kind: 'data',
        message: /broken could not be decoded[\s\S]*broken\.mkv[\s\S]*onError=skip/,
      });
      // The other requests go on.
      assert.equal((await loader.trainBatch('train', FIRST, 0)).labels.length, 1);
    });
  }));

test('goes on while the thread that asks is blocked', () =>
  withFolder(async (folder) => {
    await makeVideos(folder);
    await withLoader({ ffmpeg, concurrency: 1, source: sourceOptions(folder, ['wide']) }, async (loader) => {
      (await loader.trainBatch('train', FIRST, 0)).release();
      const asked = loader.trainBatch('train', FIRST, 1);
      const until = performance.now() + 2000;
      while (performance.now() < until);
      const started = performance.now();
      await asked;
      assert.ok(performance.now() - started < 500, 'the clip was made in the meantime');
    });
  }));

test('memory that was given back is used again', () =>
  withFolder(async (folder) => {
    await makeVideos(folder);
    await withLoader({ ffmpeg, concurrency: 1, source: sourceOptions(folder, ['wide', 'tall']) }, async (loader) => {
      const first = await loader.trainBatch('train', FIRST, 0);
      const kept = Uint8Array.from(first.clips);
      const second = await loader.trainBatch('train', Uint32Array.of(1), 0);
      assert.deepEqual(Uint8Array.from(first.clips), kept, 'not while it is lent');
      first.release();
      const third = await loader.trainBatch('train', Uint32Array.of(1), 0);
      assert.deepEqual(Uint8Array.from(first.clips), Uint8Array.from(third.clips), 'the memory of the first');
      assert.deepEqual(Uint8Array.from(second.clips), Uint8Array.from(third.clips));
    });
  }));

test('a killed program leaves neither a host nor an ffmpeg behind', { skip }, () =>
  withFolder(async (folder) => {
    await makeVideos(folder);
    const fake = await noting(folder, STANDSTILL);
    const options = { ffmpeg: fake.ffmpeg, concurrency: 2, source: sourceOptions(folder, ['wide']) };
    const program = path.join(folder, 'parent.mjs');
    const module = new URL('../../src/data/loader-thread.js', import.meta.url);
    await writeFile(
      program,
      `import { openLoaderThread } from ${JSON.stringify(module)};
      await openLoaderThread(${JSON.stringify(options)}).trainBatch('train', Uint32Array.of(0), 0);`,
    );
    const parent = spawn(process.execPath, [program], { stdio: 'ignore' });
    const pids = await fake.pids();
    assert.ok(pids.every(isAlive));
    parent.kill('SIGKILL');
    assert.deepEqual(await survivors(pids, 2000), []);
  }),
);

test('signals to the whole job leave the hosts at work', { skip }, () =>
  withFolder(async (folder) => {
    await makeVideos(folder);
    const fake = await noting(folder, 'exec "$FFMPEG" "$@"');
    await withLoader(
      { ffmpeg: fake.ffmpeg, concurrency: 1, source: sourceOptions(folder, ['wide']) },
      async (loader) => {
        const before = contentOf(await loader.trainBatch('train', FIRST, 0));
        const [, host] = await fake.pids();
        for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
          process.kill(host, signal);
          await sleep(50);
          assert.deepEqual(contentOf(await loader.trainBatch('train', FIRST, 0)), before, signal);
        }
      },
    );
  }),
);

test('closing interrupts what was asked for and returns when every process is gone', { skip }, () =>
  withFolder(async (folder) => {
    await makeVideos(folder);
    const fake = await noting(folder, STANDSTILL);
    const loader = openLoaderThread({ ffmpeg: fake.ffmpeg, concurrency: 1, source: sourceOptions(folder, ['wide']) });
    const asked = assert.rejects(loader.trainBatch('train', FIRST, 0), Interrupted);
    const pids = await fake.pids();
    await loader.close();
    assert.deepEqual(pids.filter(isAlive), []);
    await asked;
    await assert.rejects(loader.trainBatch('train', FIRST, 0), Interrupted);
    await loader.close();
  }),
);
