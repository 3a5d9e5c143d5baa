import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { PetlVideoError } from '../../src/errors/index.ts';
import { writeSafetensors } from '../../src/formats/safetensors.ts';
import { fingerprint } from '../../src/model/fingerprint.ts';
import { readWeights, WEIGHTS_FORMAT, type WeightsMetadata, writeWeights } from '../../src/model/weights-file.ts';
import { float32, type HostTensors, int32, uint8 } from '../../src/tensor/host.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'weights-'));
});
after(() => rm(folder, { recursive: true }));

const METADATA: WeightsMetadata = {
  layout: 'mae-image',
  vit: {
    width: 2,
    depth: 1,
    heads: 1,
    patch: 4,
    tubelet: 1,
    mlpRatio: 4,
    bias: 'qkv',
    clsToken: true,
    positions: 'learned',
    pool: 'cls',
  },
  source: 'x.pth',
  sourceSha256: 'ab',
  missing: [],
};
const TENSORS: HostTensors = {
  'norm.weight': float32([2], Float32Array.of(1, 2)),
  cls_token: float32([1, 1, 2], Float32Array.of(3, 4)),
};

async function written(metadata: WeightsMetadata): Promise<string> {
  const file = path.join(folder, 'w.safetensors');
  await writeWeights(
    file,
    new Map(Object.entries(TENSORS)),
    async (name) => TENSORS[name] as HostTensors[string],
    metadata,
  );
  return file;
}

async function refused(file: string, message: RegExp): Promise<void> {
  await assert.rejects(readWeights(file), (error) => {
    assert.ok(error instanceof PetlVideoError, String(error));
    assert.equal(error.kind, 'weights');
    assert.match(error.message, message);
    return true;
  });
}

test('what is written is read back: metadata, specs, tensors, gaps', async () => {
  const file = await readWeights(await written(METADATA));
  assert.deepEqual(file.metadata, METADATA);
  assert.deepEqual([...file.specs].sort(), [
    ['cls_token', { shape: [1, 1, 2], dtype: 'float32' }],
    ['norm.weight', { shape: [2], dtype: 'float32' }],
  ]);
  assert.deepEqual(await file.read('norm.weight'), TENSORS['norm.weight']);
  await file.close();
  const gaps = await readWeights(await written({ ...METADATA, missing: ['norm.bias'] }));
  assert.deepEqual(gaps.metadata.missing, ['norm.bias']);
  await gaps.close();
});

test('truncated, foreign and damaged files are refused with the way out', async () => {
  const whole = await readFile(await written(METADATA));
  const file = path.join(folder, 'bad.safetensors');
  await writeFile(file, whole.subarray(0, -3));
  await refused(file, new RegExp(`truncated: ${whole.length} bytes expected, ${whole.length - 3} found`));
  await writeFile(file, 'PK\x03\x04 a torch checkpoint, say');
  await refused(file, /not a safetensors file\n.*\n {2}→ make it with petl-video weights import/);
  await writeSafetensors(file, TENSORS, { format: 'pt' });
  await refused(file, /no weights file of petl-video; its format is 'pt'\n.*\n {2}→ make it with/);
  await writeSafetensors(file, TENSORS);
  await refused(file, /no weights file of petl-video\n/);
  const good = { format: WEIGHTS_FORMAT, layout: 'x', source: 'x', source_sha256: 'x' };
  await writeSafetensors(file, TENSORS, { ...good, vit: '{"width":' });
  await refused(file, /metadata of the weights file is damaged: vit: no JSON/);
  await writeSafetensors(file, TENSORS, { ...good, vit: JSON.stringify({ ...METADATA.vit, heads: null }) });
  await refused(file, /damaged: vit\.heads/);
  await writeSafetensors(file, { x: int32([1], Int32Array.of(1)) }, { ...good, vit: JSON.stringify(METADATA.vit) });
  await refused(file, /tensor 'x' is I32, not F32/);
  await refused(path.join(folder, 'absent'), /does not exist/);
});

test('the fingerprint depends on names, dtypes, shapes and bytes, and on nothing else', () => {
  const bytes = Uint8Array.of(0, 0, 128, 63);
  const tensors: HostTensors = { b: float32([1], new Float32Array(bytes.buffer)), a: uint8([2], Uint8Array.of(1, 2)) };
  const first = fingerprint(tensors);
  // printf '["a","uint8",[2]]\n\x01\x02["b","float32",[1]]\n\x00\x00\x80\x3f' | sha256sum
  assert.equal(first, 'a0ecbc2cb8b4a3405c0bbbd037f58315aae0088d188b481228dfd0df0ef42c34');
  assert.equal(fingerprint({ a: tensors.a as HostTensors[string], b: tensors.b as HostTensors[string] }), first);
  const view = new Float32Array(Float32Array.of(9, 1).buffer, 4, 1);
  assert.equal(fingerprint({ ...tensors, b: float32([1], view) }), first);
  const others: HostTensors[] = [
    { a: tensors.a as HostTensors[string], c: tensors.b as HostTensors[string] },
    { ...tensors, b: int32([1], new Int32Array(bytes.buffer)) },
    { ...tensors, b: float32([1, 1], new Float32Array(bytes.buffer)) },
    { ...tensors, b: float32([1], Float32Array.of(-1)) },
  ];
  assert.equal(new Set([first, ...others.map(fingerprint)]).size, 5);
});
