import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { PetlVideoError } from '../../src/errors/index.ts';
import { readSafetensors, writeSafetensors, writeSafetensorsFrom } from '../../src/formats/safetensors.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'safetensors-'));
});
after(() => rm(folder, { recursive: true }));

let count = 0;
async function fileOf(header: unknown, data: Uint8Array | number): Promise<string> {
  const file = path.join(folder, `${count++}.safetensors`);
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  await writeFile(file, Buffer.concat([length, json, typeof data === 'number' ? Buffer.alloc(data) : data]));
  return file;
}

async function refused(file: string, message: RegExp): Promise<void> {
  await assert.rejects(readSafetensors(file), (error) => {
    assert.ok(error instanceof PetlVideoError, String(error));
    assert.equal(error.kind, 'weights');
    assert.match(error.message, message);
    return true;
  });
}

test('writes exactly the bytes that the format prescribes, whatever the order of the names', async () => {
  const file = path.join(folder, 'written.safetensors');
  const b = { shape: [2], dtype: 'float32', data: Float32Array.of(1.5, -2) } as const;
  const a = { shape: [], dtype: 'int32', data: Int32Array.of(-1) } as const;
  const c = { shape: [1, 3], dtype: 'uint8', data: Uint8Array.of(7, 8, 255) } as const;
  await writeSafetensors(file, { c, b, a }, { z: '1', format: 'x' });
  const header =
    '{"__metadata__":{"format":"x","z":"1"},"a":{"dtype":"I32","shape":[],"data_offsets":[0,4]},' +
    '"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]},"c":{"dtype":"U8","shape":[1,3],"data_offsets":[12,15]}}';
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
  const bytes = await readFile(file);
  assert.equal(bytes.readBigUInt64LE(0), BigInt(padded.length));
  assert.equal(bytes.toString('utf8', 8, 8 + padded.length), padded);
  assert.equal(bytes.subarray(8 + padded.length).toString('hex'), 'ffffffff' + '0000c03f000000c0' + '0708ff');

  const read = await readSafetensors(file);
  assert.deepEqual(read.names, ['a', 'b', 'c']);
  assert.deepEqual([...read.metadata], Object.entries({ format: 'x', z: '1' }));
  assert.deepEqual(await read.read('a'), a);
  assert.deepEqual(await read.read('b'), b);
  assert.deepEqual(await read.read('c'), c);
  await read.close();
});

test('reads every element type as float32, int32 or uint8', async () => {
  const tensors: Record<string, { dtype: string; hex: string; expected: readonly number[]; as: string }> = {
    // 1, -2, the largest half, the smallest subnormal, -0, infinity, not a number; 1/3 rounds to 0x3555
    f16: {
      dtype: 'F16',
      hex: '003c00c0ff7b0100008000fc007e5535',
      expected: [1, -2, 65504, 2 ** -24, -0, Number.NEGATIVE_INFINITY, Number.NaN, 0.333251953125],
      as: 'float32',
    },
    bf16: {
      dtype: 'BF16',
      hex: '803f00c0494080ff',
      expected: [1, -2, 3.140625, Number.NEGATIVE_INFINITY],
      as: 'float32',
    },
    f64: { dtype: 'F64', hex: '9a9999999999b93f', expected: [Math.fround(0.1)], as: 'float32' },
    i64: { dtype: 'I64', hex: 'feffffffffffffffffffff7f00000000', expected: [-2, 2147483647], as: 'int32' },
    i16: { dtype: 'I16', hex: 'feff0100', expected: [-2, 1], as: 'int32' },
    i8: { dtype: 'I8', hex: 'fe7f', expected: [-2, 127], as: 'int32' },
    bool: { dtype: 'BOOL', hex: '0001', expected: [0, 1], as: 'uint8' },
    empty: { dtype: 'F32', hex: '', expected: [], as: 'float32' },
  };
  const header: Record<string, unknown> = {};
  let at = 0;
  for (const [name, { dtype, hex, expected }] of Object.entries(tensors)) {
    header[name] = { dtype, shape: [expected.length], data_offsets: [at, at + hex.length / 2] };
    at += hex.length / 2;
  }
  const data = Buffer.from(
    Object.values(tensors).reduce((all, { hex }) => all + hex, ''),
    'hex',
  );
  const read = await readSafetensors(await fileOf(header, data));
  for (const [name, { expected, as }] of Object.entries(tensors)) {
    const { data: values, dtype } = await read.read(name);
    assert.equal(dtype, as);
    assert.deepEqual([...values], expected, name);
  }
  assert.deepEqual([...(await read.readFloat64('f64'))], [0.1]);
  await assert.rejects(read.readFloat64('f16'), /'f16' is F16, not F64/);
  await assert.rejects(read.read('absent'), /no tensor 'absent'/);
  await read.close();

  const wide = Buffer.alloc(8);
  wide.writeBigInt64LE(2147483648n);
  const tooWide = await readSafetensors(await fileOf({ x: { dtype: 'I64', shape: [], data_offsets: [0, 8] } }, wide));
  await assert.rejects(tooWide.read('x'), /2147483648 does not fit into 32 bits\n.*: x/);
  await tooWide.close();
});

