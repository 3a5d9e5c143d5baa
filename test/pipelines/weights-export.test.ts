/** `weights export` of run folders and weights files, without training: the run's files are written here. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Command, Context, Options } from '../../pipelines/command.ts';
import { weightsExport } from '../../pipelines/weights-export.ts';
import { weightsImport } from '../../pipelines/weights-import.ts';
import { weightsInspect } from '../../pipelines/weights-inspect.ts';
import { buildModel, loadRecipe, toYaml } from '../../src/config/index.ts';
import { PetlVideoError } from '../../src/errors/index.ts';
import { openTensorFile } from '../../src/formats/tensor-file.ts';
import { readWeights } from '../../src/model/weights-file.ts';
import { startingValues } from '../../src/petl/starting-values.ts';
import { writeTunedWeights } from '../../src/petl/tuned-weights.ts';
import type { HostTensors } from '../../src/tensor/host.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'weights-export-'));
});
after(() => rm(folder, { recursive: true }));
const inside = (...parts: string[]): string => path.join(folder, ...parts);

// biome-ignore lint/suspicious/noExplicitAny: a JSON document
async function run(command: Command, file: string, options: Options): Promise<{ text: string; json: any }> {
  let [text, json]: [string, unknown] = ['', undefined];
  const context: Context = {
    environment: { cache: folder, ffmpegPath: undefined, searchPath: '', packageIndex: '' },
    signal: new AbortController().signal,
    reporter: {
      result: (t, j) => {
        [text, json] = [t, j];
      },
      note: () => undefined,
      warn: () => undefined,
      progress: () => ({ update: () => undefined, end: () => undefined }),
    },
  };
  const defaults = Object.fromEntries(
    command.options.flatMap(({ flags, default: value }) =>
      value === undefined ? [] : [[/--(\w+)/.exec(flags)?.[1] ?? '', value]],
    ),
  );
  await command.run([file], { ...defaults, ...options }, context);
  return { text, json };
}

const VIDEO = 'backbone: { size: { width: 12, depth: 2, heads: 3 }, patch: 8, tubelet: 2, weights: random }';
const IMAGE = `backbone: { size: { width: 12, depth: 2, heads: 3 }, patch: 8, tubelet: 1, weights: random, bias: qkv, positions: learned, clsToken: true, pool: cls }`;

/** The folder of a run that has been trained; its tensors. */
async function makeRun(name: string, backbone: string, method: string, frames = 2): Promise<HostTensors> {
  const recipeFile = inside(`${name}.yaml`);
  await writeFile(
    recipeFile,
    `data: { path: data, frames: ${frames}, stride: 2, size: 16, crop: center }\n${backbone}\nmethod: ${method}\n` +
      `optim: { name: adamw, lr: 0.01, weightDecay: 0, warmupEpochs: 0 }\ntrain: { epochs: 2, batch: 4 }\n` +
      'eval: { segments: 1, crops: 1 }\nengine: { name: cpu }\n',
  );
  const recipe = await loadRecipe(recipeFile, []);
  const model = buildModel(recipe, 2);
  const start = await startingValues(model, 'random', recipe.train.seed);
  const own = [...model.trained, ...model.buffers].map((spec) => spec.name);
  await mkdir(inside(name));
  await writeFile(inside(name, 'config.yaml'), toYaml(recipe));
  await writeTunedWeights(
    inside(name, 'tuned.safetensors'),
    Object.fromEntries(own.map((tensor) => [tensor, start.tensors[tensor] as HostTensors[string]])),
    {
      method: recipe.method,
      classes: ['a', 'b'],
      backbone: start.backbone,
      recipe: toYaml(recipe),
      training: { epoch: 2, epochs: 2 },
    },
  );
  return start.tensors;
}

