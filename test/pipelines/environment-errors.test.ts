/** What the machine lacks or refuses: ffmpeg, libtensorflow, room on the disk, permission. Exit code 5. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { listBindings } from '../../src/engine/tensorflow-binding.ts';
import { type Ffmpeg, findFfmpeg } from '../../src/video/ffmpeg.ts';
import { assertRefused, type RunOptions, refused, run, succeeds, unfinished } from './cli.ts';
import { ffmpegHere, makeProject } from './project.ts';

const ffmpeg = await ffmpegHere();
const skip = ffmpeg === undefined && 'no ffmpeg here';
let folder = '';
let empty = '';
const inside = (...parts: string[]): string => path.join(folder, ...parts);

before(async () => {
  if (ffmpeg === undefined) return;
  folder = await makeProject(ffmpeg);
  empty = inside('empty');
  await mkdir(empty);
  await succeeds(['train', 'recipe.yaml', 'train.epochs=1', '--out', 'run'], { folder });
});
after(() => folder !== '' && rm(folder, { recursive: true }));

/** Nothing set up, nothing installed, no network: port 1 is one that nobody is ever asked at. */
const bare = (): RunOptions => ({
  folder,
  env: {
    FFMPEG_PATH: undefined,
    FFMPEG_BIN: undefined,
    PETL_VIDEO_CACHE: empty,
    PATH: empty,
    PIP_INDEX_URL: 'http://127.0.0.1:1/simple',
  },
});

describe('without ffmpeg', { skip, concurrency: 2 }, () => {
  for (const words of [
    ['train', 'recipe.yaml', '--out', 'unseen'],
    ['evaluate', 'run'],
    ['predict', 'run', 'videos/train/up/0.mp4'],
    ['prepare', 'folder', '--source', 'videos', '--out', 'unseen-data'],
  ]) {
    test(`${words[0]} says where it looked and what to do`, async (t) => {
      const places = { cache: empty, searchPath: empty };
      if (await findFfmpeg(places).catch(() => undefined)) return t.skip('ffmpeg-static brought one');
      const ran = await refused([...words, '--json'], bare(), {
        code: 5,
        says: 'environment error: no ffmpeg was found',
        remedy: /^petl-video setup, or apt-get install ffmpeg, or set FFMPEG_PATH$/,
      });
      assert.match(ran.stderr, /^ {2}FFMPEG_PATH: not set$/m);
      assert.match(ran.stderr, /^ {2}PATH: not there$/m);
      assert.deepEqual([existsSync(inside('unseen')), existsSync(inside('unseen-data'))], [false, false]);
    });
  }

  test('one that was named and does not work is not passed over', async () => {
    await writeFile(inside('no-program'), 'text');
    await writeFile(inside('mute'), '#!/bin/sh\nexit 0\n');
    await chmod(inside('mute'), 0o755);
    for (const [named, why] of [
      [inside('no-program'), 'not there, or not an executable file'],
      [inside('nowhere'), 'not there, or not an executable file'],
      [inside('mute'), 'it does not answer -version'],
      ['ffmpeg-of-nobody', 'it is not on the search path'],
    ] as const) {
      for (const words of [
        ['train', 'recipe.yaml', '--out', 'unseen'],
        ['prepare', 'folder', '--source', 'videos', '--out', 'unseen-data'],
      ]) {
        await refused(
          words,
          { folder, env: { FFMPEG_PATH: named } },
          {
            code: 5,
            says: `environment error: the ffmpeg named by FFMPEG_PATH (or FFMPEG_BIN) does not work: ${why}`,
            at: named,
            remedy: 'name one that works, or none',
          },
        );
      }
    }
  });
});

