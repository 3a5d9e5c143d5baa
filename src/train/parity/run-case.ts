/**
 * Runs a golden case the way a run would: checkpoint through the importer, forward, backward and the optimizer through the
 * training steps of an engine; and compares every tensor with what the original computed.
 */
import path from 'node:path';
import type { CompiledStep, Engine } from '../../engine/engine.ts';
import { weightsError } from '../../errors/index.ts';
import { evaluateStep } from '../../eval/step.ts';
import { readSafetensors, type SafetensorsFile } from '../../formats/safetensors.ts';
import { openTorchCheckpoint } from '../../formats/torch-checkpoint.ts';
import { type MappedTensor, mapCheckpoint } from '../../model/checkpoint-names.ts';
import { type Classifier, classifier } from '../../petl/classifier.ts';
import { methodOf } from '../../petl/index.ts';
import { float32, type HostTensor, type HostTensors, scalar } from '../../tensor/host.ts';
import { countParameters } from '../../tensor/parameters.ts';
import { optimizer } from '../optimizer.ts';
import { applyStep, gradientsStep, trainingState, type UpdateOptions } from '../steps.ts';
import { targetProbabilities } from '../targets.ts';
import type { GoldenCase } from './golden-case.ts';

export interface Comparison {
  /** `logits_eval`, `grad.blocks.0.adaptmlp.down.weight`, `losses`, … in our names. */
  readonly tensor: string;
  /** Largest absolute difference. */
  readonly error: number;
  /**
   * What it is measured against: the tensor's largest magnitude; for gradients the largest of all gradients, for parameters
   * likewise; 1 for losses. A gradient may be zero by definition (BatchNorm takes out what fc_norm adds or scales), so that
   * both programs hold rounding noise, which its own magnitude would not measure.
   */
  readonly magnitude: number;
  readonly within: boolean;
}

/** Largest error in parts of the magnitude. */
export const TOLERANCE = 1e-4;
/** @throws PetlVideoError (weights) when the checkpoint does not hold exactly this model */
export async function runCase(golden: GoldenCase, engine: Engine): Promise<Comparison[]> {
  const model = classifier(golden.vit, methodOf(golden.method.name).attach(golden.vit, golden.method.options), {
    classes: golden.classes,
    batchNorm: golden.batchNorm,
    dropout: 0,
    initStd: 0,
  });
  const { tensors: start, mapped } = await readStart(golden, model);
  const expected = await readSafetensors(path.join(golden.folder, 'expected.safetensors'));
  try {
    return await compare(golden, model, engine, start, mapped, expected);
  } finally {
    await expected.close();
  }
}

async function compare(
  golden: GoldenCase,
  model: Classifier,
  engine: Engine,
  start: HostTensors,
  mapped: readonly MappedTensor[],
  expected: SafetensorsFile,
): Promise<Comparison[]> {
  const update: UpdateOptions = { optimizer: golden.optimizer, layerDecay: 1, clipNorm: 0 };
  const clips = await readClips(expected, golden);
  const batch = clips.shape[0] as number;
  const labels = Int32Array.from((await expected.read('labels')).data);
  const session = await engine.open(trainingState(model, update));
  try {
    await session.load(start);
    const evaluation = await (await session.compile(evaluateStep(model, batch, 'float32'))).run({ clips });
    const gradients = await session.compile(gradientsStep(model, { batch, mixes: false, clips: 'float32' }));
    const apply = await session.compile(applyStep(model, update));
    const inputs = {
      clips,
      share: scalar(1),
      targets: float32([batch, golden.classes], targetProbabilities(labels, golden.classes, 0)),
    };

    const first = await gradients.run(inputs);
    const firstGradients = await session.read(model.trained.map(({ name }) => `gradient/${name}`));
    const losses = [lossOf(first.loss)];
    await applyUpdate(apply, golden, 1);
    for (let t = 2; t <= golden.steps; t++) {
      losses.push(lossOf((await gradients.run(inputs)).loss));
      await applyUpdate(apply, golden, t);
    }
    const after = await session.read(model.trained.map(({ name }) => name));

    return [
      measure('logits_eval', evaluation.logits, await expected.read('logits_eval')),
      measure('features', evaluation.features, await expected.read('features')),
      measure('logits_train', first.logits, await expected.read('logits_train')),
      measureLosses(losses, await expected.readFloat64('losses')),
      ...(await measureAll('grad', model, mapped, expected, (name) => firstGradients[`gradient/${name}`])),
      ...(await measureAll('after', model, mapped, expected, (name) => after[name])),
      ...countTrained(golden, model),
    ];
  } finally {
    session.dispose();
  }
}

