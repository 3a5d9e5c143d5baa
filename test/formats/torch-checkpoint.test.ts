import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { PetlVideoError } from '../../src/errors/index.ts';
import { openTensorFile } from '../../src/formats/tensor-file.ts';
import { openTorchCheckpoint } from '../../src/formats/torch-checkpoint.ts';
import { call, mention, pickleOf, stateDictOf, tensorOf } from './pickle-writer.ts';
import { type Member, zipOf } from './zip-writer.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'torch-'));
});
after(() => rm(folder, { recursive: true }));

let count = 0;
async function fileOf(bytes: Uint8Array): Promise<string> {
  const file = path.join(folder, `${count++}.pth`);
  await writeFile(file, bytes);
  return file;
}

const float32 = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

/** A checkpoint of `value` with the storages given by key. */
function checkpointOf(
  value: unknown,
  storages: Record<string, Uint8Array>,
  more: readonly Member[] = [],
): Promise<string> {
  return fileOf(
    zipOf([
      { name: 'archive/data.pkl', data: pickleOf(value) },
      ...Object.entries(storages).map(([key, data]) => ({ name: `archive/data/${key}`, data })),
      { name: 'archive/version', data: Buffer.from('3\n') },
      ...more,
    ]),
  );
}

async function refused(file: string | Promise<string>, message: RegExp): Promise<void> {
  await assert.rejects(openTorchCheckpoint(await file), (error) => {
    assert.ok(error instanceof PetlVideoError, String(error));
    assert.equal(error.kind, 'weights');
    assert.match(error.message, message);
    return true;
  });
}