test('a run goes out under the names of its program and comes back the same', async () => {
  const tensors = await makeRun('af', VIDEO, '{ name: adaptformer, bottleneck: 4 }');
  const out = inside('out', 'af.pth');
  const { text, json } = await run(weightsExport, inside('af'), { as: 'adaptformer', out });
  assert.match(
    text,
    /^.*af, last weights, epoch 2 → .*af\.pth\nas {10}adaptformer\nwritten {5}\d+ tensors, [\d,]+ numbers, under 'model'$/m,
  );
  assert.match(text, /^note {8}method adaptformer: bottleneck 4, position "parallel", scale 0\.1/m);
  assert.equal(json.key, 'model');
  const back = inside('af-back.safetensors');
  const { json: imported } = await run(weightsImport, out, { out: back, heads: '3', keepHead: true });
  assert.deepEqual([imported.layout, imported.missing, imported.unexpected], ['adaptformer-video', [], []]);
  const weights = await readWeights(back);
  for (const [name, tensor] of Object.entries(tensors)) assert.deepEqual(await weights.read(name), tensor, name);
  assert.equal(weights.specs.size, Object.keys(tensors).length);
  await weights.close();
  // A weights file goes the same way as the run.
  const again = inside('out', 'again.pth');
  const second = await run(weightsExport, back, { as: 'adaptformer', out: again });
  assert.deepEqual(
    second.json.tensors.map((t: { name: string }) => t.name).sort(),
    json.tensors.map((t: { name: string }) => t.name).sort(),
  );
});

test('under our own names the file says what it is', async () => {
  const tensors = await makeRun('own', VIDEO, '{ name: vpt-deep, prompts: 2 }');
  const out = inside('own.pth');
  await run(weightsExport, inside('own'), { as: 'petl-video', out });
  const { json } = await run(weightsInspect, out, {});
  assert.deepEqual([json.format, json.layout, json.vit.heads], ['torch', 'petl-video', 3]);
  const back = inside('own.safetensors');
  await run(weightsImport, out, { out: back, keepHead: true });
  const weights = await readWeights(back);
  assert.deepEqual([...weights.specs.keys()].sort(), Object.keys(tensors).sort());
  await weights.close();
});

test('a linear probe over an image ViT goes to timm, its BatchNorm folded', async () => {
  await makeRun('image', IMAGE, '{ name: linear }', 1);
  const out = inside('image.pth');
  const { text } = await run(weightsExport, inside('image'), { as: 'timm', out });
  assert.match(
    text,
    /VisionTransformer\(img_size=16, patch_size=8, embed_dim=12, depth=2, num_heads=3, mlp_ratio=4, num_classes=2, global_pool='token'\)/,
  );
  assert.match(text, /^note {8}the BatchNorm in front of the classifier is folded/m);
  const file = await openTensorFile(out);
  assert.deepEqual(file.path, []);
  assert.deepEqual(file.specs.get('patch_embed.proj.weight')?.shape, [12, 3, 8, 8]);
  assert.ok([...file.specs.keys()].every((name) => !name.includes('batchnorm')));
  await file.close();
});

test('what cannot be exported, and what is asked wrongly', async () => {
  await makeRun('refused', VIDEO, '{ name: adaptformer, bottleneck: 4 }');
  const out = inside('never.pth');
  const refused = async (from: string, options: Options, kind: string, message: RegExp): Promise<void> => {
    await assert.rejects(run(weightsExport, from, options), (error) => {
      assert.ok(error instanceof PetlVideoError, String(error));
      assert.equal(error.kind, kind);
      assert.match(error.message, message);
      return true;
    });
    assert.ok(!existsSync(out));
  };
  const from = inside('refused');
  await refused(
    from,
    { as: 'videomae', out },
    'weights',
    /no place for 8 tensors[\s\S]*adaptformer is no part of a plain ViT and cannot be folded/,
  );
  await refused(from, { as: 'timm', out }, 'weights', /timm has no such ViT/);
  await refused(
    from,
    { out },
    'usage',
    /--as <program> is missing\n {2}→ choose from adaptformer, timm, videomae, petl-video/,
  );
  await refused(from, { as: 'tim', out }, 'usage', /did you mean timm\?/);
  await refused(from, { as: 'timm' }, 'usage', /--out <file> is missing/);
  await refused(from, { as: 'timm', out, weights: 'first' }, 'usage', /choose last or best/);
  await refused(
    inside('refused', 'tuned.safetensors'),
    { as: 'timm', out },
    'usage',
    /give the folder of the run: .*refused, and --weights/,
  );
  await refused(inside('nothing'), { as: 'timm', out }, 'weights', /does not exist/);
  await refused(folder, { as: 'timm', out }, 'data', /no run here/);
});
