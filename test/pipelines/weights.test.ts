import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Context, Options } from '../../pipelines/command.ts';
import { weightsImport } from '../../pipelines/weights-import.ts';
import { weightsInspect } from '../../pipelines/weights-inspect.ts';
import { PetlVideoError } from '../../src/errors/index.ts';
import { readSafetensors, writeSafetensors } from '../../src/formats/safetensors.ts';
import { readWeights } from '../../src/model/weights-file.ts';
import { float32, type HostTensors, sizeOf } from '../../src/tensor/host.ts';
import { npyOf } from '../formats/npy-writer.ts';
import { zipOf } from '../formats/zip-writer.ts';
import { adaptformer, type Specs, videomaeFinetune, videomaePretrain } from '../model/checkpoint-lists.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'import-'));
});
after(() => rm(folder, { recursive: true }));

interface Said {
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a JSON document
  readonly json: any;
  readonly warnings: readonly string[];
}

async function run(
  command: typeof weightsImport,
  file: string,
  options: Options = {},
  said?: Partial<Said>[],
): Promise<Said> {
  const warnings: string[] = [];
  let [text, json]: [string, unknown] = ['', undefined];
  const context: Context = {
    environment: { cache: folder, ffmpegPath: undefined, searchPath: '', packageIndex: '' },
    signal: new AbortController().signal,
    reporter: {
      result: (t, j) => {
        [text, json] = [t, j];
        said?.push({ text, json });
      },
      note: () => undefined,
      warn: (line) => warnings.push(line),
      progress: () => ({ update: () => undefined, end: () => undefined }),
    },
  };
  await command.run([file], options, context);
  return { text, json, warnings };
}

/** A checkpoint with the published names, its width cut to 12, its depth to 2; every tensor holds its own numbers. */
async function checkpointOf(name: string, specs: Specs): Promise<{ file: string; tensors: HostTensors }> {
  const tensors: HostTensors = {};
  for (const [key, spec] of specs) {
    if (/blocks\.(\d+)\./.test(key) && Number(/blocks\.(\d+)\./.exec(key)?.[1]) > 1) continue;
    const shape = spec.shape.map((extent) => (extent % 384 === 0 ? extent / 64 : extent));
    const seed = Object.keys(tensors).length;
    tensors[key] = float32(
      shape,
      Float32Array.from({ length: sizeOf(shape) }, (_, i) => seed + i / 4096),
    );
  }
  const file = path.join(folder, name);
  await writeSafetensors(file, tensors);
  return { file, tensors };
}

async function refused(work: Promise<unknown>, kind: string, message: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof PetlVideoError, String(error));
    assert.equal(error.kind, kind);
    assert.match(error.message, message);
    return true;
  });
}

test('import writes our names, says what became of every tensor, and where it came from', async () => {
  const { file, tensors } = await checkpointOf('pre.safetensors', videomaePretrain());
  const out = path.join(folder, 'new', 'pre-ours.safetensors');
  const { text, json, warnings } = await run(weightsImport, file, { out, heads: '3' });
  assert.deepEqual(warnings, []);
  assert.equal(json.layout, 'videomae-pretrain');
  assert.equal(json.matched.length, 2 + 2 * 13);
  assert.deepEqual([json.missing, json.unexpected, json.dropped], [[], [], []]);
  assert.equal(json.matched.length + json.unused.length, Object.keys(tensors).length);
  assert.match(text, /^fresh +fc_norm\.weight, fc_norm\.bias/m);
  assert.match(text, /^unused +32 \(belongs to the pre-training decoder\): decoder\..* and \d+ more$/m);
  assert.match(text, /^missing +none\nunexpected +none$/m);

  const weights = await readWeights(out);
  assert.deepEqual(weights.metadata, {
    layout: 'videomae-pretrain',
    vit: json.vit,
    source: 'pre.safetensors',
    sourceSha256: createHash('sha256')
      .update(await readFile(file))
      .digest('hex'),
    missing: [],
  });
  assert.deepEqual([json.vit.heads, json.vit.depth], [3, 2]);
  const theirs = tensors['encoder.blocks.1.attn.qkv.weight'];
  assert.deepEqual(await weights.read('blocks.1.attn.qkv.weight'), theirs);
  await weights.close();

  const inspected = await run(weightsInspect, out);
  assert.equal(inspected.json.layout, 'petl-video');
  assert.deepEqual(inspected.json.vit, json.vit);
  assert.equal(inspected.json.numbers, json.numbers);
});

