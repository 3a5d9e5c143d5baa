/** What holds for every method, on video and image backbones, on every engine. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import type { Engine } from '../../src/engine/engine.ts';
import type { BackboneOptions } from '../../src/model/backbone.ts';
import type { VitOptions } from '../../src/model/options.ts';
import type { SwinOptions } from '../../src/model/swin/options.ts';
import { type Classifier, classifier } from '../../src/petl/classifier.ts';
import { methodOf, methods } from '../../src/petl/index.ts';
import { readTunedWeights, writeTunedWeights } from '../../src/petl/tuned-weights.ts';
import { type HostTensor, type HostTensors, scalar } from '../../src/tensor/host.ts';
import { testOnEachEngine } from '../engine/engines.ts';
import { tinySwin } from '../model/swin/tiny-swin.ts';
import { tinyImageVit, tinyVit } from '../model/tiny-vit.ts';
import { batchInputs, bytesOf, head, openTiny, startOf, type TinyRun, tinyModel } from './tiny-model.ts';

interface Variant {
  readonly method: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Whether it starts as the backbone does: with the same features. */
  readonly identity: boolean;
  /** Whether it is tried on a Swin Transformer too. */
  readonly onSwin?: boolean;
  /** What it needs of the video backbone. */
  readonly video?: Partial<VitOptions>;
}

const perFrame = { attention: 'per-frame', clsToken: true, positions: 'learned', pool: 'cls', bias: 'qkv' } as const;

const variants: readonly Variant[] = [
  { method: 'linear', identity: true, onSwin: true },
  { method: 'full', identity: true, onSwin: true },
  { method: 'full', options: { blocks: [1] }, identity: true },
  { method: 'bitfit', identity: true },
  { method: 'bitfit', options: { blocks: [0] }, identity: true },
  { method: 'adaptformer', options: { bottleneck: 4 }, identity: true, onSwin: true },
  {
    method: 'adaptformer',
    options: { bottleneck: 4, position: 'sequential', scale: 'learned', dropout: 0.1 },
    identity: true,
  },
  { method: 'adaptformer', options: { bottleneck: 4, layerNorm: 'in', init: 'normal' }, identity: false },
  // A LayerNorm behind the scale is 0 of a constant 0.
  { method: 'adaptformer', options: { bottleneck: 4, layerNorm: 'out', blocks: [1] }, identity: true },
  { method: 'vpt-shallow', options: { prompts: 2, dropout: 0.1 }, identity: false },
  { method: 'vpt-deep', options: { prompts: 2 }, identity: false },
  { method: 'vpt-deep', options: { prompts: 2, dropout: 0.1, init: 'patch' }, identity: false, video: perFrame },
  { method: 'arc', options: { bottleneck: 3 }, identity: false, onSwin: true },
  { method: 'arc', options: { bottleneck: 3, share: 'none', blocks: [1] }, identity: false },
  { method: 'arc-att', options: { bottleneck: 3 }, identity: true },
  { method: 'convpass', options: { bottleneck: 3 }, identity: true, onSwin: true },
  { method: 'convpass', options: { bottleneck: 3, convInit: 'identity', temporal: 3 }, identity: true },
  { method: 'convpass-attn', options: { bottleneck: 3, temporal: 3, blocks: [1] }, identity: true, video: perFrame },
  { method: 'lora', options: { rank: 2 }, identity: true },
  {
    method: 'lora',
    options: { rank: 2, sites: ['q', 'k', 'v', 'proj', 'fc1', 'fc2'], sharedDown: true, scale: 0.5 },
    identity: true,
  },
  { method: 'adapter', options: { variant: 'houlsby', bottleneck: 3 }, identity: false },
  { method: 'adapter', options: { variant: 'pfeiffer', bottleneck: 3 }, identity: false },
  { method: 'adapter', options: { variant: 'noah', bottleneck: 3 }, identity: false },
  { method: 'ssf', identity: false },
  { method: 'repadapter', options: { bottleneck: 4 }, identity: true },
  { method: 'repadapter', options: { bottleneck: 3, groups: 1, places: 'attn', scale: 0.5 }, identity: true },
  { method: 'fact-tt', options: { rank: 3 }, identity: true },
  { method: 'fact-tk', options: { rank: 3, blocks: [1] }, identity: true },
  { method: 'st-adapter', options: { bottleneck: 4 }, identity: true },
  { method: 'st-adapter', options: { bottleneck: 4, places: 'both' }, identity: true, video: perFrame },
  { method: 'aim', identity: true, video: perFrame },
  { method: 'aim', options: { temporalAdapters: 2, scale: 1 }, identity: true, video: perFrame },
];

