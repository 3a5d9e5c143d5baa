import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { dataError } from '../../src/errors/index.ts';
import { type MatlabValue, matlabVariables, readMatlab } from '../../src/formats/matlab.ts';
import { bytes, matlabFile, shorts } from './matlab-writer.ts';

/** By scipy 1.17.1, scipy.io.savemat(do_compression=True). */
const BY_SCIPY =
  'TUFUTEFCIDUuMCBNQVQtZmlsZSBQbGF0Zm9ybTogcG9zaXgsIENyZWF0ZWQgb246IFRodSBOb3YgMjYgMjI6MjU6NTYgMjAyNgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABSU0PAAAAwQAAAHic42NgYJjBwsDABqQ5gJiJAQJYoXxGIGaG0txAnJiXl1+SWJKZn1cMVccCV2cAxElJ+RXxFYYQuhJKVxhB+UYMyTmJxSCdaXmJualAmg+qD2Y/Jxb7YZgB7D5GBnUs+rgJ6GMB6iwhU58lE3n6yhnJ8x8f1J0OSPpYsOjjRNInAOUbAIGhXlZBOlScHPs1hnn4MlMYvkYUhq/mEAtfCyR9bAT0cULFwaAhwwFdP7Zw5mBADWcOSDgbg4IZAL9OKM8PAAAAbAAAAHic42NgYPgAxGxAzAHEjAwQwArlM0HFQJgTiNMyc1LjczKLS6Dq+IA4Akk/C5p+kD41JHMFoPw8AyMDC1MzIwNd54zMjNJEINKHi8WbWhqZ62UVpEPMDyBgviSa+VI4zD+8EmImCAAA1zEZ7w8AAAA4AAAAeJzjY2BgCABiNiDmgNIgwArlMwIxM5QGyeUkJqXmFDMwcALZEgww8MEeTDVEOoDpE0UOAK2+BuEPAAAAUAAAAHic42NgYEgAYjYg5gBiTgYIYAViASBmAmJmKAaxGYEwAspWASlkZGJmYWVj5+Dk4ubh5eMXEBQSFhEVE5eQlJKWkZWTV1BUUgYpAwB9xAObDwAAACgAAAB4nONjYGAwAGI2IOYAYk4GCGCF8pmAmBGMGRkqwXwmBi6gIAAYyADxDwAAACwAAAB4nONjYGCwAGI2IOYAYh4GCGCF8hmBmAlMMzPkpabDxf8DQYEgIwMATIoGOg8AAAApAAAAeJzjY2BgMABiNiDmAGIWBghghfKZoJgRKFOUX14sAKQTk5NSACmDA9APAAAAKgAAAHic42NgYLAAYjYg5gBidgYIYIXyGZEwSE1xZl56TipIHQtImT0AOmADPg8AAAAoAAAAeJzjY2BgsABiNiDmAGI+BghghfIZ4ZiZISkznYEHKg4GQAkAMMIBvQ8AAAAlAAAAeJzjY2BgsABiNiDmgNIgwArlwwAjVCw1t6CkEkhzQsUBNf8Cpg==';

