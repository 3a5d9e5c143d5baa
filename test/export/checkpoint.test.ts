import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { PetlVideoError } from '../../src/errors/index.ts';
import {
  type Exportable,
  planCheckpoint,
  type TargetName,
  writeCheckpointFile,
} from '../../src/export/checkpoint/index.ts';
import { openTensorFile } from '../../src/formats/tensor-file.ts';
import { mapCheckpoint, type WeightsVit } from '../../src/model/checkpoint-names.ts';
import type { VitOptions } from '../../src/model/options.ts';
import { parseMetadata, type WeightsMetadata } from '../../src/model/weights-file.ts';
import { methodOf, methods } from '../../src/petl/index.ts';
import { float32, type HostTensor, type HostTensors, sizeOf } from '../../src/tensor/host.ts';
import { rng } from '../../src/tensor/random.ts';
import { tinyImageVit, tinyVit } from '../model/tiny-vit.ts';
import { tinyModel } from '../petl/tiny-model.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'checkpoint-'));
});
after(() => rm(folder, { recursive: true }));

const SIGNAL = new AbortController().signal;

function metadataOf(options: VitOptions): WeightsMetadata {
  const { width, depth, heads, patch, tubelet, mlpRatio, bias, clsToken, positions, pool } = options;
  return {
    layout: 'petl-video',
    vit: { width, depth, heads, patch, tubelet, mlpRatio, bias, clsToken, positions, pool },
    source: 'a run',
    sourceSha256: '0'.repeat(64),
    missing: [],
  };
}

interface Model {
  readonly options: VitOptions;
  readonly tensors: HostTensors;
}

/** A trained model: every tensor of the classifier at random, variances positive. */
function modelOf(options: VitOptions, method: string, methodOptions: object = {}, batchNorm = true): Model {
  const model = tinyModel(options, method, methodOptions, { batchNorm });
  const tensors: HostTensors = {};
  for (const { name, shape } of [...model.frozen, ...model.trained, ...model.buffers]) {
    const random = rng(3, name);
    const value = (): number => (name.endsWith('running_var') ? 0.1 + random.uniform() : random.normal());
    tensors[name] = float32(shape, Float32Array.from({ length: sizeOf(shape) }, value));
  }
  return { options, tensors };
}

function exportable({ options, tensors }: Model): Exportable {
  return { vit: options, specs: new Map(Object.entries(tensors)) };
}

let count = 0;
async function exported(model: Model, as: TargetName): Promise<{ file: string; notes: readonly string[] }> {
  const file = path.join(folder, `${count++}.pth`);
  const about = { at: 'a run', remedy: 'merge first', metadata: metadataOf(model.options) };
  const plan = planCheckpoint(as, exportable(model), about);
  await writeCheckpointFile(file, plan, async (name) => model.tensors[name] as HostTensor, SIGNAL);
  return { file, notes: plan.notes };
}

const vitHeads = (vit: WeightsMetadata['vit']): number | undefined => ('window' in vit ? undefined : vit.heads);

/** What an import makes of a file. */
async function imported(
  file: string,
  heads?: number,
): Promise<{ layout: string; tensors: HostTensors; left: string[] }> {
  const source = await openTensorFile(file);
  try {
    const ours = source.metadata.has('format') ? vitHeads(parseMetadata(source.metadata, file).vit) : undefined;
    const mapping = mapCheckpoint(source.specs, {
      ...(ours === undefined ? {} : { layout: 'petl-video' as const }),
      heads: ours ?? heads ?? 2,
    });
    const tensors: HostTensors = {};
    for (const { name, from, build } of mapping.tensors) {
      tensors[name] = build(await Promise.all(from.map((part) => source.read(part))));
    }
    return {
      layout: mapping.layout,
      tensors,
      left: [...mapping.unexpected, ...mapping.missing.map(({ name }) => name)],
    };
  } finally {
    await source.close();
  }
}

const image = { ...tinyImageVit, heads: 2 };
const ADAPTERS = { bottleneck: 3, scale: 'learned', layerNorm: 'in' };