/** Two tubelets in time; drop path, so that methods with a branch of their own draw theirs. */
const videoVit: VitOptions = { ...tinyVit, frames: 4, dropPath: 0.2 };
const imageVit: VitOptions = { ...tinyImageVit, dropPath: 0.2 };
const swin: SwinOptions = { ...tinySwin, dropPath: 0.2 };

/** BatchNorm takes out what fc_norm scales or adds, so that its gradient is rounding noise alone. */
const UNSEEN_BEHIND_BATCH_NORM = /^(fc_norm\.|norm\.bias)/;

/** What the plain JavaScript engine, the oracle of the others, makes of a variant. */
const oracles = new Map<string, Promise<Oracle>>();

for (const { method, options = {}, identity, onSwin = false, video = {} } of variants) {
  const backbones: readonly (readonly [string, BackboneOptions])[] = [
    ['video', { ...videoVit, ...video }],
    ['image', imageVit],
    ...(onSwin ? [['swin', swin] as const] : []),
  ];
  for (const [place, vit] of backbones) {
    const name = `${method} ${JSON.stringify(options)} on ${place}`;
    testOnEachEngine(
      `${name}: starts as it should, moves all that it trains and nothing else, merges, reloads`,
      async (engine) => {
        const model = tinyModel(vit, method, options);
        const run = await openTiny(model, startOf(model), { engine });
        try {
          const outcome = await trainThreeSteps(model, run);
          const known = oracles.get(name) ?? oracleOf(model, outcome, engine);
          oracles.set(name, known);
          const oracle = await known;
          checkStart(outcome, oracle, identity);
          checkMoves(model, outcome);
          assertNear(outcome.trained, oracle.trained, 2e-4);
          await checkReload(model, outcome, { name: method, ...options }, run);
          await checkMerge(model, outcome, method, options, engine);
        } finally {
          run.session.dispose();
        }
      },
    );
  }
}

after(async () => {
  for (const run of await Promise.all(plainRuns.values())) run.session.dispose();
});

test('every method is under the contract', () => {
  assert.deepEqual(
    methods.map(({ name }) => name).filter((name) => !variants.some(({ method }) => method === name)),
    [],
  );
});

interface Outcome {
  readonly start: HostTensors;
  readonly after: HostTensors;
  /** Trained tensors that had no gradient in any step. */
  readonly still: readonly string[];
  /** Logits of some clips: before training, and after it. */
  readonly untrained: HostTensor;
  readonly trained: HostTensor;
}

interface Oracle {
  /** Logits of the bare backbone under the same head, before training. */
  readonly bare: HostTensor;
  readonly trained: HostTensor;
}

const SHOWN = { batch: 2, seed: 9 } as const;
const shownClips = (model: Classifier): HostTensor => bytesOf(model, SHOWN.batch, SHOWN.seed);

async function trainThreeSteps(model: Classifier, run: TinyRun): Promise<Outcome> {
  const start = startOf(model);
  const untrained = await run.logits(shownClips(model));
  const still = new Set(model.trained.map(({ name }) => name));
  const clips = bytesOf(model, 6);
  for (let step = 0; step < 3; step++) {
    await run.gradients.run(batchInputs(model, clips, 0, 6, 1, step));
    const { largest } = await run.apply.run({ lr: scalar(0.2) });
    model.trained.forEach(({ name }, i) => {
      if ((largest?.data[i] as number) > 0) still.delete(name);
    });
  }
  const after = await run.session.read(allOf(model));
  return { start, after, still: [...still], untrained, trained: await run.logits(shownClips(model)) };
}

async function oracleOf(model: Classifier, { start, trained }: Outcome, engine: Engine): Promise<Oracle> {
  const plain = tinyModel(model.backbone, 'linear');
  const run = await openTiny(plain, pick(start, plain));
  const bare = await run.logits(shownClips(model));
  run.session.dispose();
  if (engine.name === 'cpu') return { bare, trained };
  const own = await openTiny(model, start);
  const outcome = await trainThreeSteps(model, own);
  own.session.dispose();
  return { bare, trained: outcome.trained };
}

function checkStart({ untrained }: Outcome, { bare }: Oracle, identity: boolean): void {
  if (identity) assertNear(untrained, bare, 5e-6);
  else assert.ok(distance(untrained, bare) > 1e-5, 'starts as the backbone does');
}