test('without libtensorflow: named with its cure, and the engine cpu trains all the same', { skip }, async (t) => {
  if ((await listBindings(empty)).length > 0) return t.skip('tfjs-node-gpu brought its own');
  const options = { folder, env: { PETL_VIDEO_CACHE: empty, FFMPEG_PATH: (ffmpeg as Ffmpeg).path } };
  for (const engine of ['tensorflow', 'tensorflow-eager']) {
    await refused(['train', 'recipe.yaml', `engine.name=${engine}`, '--out', 'unseen', '--json'], options, {
      code: 5,
      says: 'environment error: libtensorflow is not there',
      at: empty,
      remedy: /^petl-video setup, or engine\.name onnxruntime$/,
    });
  }
  assert.ok(!existsSync(inside('unseen')));
  await succeeds(['train', 'recipe.yaml', 'train.epochs=1', '--out', 'plain'], options);
});

const LONG = ['train.epochs=12', 'train.logEverySteps=1'];
const GO_ON = 'the last checkpoint is whole; once this is mended, go on with: petl-video train --resume';

test('a limit on the size of files stops a run that resumes once it is lifted', { skip }, async (t) => {
  if (process.platform === 'win32') return t.skip('ulimit is for shells');
  const ran = await refused(
    ['train', 'recipe.yaml', ...LONG, '--out', 'limited', '--json'],
    { folder, shell: 'ulimit -f 6; exec "$@"' },
    {
      code: 5,
      says: /^environment error: cannot write the file: the file is larger than the file system or its limit allows$/,
      at: /^limited\//,
      remedy: 'raise the limit',
    },
  );
  assert.ok(ran.stderr.includes(`${GO_ON} limited`), ran.stderr);
  const resumed = await succeeds(['train', '--resume', 'limited'], { folder });
  assert.match(resumed.stdout, /^trained 12 epochs: limited$/m);
});

