import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type ArchiveRules, findArchives } from '../../src/data/archives.ts';
import { scanFolder } from '../../src/data/source-files.ts';
import { type Unpacked, type UnpackOptions, unpack } from '../../src/data/unpack.ts';
import { rarOf } from '../formats/archive/rar-writer.ts';
import { tarOf } from '../formats/archive/tar-writer.ts';
import { zipOf } from '../formats/zip-writer.ts';

const RULES: ArchiveRules = {
  names: 'a…',
  videos: [/^v.*\.(tar|rar|zip|tgz)$/],
  annotations: [/^lists\.zip$/],
  parts: { name: /^part-(\d\d)$/, count: 3, zips: /^parts.*\.zip$/ },
  nested: /\.rar$/,
};

interface Bench {
  readonly source: string;
  readonly out: string;
  /** Writes below the source. */
  put(files: Readonly<Record<string, Uint8Array>>): Promise<void>;
  run(options?: Partial<UnpackOptions>): Promise<Unpacked>;
  /** Path below `out` → text of all files but the journal. */
  files(): Promise<Record<string, string>>;
}

async function withBench(check: (bench: Bench) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'unpack-'));
  const source = path.join(folder, 'source');
  const out = path.join(folder, 'out');
  await mkdir(source);
  try {
    await check({
      source,
      out,
      put: async (files) => {
        for (const [name, bytes] of Object.entries(files)) {
          await mkdir(path.join(source, path.dirname(name)), { recursive: true });
          await writeFile(path.join(source, name), bytes);
        }
      },
      run: async (options = {}) => {
        const found = await scanFolder(source);
        return await unpack({
          archives: await findArchives(found, RULES),
          rules: RULES,
          source: found,
          videos: path.join(out, 'videos'),
          annotations: path.join(out, 'annotations'),
          journal: path.join(out, 'unpack.jsonl'),
          unfinished: '.unfinished-unpack',
          signal: new AbortController().signal,
          ...options,
        });
      },
      files: async () => {
        const names = await readdir(out, { recursive: true }).catch(() => []);
        const found: Record<string, string> = {};
        for (const name of names.sort()) {
          if (name !== 'unpack.jsonl' && (await stat(path.join(out, name))).isFile()) {
            found[name] = await readFile(path.join(out, name), 'latin1');
          }
        }
        return found;
      },
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

const file = (name: string, text = name) => ({ name, data: Buffer.from(text) });

test('videos and lists go to their places, all else stays packed, and a second run opens nothing', async () => {
  await withBench(async ({ put, run, files, out, source }) => {
    await put({
      'v1.rar': rarOf([
        { name: 'kick.rar', data: rarOf([file('kick/#1;[a].avi'), file('kick/notes.doc')]) },
        { name: 'run.rar', data: rarOf([file('2.avi')]) },
      ]),
      'train/v2.tgz': await tarOf([file('./-x.mp4'), file('readme.txt'), file('._-x.mp4'), file('__MACOSX/y.mp4')]),
      'lists.zip': zipOf([file('labels/train.csv', 'csv'), file('labels/z.mp4')]),
      'strange.zip': zipOf([file('q.mp4')]),
    });
    const wanted = {
      'annotations/labels/train.csv': 'csv',
      'annotations/train/readme.txt': 'readme.txt',
      'videos/kick/#1;[a].avi': 'kick/#1;[a].avi',
      'videos/run/2.avi': '2.avi',
      'videos/train/-x.mp4': './-x.mp4',
    };
    const downloads = await scanFolder(source);
    const { opened, written, notes } = await run();
    assert.deepEqual([opened, written, notes], [5, 5, []]);
    assert.deepEqual(await files(), wanted);

    const states = async () =>
      Promise.all(
        Object.keys(wanted).map(async (name) => (await stat(path.join(out, name), { bigint: true })).ctimeNs),
      );
    const before = [await states(), await readFile(path.join(out, 'unpack.jsonl'), 'utf8')];
    assert.deepEqual(await run(), { opened: 0, written: 0, bytes: 0, notes: [] });
    assert.deepEqual([await states(), await readFile(path.join(out, 'unpack.jsonl'), 'utf8')], before);
    assert.deepEqual((await scanFolder(source)).files, downloads.files, 'downloads stay');
  });
});

test('goes on where it was: what is whole is not written again, what was lost is', async () => {
  await withBench(async ({ put, run, files, out }) => {
    const inner = ['kick', 'run'].map((name) => ({
      name: `${name}.rar`,
      data: rarOf([file(`${name}/1.avi`), file(`${name}/2.avi`)]),
    }));
    await put({ 'v1.rar': rarOf(inner), 'v2.tar': await tarOf([file('3.mp4'), file('4.mp4')]) });
    const controller = new AbortController();
    let videos = 0;
    const onVideo = async () => {
      if (++videos === 3) controller.abort(new Error('enough'));
    };
    await assert.rejects(run({ signal: controller.signal, onVideo }), /enough/);
    assert.equal(Object.keys(await files()).length, 3);

    // A torn last line, as a kill leaves it; a file cut by a power failure; a folder of the process that was killed.
    const journal = path.join(out, 'unpack.jsonl');
    await truncate(journal, (await stat(journal)).size - 9);
    await truncate(path.join(out, 'videos/kick/2.avi'), 3);
    await mkdir(path.join(out, 'videos/.unfinished-unpack'));
    await writeFile(path.join(out, 'videos/.unfinished-unpack/0123'), 'half');
    const again = await run();
    assert.deepEqual([again.written, again.opened], [4, 4], 'the outer archive, an inner one cut, the other, the tar');
    assert.equal((await files())['videos/kick/2.avi'], 'kick/2.avi');
    assert.equal(Object.keys(await files()).length, 6);

    await rm(path.join(out, 'videos/run/1.avi'));
    const { opened, written } = await run();
    assert.deepEqual([opened, written], [2, 1], 'only what holds the lost file is opened');
    assert.deepEqual(await run(), { opened: 0, written: 0, bytes: 0, notes: [] });
  });
});

test('what lies unpacked in the source is not unpacked once more', async () => {
  await withBench(async ({ put, run, files }) => {
    await put({
      'v1.tar': await tarOf([file('kick/1.avi'), file('kick/2.avi'), file('kick/3.avi')]),
      'unpacked/kick/1.avi': Buffer.from('kick/1.avi'),
      'unpacked/kick/2.avi': Buffer.from('cut'),
      'elsewhere/3.avi': Buffer.from('kick/3.avi'),
    });
    assert.deepEqual((await run()).written, 2);
    assert.deepEqual(Object.keys(await files()), ['videos/kick/2.avi', 'videos/kick/3.avi']);
    assert.deepEqual((await run()).opened, 0);
  });
});

test('nothing leaves the folder: paths that lead outside, links and doubles are told', async () => {
  await withBench(async ({ put, run, files, source }) => {
    await put({
      'v1.tar': await tarOf([
        file('../up.mp4'),
        file('/abs.mp4'),
        { name: 'videos', type: 'symlink', linkname: '/tmp' },
        { name: 'l.mp4', type: 'link', linkname: '../up.mp4' },
        file('good.mp4', 'first'),
        file('good.mp4', 'second!'),
      ]),
      'v2.zip': zipOf([file('good.mp4', 'of another archive'), file('a\\..\\..\\up.mp4')]),
      'v3.rar': rarOf([file('../../up.mp4'), file('fine.mp4')]),
    });
    const { notes } = await run();
    assert.deepEqual(await files(), { 'videos/fine.mp4': 'fine.mp4', 'videos/good.mp4': 'first' });
    assert.equal(notes.filter((note) => note.startsWith('not unpacked, for it leads out of the folder: ')).length, 4);
    assert.equal(notes.filter((note) => note.startsWith('not unpacked, for it is a link or a device: ')).length, 2);
    assert.ok(notes.includes('good.mp4 is in v2.zip and, other, in v1.tar, which was kept'));
    assert.deepEqual((await readdir(path.dirname(source))).sort(), ['out', 'source']);
  });
});

test('a damaged archive is told when the others are unpacked, and mended by another download', async () => {
  await withBench(async ({ put, run, files, out }) => {
    const good = await tarOf([file('1.mp4'), file('2.mp4', 'x'.repeat(3000)), file('3.mp4')]);
    const rar = rarOf([
      { name: 'kick.rar', data: rarOf([{ ...file('kick/5.avi'), crc: 1 }]) },
      { name: 'run.rar', data: rarOf([file('run/6.avi')]) },
    ]);
    await put({ 'v1.tar': good.subarray(0, 3000), 'v2.rar': rar, 'v3.tar': await tarOf([file('4.mp4')]) });
    await assert.rejects(run(), (error: Error) => {
      assert.match(
        error.message,
        /^the archive is cut off \(and 1 more: .*v2\.rar, kick\.rar, kick\/5\.avi\)\n {2}at .*v1\.tar, 2\.mp4\n/,
      );
      assert.match(error.message, /download the file again.*--no-unpack/);
      return true;
    });
    assert.deepEqual(Object.keys(await files()), ['videos/1.mp4', 'videos/4.mp4', 'videos/run/6.avi']);
    await put({
      'v1.tar': good,
      'v2.rar': rarOf([
        { name: 'kick.rar', data: rarOf([file('kick/5.avi')]) },
        { name: 'run.rar', data: rarOf([file('run/6.avi')]) },
      ]),
    });
    assert.equal((await run()).written, 3);
    assert.equal(Object.keys(await files()).length, 6);
    assert.deepEqual(
      (await readdir(path.join(out, 'videos'))).filter((name) => name.startsWith('.')),
      [],
    );
  });
});

test('one archive in parts: all of them, from files and zips, or an error that names the missing', async () => {
  await withBench(async ({ put, run, files, source }) => {
    const tar = gzipSync(await tarOf([file('1.mp4'), file('2.mp4')]));
    await put({
      'part-00': tar.subarray(0, 40),
      'more/parts-b.zip': zipOf([{ name: 'x/part-02', data: tar.subarray(60) }]),
    });
    await assert.rejects(run(), {
      kind: 'data',
      message: /one archive in 3 parts, and one is missing: 01\n.*source\n.*--no-unpack/,
    });
    await put({ 'part-01': tar.subarray(40, 60) });
    assert.equal((await run()).written, 2);
    assert.deepEqual(Object.keys(await files()), ['videos/1.mp4', 'videos/2.mp4']);
    await rm(path.join(source, 'part-00'));
    await put({ 'part-00': Buffer.from('<html>') });
    await assert.rejects(run(), /no zip, RAR, tar or gzip \(it begins with "<html>"\)\n.*part-00/);
  });
});

test('the disk is measured first: what the directories promise, what is there already not', async () => {
  await withBench(async ({ put, run, files }) => {
    const large = Buffer.alloc(5_000_000);
    await put({
      'v1.zip': zipOf([{ name: '1.mp4', data: large, deflate: true }]),
      'v2.rar': rarOf([{ name: '2.mp4', data: large }]),
      'v3.tgz': gzipSync(await tarOf([file('3.mp4')])),
    });
    const asked: string[] = [];
    const freeSpace = (bytes: number) => async (folder: string) => {
      asked.push(folder);
      return bytes;
    };
    await assert.rejects(run({ freeSpace: freeSpace(9_900_000) }), {
      kind: 'environment',
      message: /too full to unpack the videos: 10\.0 MB needed, 9\.9 MB free\n.*videos\n.*--videos/,
    });
    assert.deepEqual(await files(), {});
    assert.equal(
      path.basename(asked[0] as string).startsWith('unpack-'),
      true,
      'the folder above, for out is not there yet',
    );
    const controller = new AbortController();
    const onVideo = async () => controller.abort(new Error('enough'));
    await assert.rejects(run({ freeSpace: freeSpace(10_100_000), signal: controller.signal, onVideo }), /enough/);
    await run({ freeSpace: freeSpace(5_100_000) });
    assert.equal(Object.keys(await files()).length, 3);
    await run({ freeSpace: freeSpace(0) });
  });
});