function checkMoves(model: Classifier, { start, after: moved, still }: Outcome): void {
  assert.deepEqual(
    still.filter((name) => !UNSEEN_BEHIND_BATCH_NORM.test(name)),
    model.trained.map(({ name }) => name).filter((name) => model.isUnreached(name)),
  );
  const changed = model.frozen.filter(({ name }) => Buffer.compare(bytes(start, name), bytes(moved, name)) !== 0);
  assert.deepEqual(changed, []);
  const unchanged = model.buffers.filter(({ name }) => Buffer.compare(bytes(start, name), bytes(moved, name)) === 0);
  assert.deepEqual(unchanged, []);
}

/** A plain backbone on an engine, opened once: what is merged is loaded into it. */
const plainRuns = new Map<string, Promise<TinyRun>>();

/** The merged tensors in a plain backbone compute what the method did. */
async function checkMerge(
  model: Classifier,
  { after: tensors, trained }: Outcome,
  method: string,
  options: object,
  engine: Engine,
): Promise<void> {
  const attached = methodOf(method).attach(model.backbone, options);
  if (attached.merge === undefined) return;
  const kept = Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data.slice()]));
  const plain = classifier(model.backbone, methodOf('linear').attach(model.backbone, {}), head);
  const merged = pick({ ...tensors, ...attached.merge(tensors) }, plain);
  const key = `${engine.name} ${engine.device} ${JSON.stringify(model.backbone)}`;
  const opened = plainRuns.get(key) ?? openTiny(plain, merged, { engine });
  plainRuns.set(key, opened);
  const run = await opened;
  await run.session.load(merged);
  assertNear(await run.logits(shownClips(model)), trained, 1e-4);
  assert.deepEqual(Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data])), kept);
}

async function checkReload(model: Classifier, outcome: Outcome, method: object, run: TinyRun): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tuned-'));
  try {
    const file = path.join(folder, 'tuned.safetensors');
    const tuned = [...model.trained, ...model.buffers];
    const metadata = {
      method,
      classes: ['a', 'b', 'ç'],
      backbone: 'f1',
      recipe: 'data:\n  path: x\n',
      training: { epoch: 3, validationTop1: 0.5 },
    };
    const own = Object.fromEntries(tuned.map(({ name }) => [name, outcome.after[name] as HostTensor]));
    await writeTunedWeights(file, own, metadata);
    const read = await readTunedWeights(file, tuned);
    assert.deepEqual(read.metadata, metadata);
    await run.session.load(outcome.start);
    assert.deepEqual(await run.logits(shownClips(model)), outcome.untrained);
    await run.session.load(read.tensors);
    assert.deepEqual(await run.logits(shownClips(model)), outcome.trained);
    assert.notDeepEqual(outcome.untrained.data, outcome.trained.data);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('without BatchNorm fc_norm moves too', async () => {
  const model = tinyModel(tinyVit, 'linear', {}, { batchNorm: false });
  const start = startOf(model);
  const run = await openTiny(model, start);
  await run.gradients.run(batchInputs(model, bytesOf(model, 6), 0, 6, 1));
  await run.apply.run({ lr: scalar(0.5) });
  const after = await run.session.read(model.trained.map(({ name }) => name));
  for (const { name } of model.trained) assert.notDeepEqual(after[name]?.data, start[name]?.data, name);
  run.session.dispose();
});

const allOf = (model: Classifier): string[] =>
  [...model.frozen, ...model.trained, ...model.buffers].map(({ name }) => name);

function pick(tensors: HostTensors, model: Classifier): HostTensors {
  return Object.fromEntries(allOf(model).map((name) => [name, tensors[name] as HostTensor]));
}

/** The largest difference, in parts of the largest magnitude of `b`. */
function distance(a: HostTensor, b: HostTensor): number {
  let [apart, largest] = [0, 0];
  for (let i = 0; i < b.data.length; i++) {
    apart = Math.max(apart, Math.abs((a.data[i] as number) - (b.data[i] as number)));
    largest = Math.max(largest, Math.abs(b.data[i] as number));
  }
  return apart / largest;
}

function assertNear(a: HostTensor, b: HostTensor, tolerance: number): void {
  assert.deepEqual(a.shape, b.shape);
  const apart = distance(a, b);
  assert.ok(apart <= tolerance, `${apart} apart, more than ${tolerance}`);
}

function bytes(tensors: HostTensors, name: string): Buffer {
  const data = tensors[name]?.data;
  assert.ok(data !== undefined, name);
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