test('reads views of one storage: offsets, transposes, steps, repeats, scalars, empties', async () => {
  const file = await checkpointOf(
    new Map([
      [
        'model',
        stateDictOf({
          whole: tensorOf('0', [2, 3]),
          transposed: tensorOf('0', [3, 2], { stride: [1, 3] }),
          column: tensorOf('0', [2], { offset: 2, stride: [3] }),
          row: tensorOf('0', [3], { offset: 3 }),
          repeated: tensorOf('0', [2, 2], { offset: 4, stride: [0, 1] }),
          one: tensorOf('0', [1, 1], { offset: 5, stride: [77, 99] }),
          scalar: tensorOf('0', [], { offset: 1 }),
          empty: tensorOf('0', [0, 5]),
          wide: tensorOf('1', [2, 2], { storage: 'torch.DoubleStorage', stride: [1, 2] }),
          half: tensorOf('2', [2, 2], { storage: 'torch.HalfStorage', stride: [1, 2] }),
          flags: tensorOf('3', [2, 2], { storage: 'torch.BoolStorage', stride: [1, 2] }),
        }),
      ],
    ]),
    {
      0: float32(0, 1, 2, 3, 4, 5),
      1: new Uint8Array(Float64Array.of(1, 2, 3, 4).buffer),
      2: new Uint8Array(Uint16Array.of(0x3c00, 0x4000, 0x4200, 0x4400).buffer),
      3: Uint8Array.of(0, 1, 0, 1),
    },
  );
  const checkpoint = await openTorchCheckpoint(file);
  const read = async (name: string) => [...(await checkpoint.read(name)).data];
  assert.deepEqual(checkpoint.path, ['model']);
  assert.deepEqual(await read('whole'), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(await read('transposed'), [0, 3, 1, 4, 2, 5]);
  assert.deepEqual(await read('column'), [2, 5]);
  assert.deepEqual(await read('row'), [3, 4, 5]);
  assert.deepEqual(await read('repeated'), [4, 5, 4, 5]);
  assert.deepEqual(await read('one'), [5]);
  assert.deepEqual(await read('scalar'), [1]);
  assert.deepEqual(await read('empty'), []);
  assert.deepEqual(await read('wide'), [1, 3, 2, 4]);
  assert.deepEqual(await read('half'), [1, 3, 2, 4]);
  assert.deepEqual(await read('flags'), [0, 0, 1, 1]);
  assert.deepEqual((await checkpoint.read('transposed')).shape, [3, 2]);
  assert.equal((await checkpoint.read('flags')).dtype, 'uint8');
  assert.deepEqual(checkpoint.specs.get('half'), { shape: [2, 2], dtype: 'F16' });
  await assert.rejects(checkpoint.read('absent'), /no tensor 'absent'/);
  await checkpoint.close();
});

test('finds the state dict under model, module, state_dict, nested, or bare; parameters count as tensors', async () => {
  const plain = { w: tensorOf('0', [1]) };
  const parameter = call('torch._utils._rebuild_parameter', [
    tensorOf('0', [1]),
    true,
    call('collections.OrderedDict', []),
  ]);
  const typed = call('torch._tensor._rebuild_from_type_v2', [
    mention('torch._utils._rebuild_tensor_v2'),
    mention('torch.Tensor'),
    tensorOf('0', [1]).args,
    new Map([['lr_scale', 1]]),
  ]);
  const cases: readonly [unknown, readonly string[]][] = [
    [new Map([['model', stateDictOf(plain)]]), ['model']],
    [new Map([['module', stateDictOf({ w: parameter })]]), ['module']],
    [new Map([['state_dict', new Map([['w', typed]])]]), ['state_dict']],
    [new Map([['state_dict', new Map([['model', stateDictOf(plain)]])]]), ['state_dict', 'model']],
    [stateDictOf(plain), []],
  ];
  for (const [value, where] of cases) {
    const checkpoint = await openTorchCheckpoint(await checkpointOf(value, { 0: float32(42) }));
    assert.deepEqual(checkpoint.path, where);
    assert.deepEqual([...checkpoint.specs.keys()], ['w']);
    assert.deepEqual([...(await checkpoint.read('w')).data], [42]);
    await checkpoint.close();
  }
});

test('objects beside the model become placeholders; their plain fields are told', async () => {
  const scalar = call('numpy.core.multiarray.scalar', [call('numpy.dtype', ['f8', false, true]), 'bytes']);
  const value = new Map<string, unknown>([
    ['model', stateDictOf({ w: tensorOf('0', [1]) })],
    [
      'args',
      call(
        'argparse.Namespace',
        [],
        new Map<string, unknown>([
          ['mask_ratio', 0.9],
          ['model', 'vit'],
          ['log', call('pathlib.PosixPath', ['x'])],
        ]),
      ),
    ],
    ['epoch', 1599],
    ['best', scalar],
    ['optimizer', new Map([['state', new Map([[0, tensorOf('1', [1])]])]])],
    ['lr', call('builtins.getattr', [mention('my.Class'), 'method'])],
  ]);
  const checkpoint = await openTorchCheckpoint(await checkpointOf(value, { 0: float32(1), 1: float32(2) }));
  assert.deepEqual([...checkpoint.specs.keys()], ['w']);
  assert.deepEqual(Object.fromEntries(checkpoint.metadata), {
    'args.mask_ratio': '0.9',
    'args.model': 'vit',
    epoch: '1599',
  });
  assert.deepEqual(checkpoint.inert, [
    'argparse.Namespace',
    'builtins.getattr',
    'numpy.core.multiarray.scalar',
    'pathlib.PosixPath',
  ]);
  await checkpoint.close();
});

test('a Python object in the place of tensors is refused by name; nothing runs', async () => {
  const storages = { 0: float32(1) };
  const w = tensorOf('0', [1]);
  await refused(
    checkpointOf(new Map([['model', stateDictOf({ w, v: call('my.Quantized', [1]) })]]), storages),
    /'v' is the Python object my\.Quantized.*nothing was executed/,
  );
  await refused(
    checkpointOf(new Map([['model', call('vit.VisionTransformer', [])]]), storages),
    /object vit\.VisionTransformer, not tensors/,
  );
  await refused(
    checkpointOf(call('vit.VisionTransformer', []), storages),
    /object vit\.VisionTransformer, not tensors/,
  );
  await refused(checkpointOf(new Map([['epoch', 3]]), storages), /no tensors by name; its keys are epoch/);
  await refused(checkpointOf(7, storages), /no tensors by name\n/);
  for (const name of ['os.system', 'posix.system', 'subprocess.Popen', 'builtins.eval', '__builtin__.exec']) {
    const hidden = new Map<string, unknown>([
      ['model', stateDictOf({ w })],
      ['args', call(name, ['touch owned'])],
    ]);
    await refused(
      checkpointOf(hidden, storages),
      new RegExp(`asks for ${name.replace('.', '\\.')} to be called.*nothing was executed`),
    );
  }
});

test('tensors that reach beyond their storage, or lack it, are refused before anything is read', async () => {
  const one = (tensor: unknown, storages: Record<string, Uint8Array> = { 0: float32(1, 2, 3, 4) }) =>
    checkpointOf(stateDictOf({ w: tensor }), storages);
  await refused(one(tensorOf('0', [5])), /'w' needs elements up to 5 of a storage that has 4/);
  await refused(one(tensorOf('0', [2], { offset: 3 })), /up to 5 of a storage that has 4/);
  await refused(one(tensorOf('0', [2, 2], { stride: [4, 1] })), /up to 6 of a storage that has 4/);
  await refused(one(tensorOf('0', [100_000, 100_000], { stride: [0, 0] })), /repeats a storage of 4 elements/);
  await refused(one(tensorOf('9', [1])), /storage '9', which the file does not have/);
  await refused(one(tensorOf('0', [2], { stride: [-1] })), /lacks its storage, offset, shape or strides/);
  await refused(one(tensorOf('0', [2, 2], { stride: [1] })), /shape \[2,2\] and strides \[1\]/);
  await refused(
    one(tensorOf('0', [2], { storage: 'torch.QInt8Storage' })),
    /torch\.QInt8Storage, which is not supported/,
  );
});

test('big-endian, truncated and foreign files are refused with the way out', async () => {
  const value = stateDictOf({ w: tensorOf('0', [1]) });
  const order = (text: string): Member => ({ name: 'archive/byteorder', data: Buffer.from(text) });
  await refused(checkpointOf(value, { 0: float32(1) }, [order('big')]), /byte order is 'big'/);
  const good = await checkpointOf(value, { 0: float32(1) }, [order('little')]);
  await (await openTorchCheckpoint(good)).close();
  await refused(fileOf((await readFile(good)).subarray(0, -100)), /truncated/);
  await refused(fileOf(zipOf([{ name: 'a.npy', data: float32(1) }])), /no torch checkpoint: it has no data\.pkl/);
  const pickle = pickleOf(value);
  const cut = zipOf([{ name: 'archive/data.pkl', data: pickle.subarray(0, -9) }]);
  await refused(fileOf(cut), /pickle is damaged at byte \d+: it ends too early/);
  await refused(
    fileOf(zipOf([{ name: 'archive/data.pkl', data: Buffer.from('F7.5\n.') }])),
    /opcode 0x46 is not supported/,
  );

  const sniffed = async (bytes: Buffer, message: RegExp): Promise<void> => {
    const file = await fileOf(bytes);
    await assert.rejects(openTensorFile(file), (error) => {
      assert.ok(error instanceof PetlVideoError);
      assert.equal(error.kind, 'weights');
      assert.match(error.message, message);
      return true;
    });
  };
  const legacy = Buffer.concat([Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex'), Buffer.alloc(100)]);
  await sniffed(legacy, /before version 1\.6\n.*\n.*save it again/);
  await sniffed(Buffer.from('version https://git-lfs.github.com/spec/v1\n'), /git lfs pull/);
  await sniffed(Buffer.from('<!DOCTYPE html>'), /web page/);
  await sniffed(Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), /HDF5/);
  await sniffed(Buffer.from('something else entirely'), /neither a PyTorch checkpoint nor/);
  await sniffed(Buffer.alloc(0), /empty/);
});

test('a tensor whose bytes were altered is refused when it is read', async () => {
  const bytes = await readFile(await checkpointOf(stateDictOf({ w: tensorOf('0', [2]) }), { 0: float32(1.5, 2.5) }));
  const at = bytes.indexOf(Buffer.from(float32(1.5, 2.5)));
  bytes[at] = 1;
  const checkpoint = await openTorchCheckpoint(await fileOf(bytes));
  await assert.rejects(checkpoint.read('w'), /archive\/data\/0' is damaged: its checksum/);
  await checkpoint.close();
});

test('reads a file that torch wrote', async (t) => {
  const golden = path.resolve('..', 'shared', 'golden', 'video-full', 'checkpoint.pth');
  if (!existsSync(golden)) return t.skip('golden cases not present');
  const file = await openTensorFile(golden);
  assert.equal(file.specs.size, 39);
  assert.deepEqual(file.specs.get('patch_embed.proj.weight'), { shape: [64, 3, 2, 8, 8], dtype: 'F32' });
  assert.deepEqual(file.specs.get('head.0.num_batches_tracked'), { shape: [], dtype: 'I64' });
  assert.deepEqual(await file.read('head.0.num_batches_tracked'), {
    shape: [],
    dtype: 'int32',
    data: Int32Array.of(0),
  });
  assert.deepEqual(
    [...(await file.read('head.0.running_var')).data],
    Array.from({ length: 64 }, () => 1),
  );
  await file.close();
});