test('tuned parameters are kept; the head is dropped unless asked for', async () => {
  const { file, tensors } = await checkpointOf('af.safetensors', adaptformer('video', { bottleneck: 5 }));
  const out = path.join(folder, 'af-ours.safetensors');
  const { json } = await run(weightsImport, file, { out, heads: '3' });
  assert.deepEqual(json.dropped, [
    'head.batchnorm.running_mean',
    'head.batchnorm.running_var',
    'head.weight',
    'head.bias',
  ]);
  const without = await readSafetensors(out);
  assert.deepEqual(
    without.names.filter((name) => name.startsWith('head')),
    [],
  );
  assert.deepEqual(
    (await without.read('blocks.1.adaptmlp.down.weight')).data,
    tensors['blocks.1.adaptmlp.down_proj.weight']?.data,
  );
  const qkv = (await without.read('blocks.0.attn.qkv.weight')).data;
  assert.deepEqual(qkv.slice(144, 288), tensors['blocks.0.attn.k_proj.weight']?.data);
  await without.close();
  await run(weightsImport, file, { out, heads: '3', keepHead: true });
  const kept = await readSafetensors(out);
  assert.deepEqual((await kept.read('head.bias')).data, tensors['head.1.bias']?.data);
  await kept.close();
});

test('anything missing or unexpected stops the import with nothing written, unless it is allowed', async () => {
  const specs = videomaeFinetune();
  specs.delete('blocks.1.norm2.bias');
  specs.set('blocks.0.gamma_1', { shape: [768] });
  const { file } = await checkpointOf('gap.safetensors', specs);
  const out = path.join(folder, 'gap-ours.safetensors');
  const said: Partial<Said>[] = [];
  await refused(
    run(weightsImport, file, { out, heads: '3' }, said),
    'weights',
    /nothing was written: as videomae-finetune, 1 tensors are unexpected \(blocks\.0\.gamma_1\) and 1 tensors of the ViT are missing \(blocks\.1\.norm2\.bias\)/,
  );
  assert.equal(said[0]?.json.out, null);
  assert.deepEqual(said[0]?.json.unexpected, ['blocks.0.gamma_1']);
  assert.match(said[0]?.text ?? '', /→ not written/);
  await refused(
    run(weightsImport, file, { out, heads: '3', allow: 'unexpected' }),
    'weights',
    /1 tensors of the ViT are missing/,
  );
  assert.ok(!existsSync(out));

  const { json, warnings } = await run(weightsImport, file, { out, heads: '3', allow: 'unexpected,missing' });
  assert.equal(warnings.length, 2);
  assert.match(warnings[0] as string, /1 tensors are MISSING .*blocks\.1\.norm2\.bias/);
  assert.deepEqual(json.missing, [{ name: 'blocks.1.norm2.bias', part: 'backbone', lacks: ['blocks.1.norm2.bias'] }]);
  const weights = await readWeights(out);
  assert.deepEqual(weights.metadata.missing, ['blocks.1.norm2.bias']);
  await weights.close();
});

test('half a head holds nothing up when heads are dropped', async () => {
  const specs = videomaeFinetune();
  specs.delete('head.bias');
  const { file } = await checkpointOf('half.safetensors', specs);
  const out = path.join(folder, 'half-ours.safetensors');
  await run(weightsImport, file, { out, heads: '3' });
  await refused(run(weightsImport, file, { out, heads: '3', keepHead: true }), 'weights', /missing \(head\.bias\)/);
});

test('what is asked wrongly is a usage error; what the file does not tell is a weights error', async () => {
  const { file } = await checkpointOf('small.safetensors', videomaeFinetune());
  const out = path.join(folder, 'never.safetensors');
  await refused(
    run(weightsImport, file, { out }),
    'weights',
    /width of 12 does not tell .* heads\n.*\n {2}→ .*--heads/,
  );
  await refused(run(weightsImport, file, {}), 'usage', /--out <file> is missing/);
  await refused(run(weightsImport, file, { out: file, heads: '3' }), 'usage', /--out names the file that is read/);
  await refused(run(weightsImport, file, { out, heads: 'x' }), 'usage', /--heads x is no positive whole number/);
  await refused(run(weightsImport, file, { out, heads: '5' }), 'weights', /5 heads do not divide the width 12/);
  await refused(run(weightsImport, file, { out, layout: 'mae' }), 'usage', /--layout mae is not known/);
  await refused(run(weightsImport, file, { out, allow: 'mising' }), 'usage', /did you mean missing/);
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.includes('never')),
    [],
  );
});