async function withFile(content: Buffer, check: (file: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'matlab-'));
  try {
    const file = path.join(folder, 'a.mat');
    await writeFile(file, content);
    await check(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const numbers = (value: MatlabValue | undefined): number[] =>
  value?.kind === 'numbers' ? Array.from(value.data) : assert.fail(`no numbers but ${value?.kind}`);
const text = (value: MatlabValue | undefined): string =>
  value?.kind === 'text' ? value.text : assert.fail(`no text but ${value?.kind}`);

test('reads what scipy wrote: structures, cells, texts, numbers of every width', async () => {
  await withFile(Buffer.from(BY_SCIPY, 'base64'), async (file) => {
    const all = await readMatlab(file, dataError);
    const annotations = all.get('annotations');
    assert.ok(annotations?.kind === 'structs');
    assert.deepEqual(annotations.dims, [1, 3]);
    assert.deepEqual([...annotations.fields.keys()], ['bbox_x1', 'bbox_y1', 'bbox_x2', 'bbox_y2', 'class', 'fname']);
    assert.deepEqual(annotations.fields.get('class')?.map(numbers), [[14], [3], [196]]);
    assert.deepEqual(annotations.fields.get('bbox_x2')?.map(numbers), [[569], [569], [569]]);
    assert.deepEqual(annotations.fields.get('fname')?.map(text), ['00001.jpg', '00002.jpg', '0003.jpg']);
    const cells = all.get('file_list');
    assert.ok(cells?.kind === 'cells');
    assert.deepEqual(cells.cells.map(text), ['n02085620-Chihuahua/n02085620_5927.jpg', 'n02085620-Chihuahua/é.jpg']);
    assert.deepEqual(numbers(all.get('labels')), [1, 102, 300.5]);
    assert.deepEqual(all.get('X')?.dims, [2, 3, 3, 2]);
    assert.deepEqual(
      numbers(all.get('X')),
      Array.from({ length: 36 }, (_, i) => i),
    );
    assert.deepEqual(numbers(all.get('neg')), [-1, 70_000]);
    assert.deepEqual(numbers(all.get('single')), [0.5]);
    assert.deepEqual(numbers(all.get('big')), [2 ** 40]);
    assert.deepEqual(numbers(all.get('empty')), []);
    assert.equal(text(all.get('rows')), 'ab\ncd');
  });
});

test('reads little- and big-endian files, compressed and not', async () => {
  const variables = {
    labels: bytes([1, 5], [1, 2, 3, 4, 5]),
    x: { class: 12, dims: [1, 2], type: 5, data: Buffer.from([1, 0, 0, 0, 2, 0, 0, 0]) },
    annotations: {
      structs: [
        { class: bytes([1, 1], [7]), fname: 'a b.jpg' },
        { class: bytes([1, 1], [9]), fname: 'c.jpg' },
      ],
    },
  };
  for (const options of [{}, { compressed: false }, { big: true }, { compressed: false, big: true }]) {
    await withFile(matlabFile(variables, options), async (file) => {
      const all = await readMatlab(file, dataError);
      assert.deepEqual(numbers(all.get('labels')), [1, 2, 3, 4, 5]);
      assert.deepEqual(numbers(all.get('x')), options.big ? [2 ** 24, 2 ** 25] : [1, 2]);
      const annotations = all.get('annotations');
      assert.ok(annotations?.kind === 'structs');
      assert.deepEqual(annotations.fields.get('fname')?.map(text), ['a b.jpg', 'c.jpg']);
      assert.deepEqual(annotations.fields.get('class')?.map(numbers), [[7], [9]]);
    });
  }
});

test('a large array comes in chunks, and is passed over without being inflated', async () => {
  const size = 3_000_000;
  const data = Buffer.alloc(size);
  for (let i = 0, noise = 1; i < size; i++) {
    noise = (Math.imul(noise, 1_664_525) + 1_013_904_223) >>> 0;
    data[i] = noise >>> 24;
  }
  const file = matlabFile({ X: { class: 9, dims: [1000, 3000], type: 2, data }, y: bytes([1, 1], [10]) });
  await withFile(file, async (name) => {
    const seen: string[] = [];
    for await (const variable of matlabVariables(name, { fault: dataError })) {
      seen.push(`${variable.name} ${variable.class} ${variable.dims}`);
      if (variable.name !== 'X') continue;
      const chunks: Uint8Array[] = [];
      for await (const chunk of variable.bytes()) chunks.push(chunk);
      assert.ok(chunks.length > 1);
      assert.ok(Buffer.concat(chunks).equals(data));
    }
    assert.deepEqual(seen, ['X uint8 1000,3000', 'y double 1,1']);
  });
  // The stream of X is destroyed in the middle; y is still there for who does not ask for X.
  const broken = Buffer.from(file);
  broken.fill(0xff, 100_000, 100_100);
  await withFile(broken, async (name) => {
    assert.deepEqual(numbers((await readMatlab(name, dataError, ['y'])).get('y')), [10]);
    await assert.rejects(readMatlab(name, dataError), {
      kind: 'data',
      message: /zlib stream is broken[\s\S]*a\.mat, byte 128/,
    });
  });
});

test('refuses other formats and damaged files, with the byte', async () => {
  const refuses = (content: Buffer, message: RegExp) =>
    withFile(content, (file) => assert.rejects(readMatlab(file, dataError), { kind: 'data', message }));
  const good = matlabFile({ labels: bytes([1, 5], [1, 2, 3, 4, 5]), y: shorts([1, 2], [1, 2]) }, { compressed: false });
  await refuses(Buffer.from(`MATLAB 7.3 MAT-file${' '.repeat(600)}`), /v7\.3 file \(HDF5\)[\s\S]*-v7/);
  await refuses(Buffer.from('<html>not found</html>'), /no MATLAB v5 file/);
  await refuses(good.subarray(0, good.length - 9), /cut off: a variable of 48 bytes[\s\S]*a\.mat, byte 200/);
  const strange = Buffer.from(good);
  strange.writeUInt32LE(99, 128);
  await refuses(strange, /an element of type 99 begins here[\s\S]*byte 128/);
  const many = Buffer.from(good);
  many.writeInt32LE(6, 128 + 8 + 16 + 12);
  await refuses(many, /5 numbers, where the size \[1, 6\] needs 6[\s\S]*variable labels/);
  const noClass = Buffer.from(good);
  noClass.writeUInt32LE(77, 128 + 8 + 8);
  await refuses(noClass, /class 77, which is none/);
  await refuses(
    matlabFile({ z: { class: 5, dims: [1, 1], type: 2, data: Buffer.from([1]) } }),
    /class sparse are not supported/,
  );
});

test('the real files of Flowers-102', async (t) => {
  const folder = path.resolve('..', 'shared', 'samples', 'annotations', 'flowers102');
  if (!existsSync(folder)) return t.skip('no samples here');
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  // By scipy.io.loadmat: length, first and sum.
  const labels = numbers((await readMatlab(path.join(folder, 'imagelabels.mat'), dataError)).get('labels'));
  assert.deepEqual([labels.length, labels[0], sum(labels)], [8189, 77, 466_705]);
  const sets = await readMatlab(path.join(folder, 'setid.mat'), dataError);
  const facts = ['trnid', 'valid', 'tstid']
    .map((name) => numbers(sets.get(name)))
    .map((ids) => [ids.length, ids[0], sum(ids)]);
  assert.deepEqual(facts, [
    [1020, 6765, 5_073_294],
    [1020, 6773, 5_056_562],
    [6149, 6734, 23_404_099],
  ]);
});
