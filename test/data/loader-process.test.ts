import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { clipSource } from '../../src/data/clip-source.ts';
import type { Loader } from '../../src/data/loader.ts';
import { type LoaderProcessOptions, openLoaderProcess } from '../../src/data/loader-process.ts';
import { Interrupted } from '../../src/errors/index.ts';
import { createDecoders } from '../../src/video/decoders.ts';
import { ffmpeg, runDirectly, scriptedFfmpeg, withFolder } from '../video/ffmpegs.ts';
import { isAlive, survivors } from '../video/is-alive.ts';
import { makeVideos, sourceOptions } from './made-videos.ts';

const skip = process.platform === 'win32' && 'no shell scripts and signals here';
const FIRST = Uint32Array.of(0);

async function withLoader(options: LoaderProcessOptions, check: (loader: Loader) => Promise<void>): Promise<void> {
  const loader = openLoaderProcess(options);
  try {
    await check(loader);
  } finally {
    await loader.close();
  }
}

/** An ffmpeg that notes its own process and its parent's, which is the loader's, and then does as the script says. */
async function noting(folder: string, script: string) {
  const made = await scriptedFfmpeg(folder, `echo $$ $PPID >> '${folder}/pids'\n${script}`);
  return {
    ffmpeg: made,
    /** The first pair, once it is there. */
    async pids(): Promise<[ffmpeg: number, loader: number]> {
      const file = path.join(folder, 'pids');
      while (!existsSync(file) || !(await readFile(file, 'utf8')).includes('\n')) await sleep(10);
      const [line = ''] = (await readFile(file, 'utf8')).split('\n');
      return line.split(' ').map(Number) as [number, number];
    },
  };
}

/** Deaf to everything but a kill: to closed pipes, too. */
const STANDSTILL = 'exec sleep 60';

test('gives the clips and errors that a loader in this process gives', () =>
  withFolder(async (folder) => {
    await makeVideos(folder);
    const source = sourceOptions(folder, ['wide', 'broken', 'tall']);
    const here = clipSource(createDecoders(ffmpeg, { concurrency: 2 }), source);
    await withLoader({ ffmpeg, concurrency: 2, source }, async (there) => {
      const order = Uint32Array.of(2, 1, 0);
      for (const epoch of [0, 1]) {
        const batch = await here.trainBatch('train', order, epoch);
        assert.equal(batch.replaced.length, 1);
        assert.deepEqual(await there.trainBatch('train', order, epoch), batch);
      }
      for (const entry of [0, 1]) {
        const views = { segments: 2, crops: 3 };
        assert.deepEqual(await there.views('train', entry, views), await here.views('train', entry, views));
      }
      await assert.rejects(there.views('train', 9, { segments: 1, crops: 1 }), /has no entry 9 in split train/);
    });
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

test('a killed parent leaves neither the loader nor an ffmpeg behind', { skip }, () =>
  withFolder(async (folder) => {
    await makeVideos(folder);
    const fake = await noting(folder, STANDSTILL);
    const options = { ffmpeg: fake.ffmpeg, concurrency: 2, source: sourceOptions(folder, ['wide']) };
    const program = path.join(folder, 'parent.mjs');
    const module = new URL('../../src/data/loader-process.js', import.meta.url);
    await writeFile(
      program,
      `import { openLoaderProcess } from ${JSON.stringify(module)};
      await openLoaderProcess(${JSON.stringify(options)}).trainBatch('train', Uint32Array.of(0), 0);`,
    );
    const parent = spawn(process.execPath, [program], { stdio: 'ignore' });
    const pids = await fake.pids();
    assert.ok(pids.every(isAlive));
    parent.kill('SIGKILL');
    assert.deepEqual(await survivors(pids, 2000), []);
  }),
);

test('a loader that is killed says so at once, and later requests too', { skip }, () =>
  withFolder(async (folder) => {
    await makeVideos(folder);
    const long = path.join(folder, 'wide.mkv');
    await runDirectly(ffmpeg, ['-f', 'lavfi', '-i', 'testsrc2=s=160x120:r=20:d=9', '-c:v', 'ffv1', long]);
    // A frame each twentieth of a second: it is in the middle of its work when its reader dies.
    const fake = await noting(folder, 'exec "$FFMPEG" -re "$@"');
    const source = sourceOptions(folder, ['wide'], { stride: 1 });
    const later = { ...source, splits: { train: source.splits.train?.map((entry) => ({ ...entry, frames: 180 })) } };
    await withLoader({ ffmpeg: fake.ffmpeg, concurrency: 2, source: later as typeof source }, async (loader) => {
      const asked = loader.trainBatch('train', FIRST, 1);
      const [decoder, child] = await fake.pids();
      process.kill(child, 'SIGKILL');
      const ended = { kind: 'environment', message: /the process that decodes videos ended \(SIGKILL\)[\s\S]*memory/ };
      await assert.rejects(asked, ended);
      await assert.rejects(loader.trainBatch('train', FIRST, 1), ended);
      await assert.rejects(loader.views('train', 0, { segments: 1, crops: 1 }), ended);
      // ffmpeg ends when it next writes.
      assert.deepEqual(await survivors([decoder], 10_000), []);
    });
  }),
);

test('a loader that cannot be spoken to is an error that says so, not a broken pipe', { skip }, () =>
  withFolder(async (folder) => {
    await makeVideos(folder);
    const fake = await noting(folder, 'exec "$FFMPEG" "$@"');
    await withLoader(
      { ffmpeg: fake.ffmpeg, concurrency: 1, source: sourceOptions(folder, ['wide']) },
      async (loader) => {
        await loader.trainBatch('train', FIRST, 0);
        const [, child] = await fake.pids();
        process.kill(child, 'SIGKILL');
        // Without a turn of the event loop in between, so that nobody knows of the death yet.
        const asked = Array.from({ length: 4 }, () => loader.trainBatch('train', FIRST, 0));
        for (const one of asked) await assert.rejects(one, { kind: 'environment', message: /ended \(SIGKILL\)/ });
      },
    );
  }),
);

test('signals to the whole job leave the loader at work', { skip }, () =>
  withFolder(async (folder) => {
    await makeVideos(folder);
    const fake = await noting(folder, 'exec "$FFMPEG" "$@"');
    await withLoader(
      { ffmpeg: fake.ffmpeg, concurrency: 1, source: sourceOptions(folder, ['wide']) },
      async (loader) => {
        const before = await loader.trainBatch('train', FIRST, 0);
        const [, child] = await fake.pids();
        for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
          process.kill(child, signal);
          await sleep(50);
          assert.deepEqual(await loader.trainBatch('train', FIRST, 0), before, signal);
        }
      },
    );
  }),
);

test('closing interrupts what was asked for and returns when every process is gone', { skip }, () =>
  withFolder(async (folder) => {
    await makeVideos(folder);
    const fake = await noting(folder, STANDSTILL);
    const loader = openLoaderProcess({ ffmpeg: fake.ffmpeg, concurrency: 1, source: sourceOptions(folder, ['wide']) });
    const asked = assert.rejects(loader.trainBatch('train', FIRST, 0), Interrupted);
    const pids = await fake.pids();
    await loader.close();
    assert.deepEqual(pids.filter(isAlive), []);
    await asked;
    await assert.rejects(loader.trainBatch('train', FIRST, 0), Interrupted);
    await loader.close();
  }),
);