/** Our starting values from the case's checkpoint: all of them, and nothing of the checkpoint left over. */
async function readStart(
  golden: GoldenCase,
  model: Classifier,
): Promise<{ tensors: HostTensors; mapped: readonly MappedTensor[] }> {
  const file = path.join(golden.folder, 'checkpoint.pth');
  const checkpoint = await openTorchCheckpoint(file);
  try {
    const mapping = mapCheckpoint(checkpoint.specs, { heads: golden.vit.heads });
    const tensors: HostTensors = {};
    const specs = [...model.frozen, ...model.trained, ...model.buffers];
    for (const { name, shape } of specs) {
      const source = mapping.tensors.find((tensor) => tensor.name === name);
      if (source === undefined) throw weightsError(`the checkpoint has no ${name}`, { at: file });
      const parts = await Promise.all(source.from.map((from) => checkpoint.read(from)));
      const tensor = source.build(parts);
      if (`${tensor.shape}` !== `${shape}`) {
        throw weightsError(`${name} is [${tensor.shape}], not [${shape}]`, { at: file });
      }
      tensors[name] = tensor;
    }
    const unexpected = [
      ...mapping.unexpected,
      ...mapping.tensors.map(({ name }) => name).filter((name) => !(name in tensors)),
    ];
    if (unexpected.length > 0) {
      throw weightsError(`the model has no place for ${unexpected.join(', ')}`, { at: file });
    }
    return { tensors, mapped: mapping.tensors };
  } finally {
    await checkpoint.close();
  }
}

/** `input` [B, 3, T, H, W] or [B, 3, H, W] as clips [B, T, H, W, 3]. */
async function readClips(expected: SafetensorsFile, { vit }: GoldenCase): Promise<HostTensor> {
  const { shape, data } = await expected.read('input');
  const batch = shape[0] as number;
  const { frames, size } = vit;
  const pixels = frames * size * size;
  const clips = new Float32Array(batch * pixels * 3);
  for (let b = 0; b < batch; b++) {
    for (let channel = 0; channel < 3; channel++) {
      for (let p = 0; p < pixels; p++) {
        clips[(b * pixels + p) * 3 + channel] = data[(b * 3 + channel) * pixels + p] as number;
      }
    }
  }
  return float32([batch, frames, size, size, 3], clips);
}

async function applyUpdate(apply: CompiledStep, golden: GoldenCase, t: number): Promise<void> {
  const scalars = Object.entries(optimizer(golden.optimizer).scalars(t)).map(([name, value]) => [name, scalar(value)]);
  await apply.run({ lr: scalar(golden.lr), ...Object.fromEntries(scalars) });
}

/** Compares `grad.*` or `after.*`; a tensor that only one side has counts as an error of its whole magnitude. */
async function measureAll(
  kind: 'grad' | 'after',
  model: Classifier,
  mapped: readonly MappedTensor[],
  expected: SafetensorsFile,
  ours: (name: string) => HostTensor | undefined,
): Promise<Comparison[]> {
  const left = new Set([...expected.specs.keys()].filter((name) => name.startsWith(`${kind}.`)));
  const pairs: { name: string; mine: HostTensor | undefined; theirs: HostTensor | undefined }[] = [];
  for (const { name } of model.trained) {
    const from = (mapped.find((tensor) => tensor.name === name) as MappedTensor).from.map((part) => `${kind}.${part}`);
    const parts = from.every((part) => left.has(part))
      ? await Promise.all(from.map((part) => expected.read(part)))
      : [];
    for (const part of from) left.delete(part);
    const build = (mapped.find((tensor) => tensor.name === name) as MappedTensor).build;
    pairs.push({ name, mine: ours(name), theirs: parts.length === 0 ? undefined : build(parts as HostTensor[]) });
  }
  const magnitude = Math.max(...pairs.map(({ theirs }) => largest(theirs)));
  return [
    ...pairs.map(({ name, mine, theirs }) => measure(`${kind}.${name}`, mine, theirs, magnitude)),
    ...[...left].map((name) => measure(name, undefined, undefined)),
  ];
}

function countTrained({ trainedParameters }: GoldenCase, model: Classifier): Comparison[] {
  if (trainedParameters === undefined) return [];
  const error = Math.abs(countParameters(model.trained) - trainedParameters);
  return [{ tensor: 'trained parameters', error, magnitude: trainedParameters, within: error === 0 }];
}

function measure(
  tensor: string,
  mine?: HostTensor,
  theirs?: HostTensor,
  magnitude = largest(theirs ?? mine),
): Comparison {
  if (mine === undefined || theirs === undefined || mine.data.length !== theirs.data.length) {
    return { tensor, error: Number.POSITIVE_INFINITY, magnitude, within: false };
  }
  let error = 0;
  for (let i = 0; i < mine.data.length; i++) {
    const difference = Math.abs((mine.data[i] as number) - (theirs.data[i] as number));
    // NaN must not pass for small.
    if (!(difference <= error)) error = difference;
  }
  return { tensor, error, magnitude, within: error <= TOLERANCE * magnitude };
}

function measureLosses(mine: readonly number[], theirs: Float64Array): Comparison {
  const error = Math.max(...[...theirs].map((loss, i) => Math.abs(loss - (mine[i] ?? Number.NaN))));
  return { tensor: `losses of ${theirs.length} steps`, error, magnitude: 1, within: error <= TOLERANCE };
}

function largest(tensor: HostTensor | undefined): number {
  let most = 0;
  for (const value of tensor?.data ?? []) most = Math.max(most, Math.abs(value));
  return most;
}

function lossOf(tensor: HostTensor | undefined): number {
  return (tensor as HostTensor).data[0] as number;
}
