/** A classifier on the tiny backbone, its starting values, and steps of training on an engine. */
import { cpuEngine } from '../../src/engine/cpu.ts';
import type { CompiledStep, Engine, Session } from '../../src/engine/engine.ts';
import { evaluateStep } from '../../src/eval/step.ts';
import type { BackboneOptions } from '../../src/model/backbone.ts';
import { type Classifier, classifier, type HeadOptions } from '../../src/petl/classifier.ts';
import { methodOf } from '../../src/petl/index.ts';
import { float32, type HostTensor, type HostTensors, scalar, uint8 } from '../../src/tensor/host.ts';
import { initialise } from '../../src/tensor/parameters.ts';
import { rng } from '../../src/tensor/random.ts';
import { drawNoise } from '../../src/train/noise.ts';
import { applyStep, gradientsStep, trainingState, type UpdateOptions } from '../../src/train/steps.ts';
import { targetProbabilities } from '../../src/train/targets.ts';

export const head: HeadOptions = { classes: 3, batchNorm: true, dropout: 0, initStd: 0.2 };
export const plainSgd: UpdateOptions = {
  optimizer: { name: 'sgd', momentum: 0, weightDecay: 0 },
  layerDecay: 1,
  clipNorm: 0,
};

export function tinyModel(
  backbone: BackboneOptions,
  method: string,
  options: object = {},
  changed: Partial<HeadOptions> = {},
): Classifier {
  return classifier(backbone, methodOf(method).attach(backbone, options), { ...head, ...changed });
}

/** Starting values; the frozen backbone is made larger than VideoMAE's start, so that every tensor has its effect. */
export function startOf(model: Classifier): HostTensors {
  const start = initialise([...model.frozen, ...model.trained, ...model.buffers], 1);
  for (const { name, init } of model.frozen) {
    const data = (start[name] as HostTensor).data;
    const random = rng(5, name);
    if (init.kind === 'uniform') continue;
    for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) + 0.3 * random.normal();
  }
  return start;
}

export function bytesOf(model: Classifier, batch: number, seed = 0): HostTensor {
  const { frames, size } = model.backbone;
  const shape = [batch, frames, size, size, 3];
  const random = rng(seed, 'clips');
  return uint8(
    shape,
    Uint8Array.from({ length: batch * frames * size * size * 3 }, () => random.integer(256)),
  );
}

export const LABELS = Int32Array.of(0, 1, 2, 0, 1, 2);

/** What `gradients` is fed for some of the six clips. */
export function batchInputs(
  model: Classifier,
  clips: HostTensor,
  from: number,
  to: number,
  share: number,
  step = 0,
): HostTensors {
  const each = clips.data.length / (clips.shape[0] as number);
  return {
    clips: uint8([to - from, ...clips.shape.slice(1)], clips.data.slice(from * each, to * each) as Uint8Array),
    targets: float32(
      [to - from, model.head.classes],
      targetProbabilities(LABELS.slice(from, to), model.head.classes, 0),
    ),
    share: scalar(share),
    ...drawNoise(model.noise, to - from, 0, 0, step),
  };
}

export interface TinyRun {
  readonly session: Session;
  readonly gradients: CompiledStep;
  readonly apply: CompiledStep;
  /** Logits of the clips, in evaluation. */
  logits(clips: HostTensor): Promise<HostTensor>;
}

export async function openTiny(
  model: Classifier,
  start: HostTensors,
  {
    batch = 6,
    update = plainSgd,
    engine = cpuEngine(),
  }: { readonly batch?: number; readonly update?: UpdateOptions; readonly engine?: Engine } = {},
): Promise<TinyRun> {
  const session = await engine.open(trainingState(model, update));
  await session.load(start);
  const evaluations = new Map<number, CompiledStep>();
  return {
    session,
    gradients: await session.compile(gradientsStep(model, { batch, mixes: false, clips: 'uint8' })),
    apply: await session.compile(applyStep(model, update)),
    async logits(clips) {
      const clipCount = clips.shape[0] as number;
      const step = evaluations.get(clipCount) ?? (await session.compile(evaluateStep(model, clipCount)));
      evaluations.set(clipCount, step);
      return (await step.run({ clips })).logits as HostTensor;
    },
  };
}
