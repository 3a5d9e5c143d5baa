/** Feeds the two steps of training: pixels, targets, mixes and masks to `gradients`, rates to `apply`. */
import type { CompiledStep, Session } from '../engine/engine.ts';
import { divergedError } from '../errors/index.ts';
import { float32, type HostTensor, scalar, uint8 } from '../tensor/host.ts';
import { rng } from '../tensor/random.ts';
import type { LoadedBatch } from './batches.ts';
import { eraseBatch } from './erase.ts';
import { LEAST_LOSS_SCALE, type LossScale, nextLossScale } from './loss-scale.ts';
import { drawNoise } from './noise.ts';
import { optimizer } from './optimizer.ts';
import type { TrainPlan } from './plan.ts';
import { applyStep, discardStep, gradientsStep } from './steps.ts';
import { drawMix, isMixing, targetProbabilities } from './targets.ts';

const REMEDY = 'lower optim.blr, lengthen optim.warmupEpochs or set optim.clipNorm; the last checkpoint is from before';

export interface Applied {
  /** Of all gradients together, before clipping. */
  readonly norm: number;
  /** Largest magnitude in each trained tensor's gradient. */
  readonly largest: ArrayLike<number>;
}

/** An update: what was applied, or nothing where its gradients overflowed; and the scale of the next one's loss. */
export interface Updated {
  readonly applied: Applied | undefined;
  readonly lossScale: LossScale | undefined;
}

/** `lossScale` is that of the update's batches, undefined in runs that do not scale their loss. */
export interface Updater {
  /** Adds the batch's gradients. @returns its mean loss. @throws PetlVideoError (diverged) when that is not finite */
  gradients(batch: LoadedBatch, lossScale: LossScale | undefined): Promise<number>;
  /** The update number t (1, 2, …). @throws PetlVideoError (diverged) when its gradients are not finite */
  apply(lr: number, t: number, lossScale: LossScale | undefined): Promise<Updated>;
}

export async function updater(plan: TrainPlan, session: Session): Promise<Updater> {
  const { model, update, seed, labelSmoothing, mixing, erasing, scalesLoss: scaled } = plan;
  const mixes = isMixing(mixing);
  const erases = erasing > 0;
  const forms = new Map<number, CompiledStep>();
  const formOf = async (batch: number): Promise<CompiledStep> => {
    const known = forms.get(batch);
    if (known !== undefined) return known;
    const step = await session.compile(gradientsStep(model, { batch, mixes, erases, clips: 'uint8', scaled }));
    forms.set(batch, step);
    return step;
  };
  const rule = optimizer(update.optimizer);
  const apply = await session.compile(applyStep(model, update));
  const discard = scaled ? await session.compile(discardStep(model)) : undefined;
  /** Whether a batch of the update under way had gradients that are not finite. */
  let overflowed = false;
  const { frames, size } = model.backbone;
  const classes = model.head.classes;

  return {
    async gradients({ clips, labels, entries, share, epoch, batchOfEpoch }, lossScale) {
      const batch = labels.length;
      const mix = mixes ? drawMix(mixing, size, rng(seed, 'mix', epoch, batchOfEpoch)) : undefined;
      const targets = targetProbabilities(labels, classes, labelSmoothing, mix?.lambda);
      const whole = { clips, batch, frames, size };
      const erased = erases ? eraseBatch(whole, erasing, seed, epoch, batchOfEpoch) : undefined;
      const step = await formOf(batch);
      const { loss, magnitude } = await step.run({
        clips: uint8([batch, frames, size, size, 3], clips),
        targets: float32([batch, classes], targets),
        share: scalar(share / (lossScale?.scale ?? 1)),
        ...(lossScale === undefined ? {} : { scale: scalar(lossScale.scale) }),
        ...(erased === undefined ? {} : { erased }),
        ...(mix === undefined ? {} : { mix: float32([size, size], mix.weights) }),
        ...drawNoise(model.noise, batch, seed, epoch, batchOfEpoch),
      });
      if (magnitude !== undefined && !Number.isFinite(magnitude.data[0])) overflowed = true;
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
    async apply(lr, t, lossScale) {
      const next = lossScale && nextLossScale(lossScale, !overflowed);
      if (overflowed) {
        overflowed = false;
        await discard?.run({});
        if (next !== undefined && next.scale >= LEAST_LOSS_SCALE) return { applied: undefined, lossScale: next };
        throw divergedError('the gradients are not finite, however little the loss is scaled', {
          at: `update ${t}`,
          remedy: REMEDY,
        });
      }
      const scalars = Object.entries(rule.scalars(t - (lossScale?.skipped ?? 0))).map(([name, value]) => [
        name,
        scalar(value),
      ]);
      const { norm, largest } = await apply.run({ lr: scalar(lr), ...Object.fromEntries(scalars) });
      const value = (norm as HostTensor).data[0] as number;
      if (!Number.isFinite(value)) {
        throw divergedError(`the norm of the gradients is ${value}`, { at: `update ${t}`, remedy: REMEDY });
      }
      return { applied: { norm: value, largest: (largest as HostTensor).data }, lossScale: next };
    },
  };
}