test('import of an export gives back every tensor, for every program that holds the model', async () => {
  const plain: [TargetName, string, Model][] = [
    ['adaptformer', 'adaptformer-video', modelOf(tinyVit, 'adaptformer', ADAPTERS)],
    ['adaptformer', 'adaptformer-video', modelOf(tinyVit, 'vpt-deep', { prompts: 2 })],
    ['adaptformer', 'adaptformer-video', modelOf(tinyVit, 'linear')],
    ['adaptformer', 'adaptformer-video', modelOf(tinyVit, 'full', {}, false)],
    ['adaptformer', 'adaptformer-image', modelOf(image, 'adaptformer', ADAPTERS)],
    ['adaptformer', 'adaptformer-image', modelOf({ ...image, pool: 'mean' }, 'full')],
    ['timm', 'mae-image', modelOf(image, 'full', {}, false)],
    ['timm', 'mae-image', modelOf({ ...image, pool: 'mean' }, 'linear', {}, false)],
    ['videomae', 'videomae-finetune', modelOf(tinyVit, 'full', {}, false)],
    ['videomae', 'videomae-finetune', modelOf({ ...tinyVit, positions: 'learned' }, 'full', {}, false)],
    ['petl-video', 'petl-video', modelOf(tinyVit, 'adaptformer', ADAPTERS)],
    ['petl-video', 'petl-video', modelOf(tinyVit, 'linear')],
    ['petl-video', 'petl-video', modelOf({ ...image, frames: 2, tubelet: 2 }, 'vpt-deep')],
  ];
  for (const [as, layout, model] of plain) {
    const { file } = await exported(model, as);
    const back = await imported(file);
    assert.deepEqual([back.layout, back.left], [layout, []], as);
    assert.deepEqual(back.tensors, model.tensors, as);
  }
});

test('our own checkpoint keeps tensors of methods that no other program knows', async () => {
  const model = modelOf(tinyVit, 'linear');
  const own = { ...model, tensors: { ...model.tensors, 'blocks.0.new.weight': float32([2], Float32Array.of(1, 2)) } };
  const back = await imported((await exported(own, 'petl-video')).file);
  assert.deepEqual(back.tensors, own.tensors);
});

/** Methods of which timm's ViT has every tensor, as they are or merged; the others are refused. */
const IN_TIMM = ['linear', 'full', 'bitfit'];

test('every method: our own checkpoint holds it; timm holds what is plain, or merged', async () => {
  for (const { name } of methods) {
    const attached = methodOf(name).attach(image, {});
    const model = modelOf(image, name);
    const back = await imported((await exported(model, 'petl-video')).file);
    assert.deepEqual(back.tensors, model.tensors, name);
    const about = { at: name, remedy: 'merge', metadata: metadataOf(image) };
    if (IN_TIMM.includes(name)) planCheckpoint('timm', exportable(model), about);
    else assert.throws(() => planCheckpoint('timm', exportable(model), about), /timm has no place for/, name);
    if (attached.merge === undefined) continue;
    const merged = { ...model.tensors, ...attached.merge(model.tensors) };
    const own = new Set(attached.parameters.map((spec) => spec.name));
    const plain = Object.fromEntries(Object.entries(merged).filter(([tensor]) => !own.has(tensor)));
    const held = await imported((await exported({ options: image, tensors: plain }, 'timm')).file);
    assert.deepEqual(held.left, [], name);
    const backbone = Object.keys(plain).filter((tensor) => !tensor.startsWith('head'));
    for (const tensor of backbone) assert.deepEqual(held.tensors[tensor], plain[tensor], `${name}: ${tensor}`);
  }
});

test('BatchNorm is folded into the head: the same logits', async () => {
  for (const [as, options] of [
    ['timm', image],
    ['videomae', tinyVit],
  ] as const) {
    const { tensors, ...model } = modelOf(options, 'linear');
    const { file, notes } = await exported({ ...model, tensors }, as);
    assert.ok(
      notes.some((note) => /BatchNorm .* folded into head\.weight and head\.bias: exact at evaluation/.test(note)),
    );
    const back = (await imported(file)).tensors;
    assert.deepEqual(
      Object.keys(back).filter((name) => name.startsWith('head')),
      ['head.weight', 'head.bias'],
    );
    const of = (from: HostTensors, name: string): ArrayLike<number> => (from[name] as HostTensor).data;
    const D = options.width;
    const x = Array.from({ length: D }, (_, j) => Math.sin(j + 1));
    for (let k = 0; k < 3; k++) {
      let theirs = of(tensors, 'head.bias')[k] as number;
      let mine = of(back, 'head.bias')[k] as number;
      for (let j = 0; j < D; j++) {
        const deviation = Math.sqrt((of(tensors, 'head.batchnorm.running_var')[j] as number) + 1e-6);
        const normed = ((x[j] as number) - (of(tensors, 'head.batchnorm.running_mean')[j] as number)) / deviation;
        theirs += (of(tensors, 'head.weight')[k * D + j] as number) * normed;
        mine += (of(back, 'head.weight')[k * D + j] as number) * (x[j] as number);
      }
      assert.ok(Math.abs(mine - theirs) < 1e-5, `${as}: ${mine} where ${theirs} is right`);
    }
  }
});

