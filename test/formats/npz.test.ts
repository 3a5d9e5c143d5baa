import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { PetlVideoError } from '../../src/errors/index.ts';
import { openTensorFile } from '../../src/formats/tensor-file.ts';
import { floats, npyOf } from './npy-writer.ts';
import { type Member, zipOf } from './zip-writer.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'npz-'));
});
after(() => rm(folder, { recursive: true }));

let count = 0;
async function fileOf(bytes: Uint8Array): Promise<string> {
  const file = path.join(folder, `${count++}.npz`);
  await writeFile(file, bytes);
  return file;
}

async function refused(bytes: Uint8Array, message: RegExp): Promise<void> {
  const opened = fileOf(bytes).then(openTensorFile);
  await assert.rejects(opened, (error) => {
    assert.ok(error instanceof PetlVideoError, String(error));
    assert.equal(error.kind, 'weights');
    assert.match(error.message, message);
    return true;
  });
}

/** Reads all arrays of an archive: name → [dtype in the file, shape, values]. */
async function contentOf(members: readonly Member[]): Promise<Record<string, unknown>> {
  const file = await openTensorFile(await fileOf(zipOf(members)));
  assert.equal(file.format, 'npz');
  const content: Record<string, unknown> = {};
  for (const [name, { dtype, shape }] of file.specs) {
    content[name] = [dtype, shape, [...(await file.read(name)).data]];
  }
  await file.close();
  return content;
}

/**
 * `numpy.savez(np.arange(6, dtype='f4').reshape(2, 3).T)` as numpy 2.4 writes its array: the bytes of the whole member.
 * A transposed array is stored column-major.
 */
const FROM_NUMPY = Buffer.from(
  `k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMywgMiksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAACAPwAAAEAAAEBAAACAQAAAoEA=`,
  'base64',
);

test("numpy's own bytes: a transposed array", async () => {
  const content = await contentOf([{ name: 'a.npy', data: FROM_NUMPY }]);
  assert.deepEqual(content, { a: ['F32', [3, 2], [0, 3, 1, 4, 2, 5]] });
});

test('stored, deflated and zip64 members, names with slashes, three versions, both orders', async () => {
  const rows = floats(1, 2, 3, 4, 5, 6);
  const columns = floats(1, 4, 2, 5, 3, 6);
  const expected = ['F32', [2, 3], [1, 2, 3, 4, 5, 6]];
  const content = await contentOf([
    { name: 'Transformer/encoderblock_0/LayerNorm_0/scale.npy', data: npyOf([2, 3], rows) },
    { name: 'deflated.npy', data: npyOf([2, 3], rows, { version: 2 }), deflate: true },
    { name: 'wide.npy', data: npyOf([2, 3], columns, { version: 3, fortran: true }), zip64: true },
    { name: 'scalar.npy', data: npyOf([], floats(7)) },
    { name: 'vector.npy', data: npyOf([3], floats(7, 8, 9), { fortran: true }) },
    { name: 'empty.npy', data: npyOf([0, 4], floats(), { fortran: true }), deflate: true },
    {
      name: 'python2.npy',
      data: npyOf([], rows, { header: "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }" }),
    },
  ]);
  assert.deepEqual(content, {
    'Transformer/encoderblock_0/LayerNorm_0/scale': expected,
    deflated: expected,
    wide: expected,
    scalar: ['F32', [], [7]],
    vector: ['F32', [3], [7, 8, 9]],
    empty: ['F32', [0, 4], []],
    python2: expected,
  });
});

test('column-major arrays of three axes', async () => {
  const [A, B, C] = [2, 3, 4];
  const stored = new Float32Array(A * B * C);
  const expected: number[] = [];
  for (let a = 0; a < A; a++) {
    for (let b = 0; b < B; b++) {
      for (let c = 0; c < C; c++) {
        stored[a + A * (b + B * c)] = expected.length;
        expected.push(expected.length);
      }
    }
  }
  const data = npyOf([A, B, C], new Uint8Array(stored.buffer), { fortran: true });
  assert.deepEqual(await contentOf([{ name: 'x.npy', data }]), { x: ['F32', [A, B, C], expected] });
});

