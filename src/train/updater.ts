/** Feeds the two steps of training: pixels, targets, mixes and masks to `gradients`, rates to `apply`. */
import type { CompiledStep, Session } from '../engine/engine.ts';
import { divergedError } from '../errors/index.ts';
import { float32, type HostTensor, scalar, uint8 } from '../tensor/host.ts';
import { rng } from '../tensor/random.ts';
import type { LoadedBatch } from './batches.ts';
import { drawNoise } from './noise.ts';
import { optimizer } from './optimizer.ts';
import type { TrainPlan } from './plan.ts';
import { applyStep, gradientsStep } from './steps.ts';
import { drawMix, isMixing, targetProbabilities } from './targets.ts';

const REMEDY = 'lower optim.blr, lengthen optim.warmupEpochs or set optim.clipNorm; the last checkpoint is from before';

export interface Applied {
  /** Of all gradients together, before clipping. */
  readonly norm: number;
  /** Largest magnitude in each trained tensor's gradient. */
  readonly largest: ArrayLike<number>;
}

export interface Updater {
  /** Adds the batch's gradients. @returns its mean loss. @throws PetlVideoError (diverged) when that is not finite */
  gradients(batch: LoadedBatch): Promise<number>;
  /** The update number t (1, 2, …). @throws PetlVideoError (diverged) when its gradients are not finite */
  apply(lr: number, t: number): Promise<Applied>;
}

export async function updater(plan: TrainPlan, session: Session): Promise<Updater> {
  const { model, update, seed, labelSmoothing, mixing } = plan;
  const mixes = isMixing(mixing);
  const forms = new Map<number, CompiledStep>();
  const formOf = async (batch: number): Promise<CompiledStep> => {
    const known = forms.get(batch);
    if (known !== undefined) return known;
    const step = await session.compile(gradientsStep(model, { batch, mixes, clips: 'uint8' }));
    forms.set(batch, step);
    return step;
  };
  const rule = optimizer(update.optimizer);
  const apply = await session.compile(applyStep(model, update));
  const { frames, size } = model.vit;
  const classes = model.head.classes;

  return {
    async gradients({ clips, labels, entries, share, epoch, batchOfEpoch }) {
      const batch = labels.length;
      const mix = mixes ? drawMix(mixing, size, rng(seed, 'mix', epoch, batchOfEpoch)) : undefined;
      const targets = targetProbabilities(labels, classes, labelSmoothing, mix?.lambda);
      const step = await formOf(batch);
      const { loss } = await step.run({
        clips: uint8([batch, frames, size, size, 3], clips),
        targets: float32([batch, classes], targets),
        share: scalar(share),
        ...(mix === undefined ? {} : { mix: float32([size, size], mix.weights) }),
        ...drawNoise(model.noise, batch, seed, epoch, batchOfEpoch),
      });
      const value = (loss as HostTensor).data[0] as number;
      if (!Number.isFinite(value)) {
        const ids = [...entries].map((entry) => plan.train.entries[entry]?.id ?? String(entry));
        throw divergedError(`the loss is ${value}`, {
          at: `epoch ${epoch + 1}, batch ${batchOfEpoch + 1}: ${ids.join(', ')}`,
          remedy: REMEDY,
        });
      }
      return value;
    },
    async apply(lr, t) {
      const scalars = Object.entries(rule.scalars(t)).map(([name, value]) => [name, scalar(value)]);
      const { norm, largest } = await apply.run({ lr: scalar(lr), ...Object.fromEntries(scalars) });
      const value = (norm as HostTensor).data[0] as number;
      if (!Number.isFinite(value)) {
        throw divergedError(`the norm of the gradients is ${value}`, { at: `update ${t}`, remedy: REMEDY });
      }
      return { norm: value, largest: (largest as HostTensor).data };
    },
  };
}
