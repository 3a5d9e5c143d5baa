import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, type TestContext, test } from 'node:test';
import { cachedFfmpeg } from '../../src/setup/ffmpeg-binary.ts';
import { findFfmpeg, listDecoders } from '../../src/video/ffmpeg.ts';

let folder: string;
let cache: string;
let searchPath: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'petl-ffmpeg-'));
  cache = path.join(folder, 'cache');
  searchPath = path.join(folder, 'bin');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** An executable that answers as ffmpeg does. */
async function fake(file: string, version: string, codec = 61): Promise<string> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(
    file,
    `#!/bin/sh
if [ "$1" = -version ]; then
  echo "ffmpeg version ${version} Copyright (c) 2000-2024 the FFmpeg developers"
  echo "libavcodec     ${codec}.  3.100 / ${codec}.  3.100"
else
  echo " V..... = Video"
  echo " ------"
  echo " VFS..D h264                 H.264 / AVC"
  echo " V....D libdav1d             dav1d AV1 decoder (codec av1)"
  echo " A....D aac                  AAC (Advanced Audio Coding)"
fi
`,
  );
  await chmod(file, 0o755);
  return file;
}

const shellOnly = (t: TestContext): boolean => {
  if (process.platform === 'win32') t.skip('the stand-ins are shell scripts');
  return process.platform === 'win32';
};

test('configuration, FFMPEG_PATH, the cache, the search path: the first that is there', async (t) => {
  if (shellOnly(t)) return;
  const onPath = await fake(path.join(searchPath, 'ffmpeg'), '5.1.9-0+deb12u1', 59);
  const places = { cache, searchPath };
  const first = await findFfmpeg(places);
  assert.deepEqual(
    { ...first, startupMs: 0 },
    { path: onPath, version: '5.1.9-0+deb12u1', versionNumber: [5, 1], source: 'PATH', startupMs: 0 },
  );
  assert.ok(first.startupMs > 0 && first.startupMs < 30_000);

  const cached = await fake(cachedFfmpeg(cache), '7.0.2-static');
  assert.deepEqual(pick(await findFfmpeg(places)), [cached, 'imageio-ffmpeg']);

  const own = await fake(path.join(folder, 'own', 'ffmpeg'), '6.0');
  assert.deepEqual(pick(await findFfmpeg({ ...places, environmentPath: own })), [own, 'FFMPEG_PATH']);

  const named = await fake(path.join(folder, 'named', 'ffmpeg'), '6.1');
  const all = { ...places, environmentPath: own, configured: named };
  assert.deepEqual(pick(await findFfmpeg(all)), [named, 'configuration']);
});

const pick = (found: { path: string; source: string }): string[] => [found.path, found.source];

test('a bare name is looked for on the search path, an empty one is none', async (t) => {
  if (shellOnly(t)) return;
  const onPath = await fake(path.join(searchPath, 'ffmpeg6'), '6.0');
  const found = await findFfmpeg({ cache, searchPath, configured: '', environmentPath: 'ffmpeg6' });
  assert.deepEqual(pick(found), [onPath, 'FFMPEG_PATH']);
});

test('one that was named and does not work is an error, although others would', async (t) => {
  if (shellOnly(t)) return;
  await fake(path.join(searchPath, 'ffmpeg'), '5.1');
  const broken = path.join(folder, 'broken');
  await writeFile(broken, '#!/bin/sh\necho "cannot open shared object" >&2\nexit 127\n');
  await chmod(broken, 0o755);
  const rejects = (places: { configured?: string; environmentPath?: string }, message: RegExp) =>
    assert.rejects(findFfmpeg({ cache, searchPath, ...places }), { kind: 'environment', message });
  await rejects({ environmentPath: broken }, /FFMPEG_PATH.*cannot open shared object/);
  await rejects({ configured: path.join(folder, 'absent') }, /configuration.*not there/);
  await rejects({ configured: 'ffmpeg9' }, /configuration.*search path/);
});

test('one that was not named and does not work is passed over; none at all names all five ways', async (t) => {
  if (shellOnly(t)) return;
  const cached = cachedFfmpeg(cache);
  await mkdir(path.dirname(cached), { recursive: true });
  await writeFile(cached, 'not a program');
  await chmod(cached, 0o755);
  await assert.rejects(findFfmpeg({ cache, searchPath }), (error: Error & { kind?: string; remedy?: string }) => {
    assert.equal(error.kind, 'environment');
    for (const way of ['configuration', 'FFMPEG_PATH', 'ffmpeg-static', 'imageio-ffmpeg', 'PATH']) {
      assert.match(error.message, new RegExp(`^ {2}${way}: `, 'm'));
    }
    assert.match(error.remedy ?? '', /petl-video setup.*apt-get install ffmpeg.*FFMPEG_PATH/);
    return true;
  });
  const onPath = await fake(path.join(searchPath, 'ffmpeg'), '5.1');
  assert.deepEqual(pick(await findFfmpeg({ cache, searchPath })), [onPath, 'PATH']);
});

test('builds between releases are dated by their libavcodec', async (t) => {
  if (shellOnly(t)) return;
  const file = path.join(folder, 'ffmpeg');
  const numberOf = async (version: string, codec: number) => {
    await fake(file, version, codec);
    return (await findFfmpeg({ cache, searchPath, configured: file })).versionNumber;
  };
  assert.deepEqual(await numberOf('n7.1.1-56-gc2184b65d2', 61), [7, 1]);
  assert.deepEqual(await numberOf('N-113024-gd8d4b4c0b5', 60), [6, 0]);
  assert.deepEqual(await numberOf('git-2020-06-04-7f81785', 58), [4, 0]);
});

test('decoders are listed by name, the legend is not', async (t) => {
  if (shellOnly(t)) return;
  const file = await fake(path.join(folder, 'ffmpeg'), '7.0');
  const found = await findFfmpeg({ cache, searchPath, configured: file });
  assert.deepEqual([...(await listDecoders(found))], ['h264', 'libdav1d', 'aac']);
});

test('an aborted search says so', async () => {
  const signal = AbortSignal.abort(new Error('enough'));
  await fake(path.join(searchPath, 'ffmpeg'), '5.1');
  await assert.rejects(findFfmpeg({ cache, searchPath, signal }), /^Error: enough$/);
});