test('a truncated file says how many bytes were expected and found', async () => {
  const header = { x: { dtype: 'F32', shape: [4, 5], data_offsets: [0, 80] } };
  const size = 8 + JSON.stringify(header).length;
  await refused(await fileOf(header, 79), new RegExp(`truncated: ${size + 80} bytes expected, ${size + 79} found`));
  await refused(await fileOf(header, 81), /longer than its header says/);
  const cut = path.join(folder, 'cut.safetensors');
  await writeFile(cut, (await readFile(await fileOf(header, 80))).subarray(0, 30));
  await refused(cut, new RegExp(`truncated: ${size} bytes of header expected, 30 found`));
});

test('a header that contradicts itself is refused', async () => {
  const f32 = (from: number, to: number, shape = [(to - from) / 4]) => ({
    dtype: 'F32',
    shape,
    data_offsets: [from, to],
  });
  await refused(await fileOf({ x: f32(0, 8, [3]) }, 8), /'x' has 8 bytes, its shape \[3\] of F32 needs 12/);
  await refused(await fileOf({ x: f32(0, 8), y: f32(4, 12) }, 12), /'y' starts at byte 4, the one before it ends at 8/);
  await refused(await fileOf({ x: f32(0, 8), y: f32(12, 16) }, 16), /'y' starts at byte 12/);
  await refused(await fileOf({ x: f32(8, 0) }, 8), /lacks|bytes/);
  await refused(await fileOf({ x: { ...f32(0, 8), shape: [-2] } }, 8), /'x' lacks/);
  await refused(await fileOf({ x: { ...f32(0, 8), shape: [1.5] } }, 8), /'x' lacks/);
  await refused(await fileOf({ x: { ...f32(0, 8), dtype: 'F8_E4M3' } }, 8), /F8_E4M3, which is not supported/);
  await refused(await fileOf({ x: { ...f32(0, 8), dtype: 'toString' } }, 8), /not supported/);
  await refused(await fileOf({ __metadata__: { a: 1 } }, 0), /metadata 'a' is no text/);
  await refused(await fileOf('{"x":', 0), /no JSON/);
  await refused(await fileOf('x', 100), /not a safetensors file/);
  const short = path.join(folder, 'short');
  await writeFile(short, 'x');
  await refused(short, /not a safetensors file/);
  await refused(path.join(folder, 'absent'), /does not exist/);
});

test('tensors that are not as announced leave no file', async () => {
  const file = path.join(folder, 'wrong.safetensors');
  const specs = { x: { shape: [2], dtype: 'float32' as const } };
  const make = async () => ({ shape: [3], dtype: 'float32' as const, data: new Float32Array(3) });
  await assert.rejects(writeSafetensorsFrom(file, specs, make), /\[3\] where float32 \[2\] was announced/);
  await assert.rejects(readFile(file), /ENOENT/);
});

test('reads a file written by the reference implementation', async (t) => {
  const golden = path.resolve('..', 'shared', 'golden', 'video-linear', 'expected.safetensors');
  const { existsSync } = await import('node:fs');
  if (!existsSync(golden)) return t.skip('golden cases not present');
  const file = await readSafetensors(golden);
  assert.deepEqual(file.specs.get('input')?.shape, [3, 3, 4, 32, 32]);
  assert.equal(file.specs.get('losses')?.dtype, 'F64');
  const losses = await file.readFloat64('losses');
  assert.equal(losses.length, 8);
  // Seven classes, a head that starts near zero: the first loss is about ln 7.
  assert.ok(Math.abs((losses[0] as number) - Math.log(7)) < 1, String(losses[0]));
  const features = await file.read('features');
  assert.equal(
    features.data.length,
    features.shape.reduce((a, b) => a * b, 1),
  );
  await file.close();
});