/** A disk of one megabyte, and the way to leave so many kilobytes of it free. */
async function withSmallDisk(
  t: TestContext,
  use: (disk: string, free: (kilobytes: number) => Promise<void>) => Promise<void>,
) {
  const disk = await mkdtemp(path.join(tmpdir(), 'petl-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]).status === 0;
  try {
    if (!mounted) return t.skip('no right to mount a small disk here');
    await use(disk, (kilobytes) => writeFile(path.join(disk, 'filler'), Buffer.alloc((1024 - kilobytes) * 1024)));
  } finally {
    if (mounted) spawnSync('umount', [disk]);
    await rm(disk, { recursive: true });
  }
}

test('a full disk', { skip }, async (t) => {
  await withSmallDisk(t, async (disk, free) => {
    const full = /^environment error: cannot write the file: the disk is full$/;
    const on = (name: string): string => path.join(disk, name);

    await t.test('at the start of a run: no run', async () => {
      await free(8);
      const words = ['train', 'recipe.yaml', ...LONG, '--out', on('run'), '--json'];
      await refused(words, { folder }, { code: 5, says: full, at: disk, remedy: 'free some space' });
      assert.deepEqual(await readdir(disk), ['filler']);
    });

    await t.test('in the middle: the run goes on once there is room', async () => {
      await rm(on('filler'));
      await free(44);
      const words = ['train', 'recipe.yaml', ...LONG, '--out', on('run'), '--json'];
      const ran = await refused(words, { folder }, { code: 5, says: full, at: on('run'), remedy: 'free some space' });
      assert.match(ran.stderr, /^epoch 1: /m);
      assert.ok(ran.stderr.includes(`${GO_ON} ${on('run')}`), ran.stderr);
      assert.deepEqual(await unfinished(disk), []);
      await rm(on('filler'));
      const resumed = await succeeds(['train', '--resume', on('run')], { folder });
      assert.match(resumed.stdout, /^trained 12 epochs: /m);
    });

    await t.test('in evaluation: the result is told before it cannot be kept', async () => {
      await cp(inside('run'), on('measured'), { recursive: true });
      await writeFile(on('filler'), Buffer.alloc(1 << 20)).catch(() => {});
      const words = ['evaluate', on('measured'), '--json'];
      const expected = { code: 5, reports: true, says: full, at: on('measured'), remedy: 'free some space' };
      const { stdout } = await refused(words, { folder }, expected);
      assert.equal(JSON.parse(stdout).counted, 4);
      await rm(on('filler'));
    });

    await t.test('in preparation: nothing that looks prepared', async () => {
      await rm(on('run'), { recursive: true });
      await rm(on('measured'), { recursive: true });
      await free(4);
      const words = ['prepare', 'folder', '--source', 'videos', '--out', on('data'), '--json'];
      await refused(words, { folder }, { code: 5, says: full, at: on('data'), remedy: 'free some space' });
      assert.ok(!existsSync(on('data/dataset.json')));
      await rm(on('filler'));
      await succeeds(words, { folder });
      assert.ok(existsSync(on('data/dataset.json')));
    });
  });
});

test('without permission', { skip }, async (t) => {
  if (process.platform === 'win32') return t.skip('permissions are of another kind');
  // Root may do everything; it asks as nobody.
  const user = process.getuid?.() === 0 ? 65534 : undefined;
  const own = inside('own');
  await mkdir(own);
  for (const name of ['recipe.yaml', 'data', 'videos', 'run']) {
    await cp(inside(name), path.join(own, name), { recursive: true });
  }
  await copyFile((ffmpeg as Ffmpeg).path, path.join(own, 'ffmpeg'));
  await chmod(folder, 0o755);
  const env = { FFMPEG_PATH: path.join(own, 'ffmpeg'), PETL_VIDEO_CACHE: empty };
  const options: RunOptions = { folder: own, env, ...(user === undefined ? {} : { user }) };
  if ((await run(['--version'], options).catch(() => undefined))?.code !== 0) return t.skip('not to be read by nobody');

  /** Takes all rights from a place meanwhile. */
  async function closed(name: string, check: () => Promise<unknown>, mode = 0): Promise<void> {
    const place = path.join(own, name);
    await chmod(place, mode);
    try {
      await check();
    } finally {
      await chmod(place, 0o755);
    }
  }
  const train = ['train', 'recipe.yaml', '--out', 'new/run', '--json'];

  await closed('recipe.yaml', () =>
    refused(train, options, { code: 3, says: 'config error: cannot read the recipe: EACCES', at: /^recipe\.yaml$/ }),
  );
  for (const place of ['data/dataset.json', 'data/train.jsonl']) {
    await closed(place, () => refused(train, options, { code: 4, says: 'cannot be read: EACCES', at: place }));
  }
  await closed('run/tuned.safetensors', () =>
    refused(['evaluate', 'run'], options, {
      code: 6,
      says: 'weights error: no permission to read the file',
      at: /^run\/tuned\.safetensors$/,
      remedy: 'check its owner and mode',
    }),
  );
  await closed('run/config.yaml', () =>
    refused(['evaluate', 'run'], options, {
      code: 4,
      says: 'data error: no run here: config.yaml cannot be read: EACCES',
      at: /^run$/,
    }),
  );
  const prepare = ['prepare', 'folder', '--source', 'videos', '--out', 'out', '--json'];
  await closed('videos/train/up', () =>
    refused(prepare, options, {
      code: 5,
      says: /^environment error: permission denied \(scandir\)$/,
      at: /videos\/train\/up$/,
      remedy: 'check its owner and mode',
    }),
  );
  const denied = {
    code: 5,
    says: 'environment error: cannot write the file: permission denied',
    remedy: 'may write to',
  };
  await closed('.', () => refused(train, options, { ...denied, at: /^new\/run$/ }), 0o555);
  await closed('.', () => refused(prepare, options, { ...denied, at: /^out$/ }), 0o555);
  await closed(
    'run',
    async () => {
      const ran = await run(['evaluate', 'run', '--json'], options);
      await assertRefused(ran, own, { ...denied, reports: true, at: /^run\/predictions\.jsonl$/ });
      assert.equal(JSON.parse(ran.stdout).counted, 4);
    },
    0o555,
  );
  // One file that may not be read is a fault of that file, not the end of the preparation.
  await chmod(own, 0o777);
  await closed('videos/train/up/0.mp4', async () => {
    const { stdout } = await succeeds(prepare, options);
    assert.deepEqual(
      JSON.parse(stdout).splits.map((split: Record<string, unknown>) => [split.usable, split.unreadable]),
      [
        [7, 1],
        [4, 0],
      ],
    );
  });
});