test("Google's npz: deflated arrays, kernels turned, heads from the file", async () => {
  const [D, H, d] = [6, 3, 2];
  const arrays: Record<string, number[]> = {
    cls: [1, 1, D],
    'embedding/kernel': [2, 2, 3, D],
    'embedding/bias': [D],
    'Transformer/posembed_input/pos_embedding': [1, 5, D],
    'Transformer/encoder_norm/scale': [D],
    'Transformer/encoder_norm/bias': [D],
  };
  const at = 'Transformer/encoderblock_0';
  for (const norm of ['LayerNorm_0', 'LayerNorm_2']) {
    arrays[`${at}/${norm}/scale`] = [D];
    arrays[`${at}/${norm}/bias`] = [D];
  }
  for (const name of ['query', 'key', 'value']) {
    arrays[`${at}/MultiHeadDotProductAttention_1/${name}/kernel`] = [D, H, d];
    arrays[`${at}/MultiHeadDotProductAttention_1/${name}/bias`] = [H, d];
  }
  arrays[`${at}/MultiHeadDotProductAttention_1/out/kernel`] = [H, d, D];
  arrays[`${at}/MultiHeadDotProductAttention_1/out/bias`] = [D];
  for (const [i, shape] of [
    [D, 4 * D],
    [4 * D, D],
  ].entries()) {
    arrays[`${at}/MlpBlock_3/Dense_${i}/kernel`] = shape;
    arrays[`${at}/MlpBlock_3/Dense_${i}/bias`] = [shape[1] as number];
  }
  const values = (shape: readonly number[]): Float32Array => Float32Array.from({ length: sizeOf(shape) }, (_, i) => i);
  const file = path.join(folder, 'ViT-X.npz');
  const members = Object.entries(arrays).map(([name, shape]) => ({
    name: `${name}.npy`,
    data: npyOf(shape, new Uint8Array(values(shape).buffer)),
    deflate: true,
  }));
  await writeFile(file, zipOf(members));
  const inspected = await run(weightsInspect, file);
  assert.deepEqual([inspected.json.format, inspected.json.layout], ['npz', 'google-npz']);
  assert.match(inspected.text, /^note +these were trained on pixels with mean and deviation 0\.5/m);
  const out = path.join(folder, 'ViT-X.safetensors');
  const { json, text } = await run(weightsImport, file, { out });
  assert.deepEqual([json.missing, json.unexpected, json.vit.heads], [[], [], H]);
  assert.match(text, /^note +these were trained/m);
  const weights = await readWeights(out);
  assert.equal(weights.metadata.vit.heads, H);
  const fc1 = await weights.read('blocks.0.mlp.fc1.weight');
  assert.deepEqual(fc1.shape, [4 * D, D]);
  assert.equal(fc1.data[7 * D + 2], 2 * 4 * D + 7);
  await weights.close();
});

test('inspect shows what cannot be imported, and says why', async () => {
  const file = path.join(folder, 'resnet.safetensors');
  await writeSafetensors(file, {
    'layer1.0.conv1.weight': float32([2, 2], new Float32Array(4)),
    'layer1.1.conv1.weight': float32([2, 2], new Float32Array(4)),
  });
  const { text, json } = await run(weightsInspect, file);
  assert.match(text, /^layer1\.\{0-1\}\.conv1\.weight {2}\[2, 2\] F32 {2}× 2$/m);
  assert.match(text, /^2 tensors, 8 numbers$/m);
  assert.match(text, /^cannot be imported: .*looks like a ResNet/m);
  assert.equal(json.layout, null);
  const out = path.join(folder, 'resnet-ours.safetensors');
  await refused(run(weightsImport, file, { out }), 'weights', /looks like a ResNet/);
  await writeFile(file, 'nonsense');
  await refused(run(weightsInspect, file), 'weights', /neither a PyTorch checkpoint nor/);
});

test('the golden checkpoints import', async (t) => {
  const golden = path.resolve('..', 'shared', 'golden');
  if (!existsSync(golden)) return t.skip('golden cases not present');
  for (const name of ['image-adaptformer-cls', 'video-adaptformer', 'video-full', 'video-linear', 'video-vpt']) {
    const out = path.join(folder, `${name}.safetensors`);
    const from = path.join(golden, name, 'checkpoint.pth');
    const { json } = await run(weightsImport, from, { out, heads: '4', keepHead: true });
    // case.json counts parameters: all but the BatchNorm's running statistics, 2 x 64.
    const total = JSON.parse(await readFile(path.join(golden, name, 'case.json'), 'utf8')).total_parameters;
    assert.equal(json.numbers - 128, total, name);
  }
});