test('every number type, and the other byte order', async () => {
  const bytes = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer);
  const arrays: Record<string, [descr: string, data: Uint8Array, dtype: string, values: number[]]> = {
    f8: ["'<f8'", bytes(Float64Array.of(0.5, -2)), 'F64', [0.5, -2]],
    f2: ["'<f2'", bytes(Uint16Array.of(0x3c00, 0xc000)), 'F16', [1, -2]],
    i8: ["'<i8'", bytes(BigInt64Array.of(-5n, 7n)), 'I64', [-5, 7]],
    i4: ["'<i4'", bytes(Int32Array.of(-5, 7)), 'I32', [-5, 7]],
    i2: ["'<i2'", bytes(Int16Array.of(-5, 7)), 'I16', [-5, 7]],
    i1: ["'|i1'", bytes(Int8Array.of(-5, 7)), 'I8', [-5, 7]],
    u8: ["'<u8'", bytes(BigUint64Array.of(5n, 7n)), 'U64', [5, 7]],
    u4: ["'<u4'", bytes(Uint32Array.of(5, 7)), 'U32', [5, 7]],
    u2: ["'<u2'", bytes(Uint16Array.of(5, 60000)), 'U16', [5, 60000]],
    u1: ["'|u1'", Uint8Array.of(5, 200), 'U8', [5, 200]],
    b1: ["'|b1'", Uint8Array.of(1, 0), 'BOOL', [1, 0]],
    'big f4': ["'>f4'", Uint8Array.of(0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0), 'F32', [1, -2]],
    'big f8': ["'>f8'", Uint8Array.of(0x3f, 0xe0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0), 'F64', [0.5, -2]],
    'big i2': ["'>i2'", Uint8Array.of(0, 7, 0xff, 0xfb), 'I16', [7, -5]],
  };
  const members = Object.entries(arrays).map(([name, [descr, data]]) => ({
    name: `${name}.npy`,
    data: npyOf([2], data, { descr }),
  }));
  const expected = Object.entries(arrays).map(([name, [, , dtype, values]]) => [name, [dtype, [2], values]]);
  assert.deepEqual(await contentOf(members), Object.fromEntries(expected));
  const wide = zipOf([{ name: 'w.npy', data: npyOf([1], bytes(Uint32Array.of(4_000_000_000)), { descr: "'<u4'" }) }]);
  const file = await openTensorFile(await fileOf(wide));
  await assert.rejects(file.read('w'), /the 32-bit integer 4000000000 does not fit/);
  await file.close();
});

test('what holds no numbers is refused, and nothing is unpickled', async () => {
  const other = (descr: string): Buffer => zipOf([{ name: 'x.npy', data: npyOf([1], new Uint8Array(8), { descr }) }]);
  await refused(other("'|O'"), /Python objects, which only a pickle can hold; nothing was executed/);
  await refused(other("'<U2'"), /numpy array of text/);
  await refused(other("'<c8'"), /complex numbers/);
  await refused(other("'|V2'"), /bfloat16/);
  await refused(other("[('a', '<f4'), ('b', '<f4')]"), /numpy array of records/);
  await refused(other("'<f16'"), /elements of type '<f16'/);
});

test('damage is found before anything is read', async () => {
  const one = (data: Uint8Array, deflate = false): Buffer => zipOf([{ name: 'x.npy', data, deflate }]);
  const good = npyOf([2], floats(1, 2));
  await refused(one(good.subarray(0, good.length - 1)), /has 135 bytes where its shape \[2\] needs 136/);
  await refused(one(Buffer.concat([good, Buffer.of(0)])), /has 137 bytes/);
  await refused(one(good.subarray(0, 5)), /this is no numpy array/);
  await refused(one(good.subarray(0, 40), true), /ends within its header/);
  await refused(one(good.subarray(0, 40)), /bytes wanted at 0, but it has 40/);
  await refused(one(npyOf([2], floats(1, 2), { header: '__import__("os")' })), /lacks descr, fortran_order or shape/);
  await refused(one(npyOf([2 ** 40, 2 ** 40], floats())), /its shape is \[/);
  const version9 = Buffer.from(good);
  version9[6] = 9;
  await refused(one(version9), /version 9 of the format/);
  await refused(good, /one numpy array \(\.npy\), not an archive/);
  const file = await openTensorFile(await fileOf(one(good)));
  await assert.rejects(file.read('y'), /has no array 'y'/);
  await file.close();
});
