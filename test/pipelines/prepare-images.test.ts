import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { readDataset, readSplit } from '../../src/data/read-dataset.ts';
import { encodePng } from '../../src/formats/png.ts';
import { records, tgzOf } from '../datasets/cifar-files.ts';
import { tarOf } from '../formats/archive/tar-writer.ts';
import { bytes, matlabFile } from '../formats/matlab-writer.ts';
import { assertRefused, refused, run, succeeds } from './cli.ts';
import { ffmpegHere } from './project.ts';

async function withFolder(check: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'prepare-images-'));
  try {
    await check(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function put(folder: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [file, content] of Object.entries(files)) {
    await mkdir(path.join(folder, path.dirname(file)), { recursive: true });
    await writeFile(path.join(folder, file), content);
  }
}

test('an archive of arrays becomes files and manifests, without ffmpeg, and once', async () => {
  await withFolder(async (folder) => {
    const members = {
      'cifar-100-binary/train.bin': records([0, 99, 42, 42]),
      'cifar-100-binary/test.bin': records([7]),
    };
    await put(folder, { 'down/cifar-100-binary.tar.gz': await tgzOf(members) });
    const words = ['prepare', 'cifar100', '--source', 'down', '--out', 'data', '--no-color'];
    const env = { FFMPEG_PATH: '/nowhere/ffmpeg' };
    const dry = await succeeds([...words, '--dry-run'], { folder, env });
    assert.match(dry.stdout, /^train +50000 +cifar-100-binary\.tar\.gz$/m);
    const { stdout, stderr } = await succeeds(words, { folder, env });
    assert.match(stdout, /^train +4 +50,000 +4 +4/m);
    assert.match(stdout, /cifar-100-binary\.tar\.gz is not the official file: its md5 is [0-9a-f]{32}/);
    assert.match(stdout, /clips of one frame/);
    assert.match(stderr, /5 images written, 0 there from before/);
    const dataset = await readDataset(path.join(folder, 'data'));
    assert.equal(dataset.root, path.join(folder, 'data', 'images'));
    const train = await readSplit(path.join(folder, 'data'), dataset, 'train');
    assert.deepEqual(
      train.map(({ label, frames, width, height, fps, verdict }) => [label, frames, width, height, fps, verdict]),
      [
        [0, 1, 32, 32, 0, 'ok'],
        [99, 1, 32, 32, 0, 'ok'],
        [42, 1, 32, 32, 0, 'ok'],
        [42, 1, 32, 32, 0, 'ok'],
      ],
    );
    const again = await succeeds(words, { folder, env });
    assert.match(again.stderr, /0 images written, 5 there from before/);
    await refused([...words, '--shard', '1/2'], { folder }, { code: 2, says: 'cifar100 is not prepared in shards' });
    await refused([...words, '--jpeg'], { folder }, { code: 2, says: '--jpeg and --gop are no options for cifar100' });
  });
});

test('all tasks of a family, each in a folder of its own; one by --task', async (t) => {
  if ((await ffmpegHere()) === undefined) return t.skip('no ffmpeg here');
  await withFolder(async (folder) => {
    const png = await encodePng({ data: new Uint8Array(3 * 16 * 8).fill(90), width: 16, height: 8 });
    const task = (name: string) =>
      Object.fromEntries(
        ['train800', 'val200', 'train800val200', 'test'].flatMap((split): [string, string | Uint8Array][] => [
          [`vtab-1k/${name}/${split}.txt`, `images/${split}/000000.jpg 1\n`],
          [`vtab-1k/${name}/images/${split}/000000.png`, png],
        ]),
      );
    await put(folder, { ...task('svhn'), ...task('dtd') });
    const words = ['prepare', 'vtab1k', '--source', 'vtab-1k', '--out', 'data', '--no-color'];
    const { stdout } = await succeeds([...words, '--json'], { folder });
    assert.deepEqual(Object.keys(JSON.parse(stdout).tasks), ['dtd', 'svhn']);
    const dataset = await readDataset(path.join(folder, 'data', 'svhn'));
    assert.deepEqual([dataset.name, dataset.flip, dataset.origin?.images], ['vtab-svhn (lossless)', false, 'lossless']);
    const [entry] = await readSplit(path.join(folder, 'data', 'svhn'), dataset, 'trainval');
    assert.deepEqual([entry?.label, entry?.width, entry?.height, entry?.frames, entry?.fps], [1, 16, 8, 1, 0]);
    assert.match(await readFile(path.join(folder, 'data', 'dtd', 'report.json'), 'utf8'), /vtab-dtd \(lossless\)/);

    // One whose list is damaged does not keep the other from being prepared.
    await writeFile(path.join(folder, 'vtab-1k/dtd/test.txt'), 'images/test/000000.jpg 47\n');
    const damaged = await run(words, { folder });
    assert.match(damaged.stdout, /^vtab-svhn \(lossless\): 10 classes, as official$/m);
    await assertRefused({ ...damaged, stdout: '{}' }, folder, {
      ...{ code: 4, says: '1 of 2 could not be prepared: dtd: the label 47 is out of range', at: /test\.txt:1/ },
      reports: true,
    });

    const one = await succeeds([...words, '--task', 'svhn', '--json'], { folder });
    assert.deepEqual(Object.keys(JSON.parse(one.stdout).tasks), ['svhn']);
    await refused(
      [...words, '--task', 'svhm'],
      { folder },
      { code: 2, says: /no task svhm there; did you mean svhn\?/, remedy: 'dtd, svhn' },
    );
    await refused(
      ['prepare', 'cifar10', '--source', '.', '--out', 'x', '--task', 'a'],
      { folder },
      { code: 2, says: '--task is no option for cifar10' },
    );
  });
});

test('archives of images and of MATLAB lists are unpacked', async (t) => {
  if ((await ffmpegHere()) === undefined) return t.skip('no ffmpeg here');
  await withFolder(async (folder) => {
    const png = Buffer.from(await encodePng({ data: new Uint8Array(3 * 4 * 4), width: 4, height: 4 }));
    const dogs = ['n01-Beagle/n01_1.jpg', 'n02-Boxer/n02_7.jpg', 'n01-Beagle/n01_2.jpg'];
    const list = (files: string[], labels: number[]) =>
      matlabFile({ file_list: { cells: files }, labels: bytes([labels.length, 1], labels) });
    const lists = {
      'train_list.mat': list(dogs.slice(0, 2), [1, 2]),
      'test_list.mat': list(dogs.slice(2), [1]),
    };
    await put(folder, {
      'dogs/images.tar': await tarOf(dogs.map((dog) => ({ name: `Images/${dog}`, data: png }))),
      'dogs/lists.tar': await tarOf(Object.entries(lists).map(([name, data]) => ({ name, data }))),
    });
    const words = ['prepare', 'dogs120', '--source', 'dogs', '--out', 'data', '--no-color'];
    const { stdout } = await succeeds(words, { folder });
    assert.match(stdout, /^lists +the official lists$/m);
    const dataset = await readDataset(path.join(folder, 'data'));
    assert.deepEqual(dataset.classes.slice(0, 2), ['Beagle', 'Boxer']);
    const test = await readSplit(path.join(folder, 'data'), dataset, 'test');
    assert.deepEqual(
      test.map(({ file, label, width, verdict }) => [path.join(dataset.root, file), label, width, verdict]),
      [[path.join(folder, 'data/images/Images', dogs[2] as string), 0, 4, 'ok']],
    );
  });
});
