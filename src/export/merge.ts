/**
 * A run of a linear method as a plain backbone: what was trained is folded into the frozen weights, and both are asked what they
 * make of the same random clips before anything is written.
 */
import type { Engine } from '../engine/engine.ts';
import { configError, weightsError } from '../errors/index.ts';
import { evaluateStep, evaluationState } from '../eval/step.ts';
import { type Classifier, classifier } from '../petl/classifier.ts';
import { methodOf } from '../petl/index.ts';
import { type HostTensor, type HostTensors, sizeOf, uint8 } from '../tensor/host.ts';
import { bulkBits, rng } from '../tensor/random.ts';

/** Largest difference of logits, in parts of the largest, that rounding in float32 may make. */
export const MERGE_TOLERANCE = 1e-4;
const CLIPS = 4;

export interface Merged {
  /** The linear probe over the merged backbone. */
  readonly plain: Classifier;
  /** Its tensors. */
  readonly tensors: HostTensors;
  /** The largest difference of logits over the clips that were tried, in parts of the largest logit. */
  readonly apart: number;
}

/**
 * @param tensors all of the model's
 * @throws PetlVideoError (config) for a method that cannot be folded in; (weights) where the merged model computes something else
 */
export async function mergeModel(
  model: Classifier,
  method: { readonly name: string; readonly options: Readonly<Record<string, unknown>> },
  tensors: HostTensors,
  engine: Engine,
): Promise<Merged> {
  const { name, options } = method;
  const { merge } = methodOf(name).attach(model.backbone, options);
  if (merge === undefined || name === 'linear') {
    const why =
      name === 'linear'
        ? 'there is nothing to fold in: a linear probe, or what was merged before, leaves the backbone as it is'
        : `method ${name} cannot be folded into the backbone: it is not linear in what it changes`;
    throw configError(why, { remedy: 'use the run as it is; evaluate, predict and export take it' });
  }
  const plain = classifier(model.backbone, methodOf('linear').attach(model.backbone, {}), model.head);
  const all: HostTensors = { ...tensors, ...merge(tensors) };
  const merged = Object.fromEntries(
    Object.keys(evaluationState(plain)).map((tensor) => [tensor, all[tensor] as HostTensor]),
  );
  const clips = randomClips(model);
  const before = await logitsOf(model, tensors, clips, engine);
  const apart = distance(await logitsOf(plain, merged, clips, engine), before);
  if (!(apart <= MERGE_TOLERANCE)) {
    throw weightsError(
      `the merged model differs from the tuned one by ${apart.toExponential(1)} of the largest logit, more than ${MERGE_TOLERANCE}`,
      { remedy: 'nothing was written; use the run as it is (a very large method.scale loses digits when folded in)' },
    );
  }
  return { plain, tensors: merged, apart };
}

function randomClips({ backbone: { frames, size } }: Classifier): HostTensor {
  const shape = [CLIPS, frames, size, size, 3];
  const bits = bulkBits(rng(0, 'merge'));
  return uint8(
    shape,
    Uint8Array.from({ length: sizeOf(shape) }, () => bits() >>> 24),
  );
}

async function logitsOf(
  model: Classifier,
  tensors: HostTensors,
  clips: HostTensor,
  engine: Engine,
): Promise<Float32Array> {
  const state = evaluationState(model);
  const session = await engine.open(state);
  try {
    await session.load(Object.fromEntries(Object.keys(state).map((name) => [name, tensors[name] as HostTensor])));
    const { logits } = await (await session.compile(evaluateStep(model, CLIPS))).run({ clips });
    return (logits as HostTensor).data as Float32Array;
  } finally {
    session.dispose();
  }
}

function distance(a: Float32Array, b: Float32Array): number {
  const largest = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0) / largest;
}
