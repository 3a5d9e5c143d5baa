import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { dataError } from '../../../src/errors/index.ts';
import { type Archive, directory, members } from '../../../src/formats/archive/archive.ts';
import { leadsOutside, safePath } from '../../../src/formats/archive/member.ts';
import { zipOf } from '../zip-writer.ts';
import { rarOf } from './rar-writer.ts';
import { tarOf } from './tar-writer.ts';

const options = { signal: new AbortController().signal, fault: dataError };

/** Bytes that no compressor makes smaller, the same on every run. */
function noise(seed: number, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) =>
    createHash('sha256').update(`${seed} ${i}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, length);
}

const LARGE = noise(1, 3_000_000);
const SMALL = Buffer.from('Grüße\n');
const FILES = [
  { name: 'a/[1] #2;(x)&!.avi', data: LARGE },
  { name: 'b.txt', data: SMALL },
  { name: 'c.bin', data: Buffer.alloc(0) },
  { name: 'd.avi', data: noise(2, 70_000) },
];

async function withFolder(check: (write: (name: string, bytes: Uint8Array) => Promise<string>) => Promise<void>) {
  const folder = await mkdtemp(path.join(tmpdir(), 'archive-'));
  try {
    await check(async (name, bytes) => {
      const file = path.join(folder, name);
      await writeFile(file, bytes);
      return file;
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface Read {
  readonly files: [name: string, content: string][];
  readonly error?: Error;
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The files that are good, and the error that ended the reading. `passes` leaves some out. */
async function readAll(archive: Archive, passes: (name: string) => boolean = () => false): Promise<Read> {
  const files: [string, string][] = [];
  try {
    for await (const { name, kind, size, chunks } of members(archive, options)) {
      if (kind !== 'file' || passes(name)) continue;
      const bytes: Uint8Array[] = [];
      for await (const chunk of chunks()) bytes.push(chunk);
      const content = Buffer.concat(bytes);
      assert.equal(content.length, size, name);
      files.push([name, digest(content)]);
    }
    return { files };
  } catch (error) {
    return { files, error: error as Error };
  }
}

const whole = (file: string): Archive => ({ parts: [{ file }] });
const wanted = FILES.map(({ name, data }): [string, string] => [name, digest(data)]);

const FORMS: Readonly<Record<string, () => Promise<Buffer>>> = {
  zip: async () => zipOf(FILES.map((file, i) => ({ ...file, deflate: i !== 0 }))),
  rar: async () => rarOf([{ name: 'a/', data: Buffer.alloc(0) }, ...FILES]),
  tar: async () => tarOf([{ name: 'a/', type: 'directory' }, ...FILES]),
  'gzipped tar': async () => gzipSync(await tarOf(FILES), { level: 1 }),
  'two gzip streams': async () => {
    const tar = await tarOf(FILES);
    return Buffer.concat([gzipSync(tar.subarray(0, 1_000_001)), gzipSync(tar.subarray(1_000_001))]);
  },
};

test('reads every kind, told by its bytes whatever its name, and members may be passed over', async () => {
  await withFolder(async (write) => {
    for (const [form, make] of Object.entries(FORMS)) {
      const file = await write('wrong.tar.gz', await make());
      assert.deepEqual(await readAll(whole(file)), { files: wanted }, form);
      const some = await readAll(whole(file), (name) => name !== 'd.avi');
      assert.deepEqual(some, { files: wanted.slice(-1) }, form);
    }
  });
});

test('zip and RAR have a directory, tar has none', async () => {
  await withFolder(async (write) => {
    const sizes = async (form: string) =>
      (await directory(whole(await write('x', await (FORMS[form] as () => Promise<Buffer>)())), options))
        ?.filter(({ kind }) => kind === 'file')
        .map(({ name, size }) => [name, size]);
    const known = FILES.map(({ name, data }) => [name, data.length]);
    assert.deepEqual(await sizes('zip'), known);
    assert.deepEqual(await sizes('rar'), known);
    assert.equal(await sizes('gzipped tar'), undefined);
  });
});

test('one stream in parts, some of them in a zip, without a copy', async () => {
  await withFolder(async (write) => {
    const stream = gzipSync(await tarOf(FILES), { level: 1 });
    const cuts = [0, 1000, 1_200_000, 1_200_001, stream.length].map((end, i, all) =>
      stream.subarray(all[i - 1] ?? 0, end),
    );
    const [, first, second, third, fourth] = cuts as [Buffer, Buffer, Buffer, Buffer, Buffer];
    const zip = await write(
      'parts.zip',
      zipOf([
        { name: 'x-02', data: third, deflate: true },
        { name: 'x-01', data: second },
      ]),
    );
    const parts = [
      { file: await write('x-00', first) },
      { file: zip, inside: 'x-01' },
      { file: zip, inside: 'x-02' },
      { file: await write('x-03', fourth) },
    ];
    assert.deepEqual(await readAll({ parts }), { files: wanted });
    assert.deepEqual((await readdir(path.dirname(zip))).sort(), ['parts.zip', 'x-00', 'x-03']);

    const { files, error } = await readAll({ parts: parts.toSpliced(1, 1) });
    assert.deepEqual(files, []);
    assert.match(String(error), /the gzip stream is damaged.*\n.*x-03, a\/.*\n.*download/);
  });
});

test('what is cut or damaged is named, and the members before it are good', async () => {
  const cases: [form: string, damage: (bytes: Buffer) => Buffer, good: number, says: RegExp][] = [
    [
      'tar',
      (bytes) => bytes.subarray(0, 3_000_000),
      0,
      /archive is cut off\n.*x, a\/\[1\] #2;\(x\)&!\.avi\n.*download/,
    ],
    ['tar', (bytes) => bytes.subarray(0, 3_040_000), 3, /archive is cut off\n.*x, d\.avi\n/],
    ['tar', (bytes) => flipped(bytes, 1024 + 3_000_320 + 20), 1, /is damaged: Invalid tar header.*\n.*x, after a\//],
    ['gzipped tar', (bytes) => bytes.subarray(0, bytes.length - 30_000), 3, /gzip stream is cut off\n.*x, d\.avi\n/],
    ['gzipped tar', (bytes) => bytes.subarray(0, bytes.length - 4), 4, /gzip stream is cut off\n.*x, after d\.avi\n/],
    [
      'rar',
      (bytes) => bytes.subarray(0, bytes.length - 30_000),
      3,
      /cut off or damaged: File read error\n.*x, d\.avi\n/,
    ],
    ['rar', (bytes) => flipped(bytes, bytes.length - 1000), 3, /cut off or damaged: .*data are damaged\n.*x, d\.avi\n/],
    ['zip', (bytes) => bytes.subarray(0, bytes.length - 30_000), 0, /zip archive is truncated.*\n.*x\n.*again/],
    ['zip', (bytes) => flipped(bytes, 2_000_000), 0, /'a\/\[1\] .*' is damaged: its checksum does not match/],
  ];
  await withFolder(async (write) => {
    for (const [form, damage, good, says] of cases) {
      const file = await write('x', damage(await (FORMS[form] as () => Promise<Buffer>)()));
      const { files, error } = await readAll(whole(file));
      assert.deepEqual(files, wanted.slice(0, good), `${form} ${says}`);
      assert.match(String(error), says, form);
      assert.equal((error as { kind?: string }).kind, 'data');
    }
  });
});

function flipped(bytes: Buffer, position: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[position] = (changed[position] as number) ^ 0x11;
  return changed;
}

test('what is no archive, or cannot be read, is refused with a way out', async () => {
  await withFolder(async (write) => {
    const page = await write('page.zip', Buffer.from('<!DOCTYPE html><title>Too many requests'));
    assert.match(
      String((await readAll(whole(page))).error),
      /no zip, RAR, tar or gzip \(it begins with "<!DOCTYP"\)[\s\S]*page\.zip/,
    );
    assert.match(
      String((await readAll(whole(await write('empty.rar', Buffer.alloc(0))))).error),
      /the archive is empty/,
    );
    assert.match(String((await readAll(whole(`${page}x`))).error), /cannot be read: ENOENT[\s\S]*page\.zipx/);
    const bomb = await write('note.gz', gzipSync(Buffer.from('no tar at all')));
    assert.match(String((await readAll(whole(bomb))).error), /the archive is cut off\n.*note\.gz, at its start/);
  });
});

test('stops at once on the signal, in the middle of a member', async () => {
  await withFolder(async (write) => {
    for (const form of ['zip', 'rar', 'gzipped tar']) {
      const file = await write('x', await (FORMS[form] as () => Promise<Buffer>)());
      const controller = new AbortController();
      const read = async () => {
        for await (const { chunks, kind } of members(whole(file), { ...options, signal: controller.signal })) {
          if (kind !== 'file') continue;
          controller.abort(new Error('enough'));
          for await (const _ of chunks());
        }
      };
      await assert.rejects(read(), /enough/, form);
    }
  });
});

test('links are told from files, and paths that lead outside from others', async () => {
  await withFolder(async (write) => {
    const tar = await tarOf([
      { name: 'evil', type: 'symlink', linkname: '/etc' },
      { name: '../up.avi', data: SMALL },
      { name: 'x.avi', type: 'link', linkname: 'evil' },
    ]);
    const kinds: [string, string][] = [];
    for await (const { name, kind } of members(whole(await write('x', tar)), options)) kinds.push([name, kind]);
    assert.deepEqual(kinds, [
      ['evil', 'other'],
      ['../up.avi', 'file'],
      ['x.avi', 'other'],
    ]);
  });
  for (const name of ['../x', 'a/../../x', 'a\\..\\x', '/etc/x', 'C:\\x', 'c:x', '\\\\host\\x', 'a\0b']) {
    assert.ok(leadsOutside(name), name);
    assert.equal(safePath(name), undefined, name);
  }
  for (const name of ['__MACOSX/a/b.avi', '._a.avi', 'a/.hidden/b.avi', './', '']) {
    assert.equal(safePath(name), undefined, name);
    assert.ok(!leadsOutside(name), name);
  }
  assert.equal(safePath('./a//b\\c..avi'), 'a/b/c..avi');
  assert.equal(safePath('#20_[x](;)&!+~@.avi'), '#20_[x](;)&!+~@.avi');
});