test('what a program cannot hold is refused with the reason, and nothing is written', () => {
  const refused = (model: Model, as: TargetName, message: RegExp): void =>
    assert.throws(
      () =>
        planCheckpoint(as, exportable(model), {
          at: 'runs/x',
          remedy: 'merge first',
          metadata: metadataOf(model.options),
        }),
      (error) => error instanceof PetlVideoError && error.kind === 'weights' && message.test(error.message),
    );
  refused(
    modelOf(image, 'adaptformer'),
    'timm',
    /timm has no place for 8 tensors of this model: blocks\.\{0-1\}\.adaptmlp\.down\.weight.*\n {2}at runs\/x\n {2}→ merge first/,
  );
  refused(modelOf(tinyVit, 'vpt-deep'), 'videomae', /VideoMAE has no place for 2 tensors .*blocks\.\{0-1\}\.prompts/);
  refused(
    modelOf(tinyVit, 'linear'),
    'timm',
    /timm has no such ViT: backbone\.tubelet is 2, not 1; backbone\.bias is qv, not qkv; .*\n.*\n {2}→ export it as petl-video/,
  );
  refused(modelOf(image, 'linear'), 'videomae', /backbone\.bias is qkv, not qv; backbone\.clsToken is true, not false/);
  refused(modelOf({ ...image, frames: 4 }, 'linear'), 'timm', /it sees several frames, not an image/);
  refused(modelOf({ ...image, frames: 4 }, 'linear'), 'adaptformer', /it sees several frames, not an image/);
  refused(
    modelOf({ ...tinyVit, frames: 4, attention: 'per-frame' }, 'linear'),
    'videomae',
    /VideoMAE has no such ViT: its attention is per frame/,
  );
  refused(modelOf({ ...tinyVit, bias: 'qkv' }, 'linear'), 'adaptformer', /backbone\.bias is qkv, not qv/);
  refused(
    modelOf(tinyVit, 'adaptformer', { blocks: [1] }),
    'adaptformer',
    /AdaptFormer has no such ViT: only 1 of 2 blocks have adapters/,
  );
});

test('the golden checkpoints come back under their own names, tensor by tensor', async (t) => {
  const golden = path.resolve('test', 'golden');
  if (!existsSync(golden)) return t.skip('golden cases not present');
  const names = (await readdir(golden)).filter((name) => existsSync(path.join(golden, name, 'checkpoint.pth')));
  let held = 0;
  for (const name of names) {
    const original = path.join(golden, name, 'checkpoint.pth');
    const theirs = await openTensorFile(original);
    const mapping = mapCheckpoint(theirs.specs, { heads: 4 });
    if (!mapping.layout.startsWith('adaptformer') || mapping.unexpected.length > 0) {
      await theirs.close();
      continue;
    }
    held++;
    const { tensors } = await imported(original, 4);
    const vit = { ...(mapping.vit as WeightsVit), heads: 4 };
    const model: Exportable = { vit, specs: new Map(Object.entries(tensors)) };
    const about = { at: name, remedy: '', metadata: { ...metadataOf(tinyVit), vit } };
    const file = path.join(folder, `${name}.pth`);
    const plan = planCheckpoint('adaptformer', model, about);
    await writeCheckpointFile(file, plan, async (tensor) => tensors[tensor] as HostTensor, SIGNAL);
    const ours = await openTensorFile(file);
    assert.deepEqual(ours.path, ['model']);
    assert.deepEqual([...ours.specs.keys()].sort(), [...theirs.specs.keys()].sort(), name);
    for (const [tensor, spec] of theirs.specs) {
      assert.equal(ours.specs.get(tensor)?.dtype, spec.dtype, `${name}: ${tensor}`);
      assert.deepEqual(await ours.read(tensor), await theirs.read(tensor), `${name}: ${tensor}`);
    }
    await Promise.all([ours.close(), theirs.close()]);
  }
  assert.ok(held >= 4, `only ${held} of ${names.length} are AdaptFormer's`);
});
