import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { PetlVideoError, weightsError } from '../../src/errors/index.ts';
import { crc32 } from '../../src/formats/crc32.ts';
import { openZip } from '../../src/formats/zip.ts';
import { type Member, zipOf } from './zip-writer.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'zip-'));
});
after(() => rm(folder, { recursive: true }));

let count = 0;
async function fileOf(bytes: Uint8Array): Promise<string> {
  const file = path.join(folder, `${count++}.zip`);
  await writeFile(file, bytes);
  return file;
}

async function refused(work: Promise<unknown>, message: RegExp): Promise<PetlVideoError> {
  const error = await work.then(
    () => assert.fail('it was accepted'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof PetlVideoError, String(error));
  assert.match(error.message, message);
  return error;
}

/** 3 MB that pack to about half: every chunk of the streaming reader differs. */
const LARGE = Uint8Array.from({ length: 3_000_001 }, (_, i) => (i % 2 ? 7 : (Math.imul(i, 2654435761) >>> 13) & 0xff));

test('crc32 gives the check value of the polynomial, in one go and in parts', () => {
  const digits = Buffer.from('123456789');
  assert.equal(crc32(digits), 0xcbf43926);
  assert.equal(crc32(digits.subarray(4), crc32(digits.subarray(0, 4))), 0xcbf43926);
  assert.equal(crc32(Buffer.alloc(32)), 0x190a55ad);
  assert.equal(crc32(Buffer.alloc(0)), 0);
});

test('reads an archive written by another program (Python zipfile): deflated, stored, UTF-8 name, comment', async () => {
  const bytes = Buffer.from(ARCHIVE, 'base64');
  const zip = await openZip(await fileOf(bytes));
  assert.deepEqual([...zip.entries.keys()], ['a/hello.txt', 'ü.bin']);
  assert.equal(zip.entries.get('a/hello.txt')?.method, 'deflated');
  assert.equal((await zip.read('a/hello.txt')).toString(), 'hello '.repeat(100));
  assert.deepEqual([...(await zip.read('ü.bin'))], [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual([...(await zip.readRange('ü.bin', 2, 3))], [2, 3, 4]);
  await zip.close();
});

for (const deflate of [false, true]) {
  for (const zip64 of [false, true]) {
    test(`reads and extracts ${deflate ? 'deflated' : 'stored'} entries${zip64 ? ' with 64-bit sizes' : ''}`, async () => {
      const members: Member[] = [
        { name: 'empty', data: new Uint8Array(0), deflate, zip64 },
        { name: 'large', data: LARGE, deflate, zip64 },
      ];
      const zip = await openZip(await fileOf(zipOf(members, { zip64End: zip64, comment: zip64 ? '' : 'PK\x05\x06' })));
      assert.equal((await zip.read('empty')).length, 0);
      assert.ok((await zip.read('large')).equals(LARGE));
      const to = path.join(folder, 'extracted');
      const seen: number[] = [];
      await zip.extract('large', to, { onBytes: (done) => seen.push(done) });
      assert.ok((await readFile(to)).equals(LARGE));
      assert.ok(seen.length >= 3 && seen.every((done, i) => i === 0 || done > (seen[i - 1] as number)));
      assert.equal(seen.at(-1), LARGE.length);
      await zip.extract('empty', to);
      assert.equal((await readFile(to)).length, 0);
      await zip.close();
    });
  }
}

test('a damaged entry is refused by name and leaves no file behind', async () => {
  const to = path.join(folder, 'never');
  const cases: readonly [Partial<Member>, RegExp][] = [
    [{ crc: 1 }, /'x' is damaged: its checksum/],
    [{ crc: 1, deflate: true }, /'x' is damaged: its checksum/],
    [{ size: 2_999_999, deflate: true }, /'x' is damaged/],
    [{ size: 3_000_002, deflate: true }, /'x' is damaged: 3000001 bytes where 3000002 are promised/],
    [{ size: 2_999_999 }, /'x' is damaged/],
    [{ flags: 1 }, /'x' is encrypted/],
  ];
  for (const [damage, message] of cases) {
    const zip = await openZip(await fileOf(zipOf([{ name: 'x', data: LARGE, ...damage }])));
    await refused(zip.read('x'), message);
    await refused(zip.extract('x', to), message);
    await zip.close();
  }
  const garbled = zipOf([{ name: 'x', data: LARGE, deflate: true }]);
  garbled.fill(0xff, 1000, 1200);
  const zip = await openZip(await fileOf(garbled));
  await refused(zip.read('x'), /'x' is damaged/);
  await refused(zip.extract('x', to), /'x' is damaged/);
  await refused(zip.read('y'), /no entry 'y'/);
  await zip.close();
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.includes('never')),
    [],
  );
});

test('an entry that claims more than deflate can pack is refused before anything is allocated', async () => {
  const file = await fileOf(zipOf([{ name: 'bomb', data: new Uint8Array(1000), deflate: true, size: 4_000_000_000 }]));
  await refused(openZip(file), /entry 'bomb' claims 4000000000 bytes/);
});

test('truncated and foreign files are told apart, with the kind of error that was asked for', async () => {
  const whole = zipOf([{ name: 'x', data: LARGE }]);
  const error = await refused(
    openZip(await fileOf(whole.subarray(0, 2_000_000)), { fault: weightsError }),
    /truncated/,
  );
  assert.equal(error.kind, 'weights');
  assert.equal((await refused(openZip(await fileOf(Buffer.from('no archive'))), /not a zip archive/)).kind, 'data');
  await refused(openZip(await fileOf(Buffer.alloc(0))), /not a zip archive/);
  await refused(openZip(path.join(folder, 'absent.zip')), /does not exist/);
  await refused(openZip(folder), /folder, not a file/);
  // The end record is whole, but bytes were lost before it: the directory is not where the record says.
  await refused(openZip(await fileOf(Buffer.concat([whole.subarray(0, 500), whole.subarray(1500)]))), /damaged/);
  const twice = zipOf([
    { name: 'x', data: LARGE },
    { name: 'x', data: LARGE },
  ]);
  await refused(openZip(await fileOf(twice)), /two entries named 'x'/);
});

test('an aborted extraction throws the reason and leaves nothing', async () => {
  const zip = await openZip(await fileOf(zipOf([{ name: 'x', data: LARGE, deflate: true }])));
  const controller = new AbortController();
  const reason = new Error('stop');
  const to = path.join(folder, 'aborted');
  const work = zip.extract('x', to, { signal: controller.signal, onBytes: () => controller.abort(reason) });
  await assert.rejects(work, (error) => error === reason);
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.includes('aborted')),
    [],
  );
  await zip.close();
});

const ARCHIVE =
  'UEsDBBQAAAAIAAAAIVDzMaINDgAAAFgCAAALAAAAYS9oZWxsby50eHTLSM3JyVfIGCVHSaqSAFBLAwQUAAAIAAAAACFQn2iqiAgAAAAIAAAABgAAAMO8LmJpbgABAgMEBQYHUEsBAhQDFAAAAAgAAAAhUPMxog0OAAAAWAIAAAsAAAAAAAAAAAAAAIABAAAAAGEvaGVsbG8udHh0UEsBAhQDFAAACAAAAAAhUJ9oqogIAAAACAAAAAYAAAAAAAAAAAAAAIABNwAAAMO8LmJpblBLBQYAAAAAAgACAG0AAABjAAAABABub3Rl';
