import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { openTensorFile } from '../../src/formats/tensor-file.ts';
import { type TorchSpec, writeTorchCheckpoint } from '../../src/formats/write-torch.ts';
import { openZip } from '../../src/formats/zip.ts';
import { float32, type HostTensors, int32, sizeOf } from '../../src/tensor/host.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'write-torch-'));
});
after(() => rm(folder, { recursive: true }));

const tensors: HostTensors = {
  'blocks.0.attn.qkv.weight': float32(
    [6, 2],
    Float32Array.from({ length: 12 }, (_, i) => i / 8),
  ),
  'head.0.num_batches_tracked': int32([], Int32Array.of(-3)),
  'head.1.weight': float32([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)),
  // As long as a name of a person's class may be.
  'ä.weight': float32([0, 3], new Float32Array(0)),
};
const specs = new Map<string, TorchSpec>(
  Object.entries(tensors).map(([name, { shape, dtype }]) => [
    name,
    { shape, dtype: dtype === 'int32' ? 'int64' : 'float32' },
  ]),
);

async function write(name: string, options: Parameters<typeof writeTorchCheckpoint>[3] = {}): Promise<string> {
  const file = path.join(folder, name);
  await writeTorchCheckpoint(file, specs, async (tensor) => tensors[tensor] as HostTensors[string], options);
  return file;
}

test('what is written is read back, under its key and with its facts', async () => {
  for (const [name, options, route] of [
    ['bare.pth', {}, []],
    ['keyed.pth', { key: 'model', facts: { format: 'x', note: 'über' } }, ['model']],
  ] as const) {
    const source = await openTensorFile(await write(name, options));
    assert.deepEqual([source.format, source.path], ['torch', route]);
    assert.deepEqual([...source.specs.keys()], [...specs.keys()]);
    assert.equal(source.specs.get('head.0.num_batches_tracked')?.dtype, 'I64');
    for (const [tensor, value] of Object.entries(tensors)) assert.deepEqual(await source.read(tensor), value, tensor);
    assert.deepEqual(Object.fromEntries(source.metadata), 'facts' in options ? options.facts : {});
    assert.deepEqual(source.inert, []);
    await source.close();
  }
});

test('the members are those of torch.save, each storage aligned, and the bytes the same every time', async () => {
  const file = await write('a.pth');
  const zip = await openZip(file);
  assert.deepEqual(
    [...zip.entries.keys()],
    ['data.pkl', 'byteorder', 'data/0', 'data/1', 'data/2', 'data/3', 'version'].map((name) => `archive/${name}`),
  );
  assert.equal((await zip.read('archive/byteorder')).toString(), 'little');
  assert.equal((await zip.read('archive/version')).toString(), '3\n');
  const bytes = await readFile(file);
  for (const { method, headerOffset, name } of zip.entries.values()) {
    assert.equal(method, 'stored');
    const data = headerOffset + 30 + bytes.readUInt16LE(headerOffset + 26) + bytes.readUInt16LE(headerOffset + 28);
    assert.equal(data % 64, 0, name);
  }
  await zip.close();
  assert.deepEqual(await readFile(await write('b.pth')), bytes);
});

/**
 * Reads the archive with Python's own zip and pickle, letting only the three globals of a state dict through, and says for each
 * tensor its storage class, number of elements, shape, strides and sum.
 */
const PYTHON = `
import json, pickle, struct, sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
class Reader(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) == ('torch._utils', '_rebuild_tensor_v2'): return lambda *a: a[:4]
        if (module, name) == ('collections', 'OrderedDict'): return dict
        if module == 'torch' and name.endswith('Storage'): return name
        raise pickle.UnpicklingError(module + '.' + name)
    def persistent_load(self, pid): return pid
value = Reader(z.open('archive/data.pkl')).load()
said = {}
for name, (storage, offset, shape, stride) in value['model'].items():
    kind, cls, key, where, count = storage
    raw = z.read('archive/data/' + key)
    code = {'FloatStorage': 'f', 'LongStorage': 'q'}[cls]
    numbers = struct.unpack('<%d%s' % (count, code), raw)
    said[name] = [kind, cls, where, offset, list(shape), list(stride), sum(numbers)]
print(json.dumps(said))
`;

test("Python's zip and pickle read it, and find three globals alone", async (t) => {
  const file = await write('python.pth', { key: 'model' });
  const ran = await promisify(execFile)('python3', ['-c', PYTHON, file]).catch((error) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (ran === undefined) return t.skip('no python3 here');
  const strides = (shape: readonly number[]): number[] => shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const expected = Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, dtype, data }]) => [
      name,
      [
        'storage',
        dtype === 'int32' ? 'LongStorage' : 'FloatStorage',
        'cpu',
        0,
        [...shape],
        strides(shape),
        [...data].reduce((a, b) => a + b, 0),
      ],
    ]),
  );
  assert.deepEqual(JSON.parse(ran.stdout), expected);
});

test('a tensor that is not as announced leaves no file', async () => {
  const file = path.join(folder, 'never.pth');
  const wrong = writeTorchCheckpoint(file, specs, async () => float32([1], Float32Array.of(1)));
  await assert.rejects(wrong, /tensor 'blocks\.0\.attn\.qkv\.weight' is not the float32 \[6,2\] that was announced/);
  const huge = new Map<string, TorchSpec>([['x', { shape: [2 ** 30], dtype: 'float32' }]]);
  await assert.rejects(
    writeTorchCheckpoint(file, huge, async () => float32([1], Float32Array.of(1))),
    /more than a checkpoint written here can hold/,
  );
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.includes('never')),
    [],
  );
});
