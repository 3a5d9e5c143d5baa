/**
 * The training loop: updates, validation, checkpoints. Between two updates nothing but the session's state and the counters
 * matters, so a checkpoint there resumes to the bit, in the middle of an epoch too.
 */
import path from 'node:path';
import type { Replacement } from '../data/loader.ts';
import type { Session } from '../engine/engine.ts';
import { dataError, Interrupted, messageOf } from '../errors/index.ts';
import { countsText } from '../eval/counts.ts';
import { type Evaluation, evaluate } from '../eval/evaluate.ts';
import { nounOf } from '../eval/protocol.ts';
import { writeTunedWeights } from '../petl/tuned-weights.ts';
import type { HostTensors } from '../tensor/host.ts';
import { batchesFrom, type LoadedBatch } from './batches.ts';
import { addLoss, type Counters, engineText, meanLoss, NO_LOSS, writeCheckpoint } from './checkpoint.ts';
import { entriesFingerprint } from './entries-fingerprint.ts';
import { type GradientWatch, gradientWatch } from './gradient-watch.ts';
import { type Meter, meter } from './meter.ts';
import type { Measured, TrainMeans, TrainPlan, TrainResult } from './plan.ts';
import { BEST_FILE, FIRST_BATCH_FILE, type RunFolder, TUNED_FILE } from './run-folder.ts';
import { learningRateAt } from './schedule.ts';
import { checkpointState } from './steps.ts';
import { type Updater, updater } from './updater.ts';

/** A run under way: `toTheEnd` trains what is left of it. */
export class Run {
  readonly #plan: TrainPlan;
  readonly #means: TrainMeans;
  readonly #session: Session;
  readonly #folder: RunFolder;
  readonly #perEpoch: number;
  readonly #entries: string;
  readonly #meter: Meter;
  readonly #watch: GradientWatch;
  /** Made once: each has its steps compiled. */
  #updater: Updater | undefined;
  #counters: Counters;
  /** As the last update left them: the batches of an update that is not complete change both. */
  #settled: { readonly counters: Counters; readonly statistics: HostTensors };
  #savedAt = performance.now();
  /** Of the last one in this process. */
  #validationSeconds = 0;

  constructor(
    plan: TrainPlan,
    means: TrainMeans,
    session: Session,
    folder: RunFolder,
    perEpoch: number,
    counters: Counters,
  ) {
    this.#plan = plan;
    this.#means = means;
    this.#session = session;
    this.#folder = folder;
    this.#perEpoch = perEpoch;
    this.#entries = entriesFingerprint(plan.train.entries);
    this.#counters = counters;
    this.#settled = { counters, statistics: {} };
    this.#meter = meter();
    this.#watch = gradientWatch(plan.model.trained, plan.model.isUnreached);
  }

  get #updates(): number {
    return this.#perEpoch * this.#plan.epochs;
  }

  async toTheEnd(): Promise<TrainResult> {
    const { epochs } = this.#plan;
    if (this.#epochIsDone() && this.#counters.update > 0) await this.#endEpoch(this.#counters.update / this.#perEpoch);
    while (this.#counters.update < this.#updates) {
      const epoch = Math.floor(this.#counters.update / this.#perEpoch);
      await this.#trainEpoch(epoch);
      await this.#endEpoch(epoch + 1);
    }
    const { update, best, last, seconds } = this.#counters;
    return { updates: update, epochs, best, last, seconds };
  }

  #epochIsDone(): boolean {
    return this.#counters.update % this.#perEpoch === 0;
  }

  async #trainEpoch(epoch: number): Promise<void> {
    if (this.#epochIsDone()) this.#counters = { ...this.#counters, epochLoss: NO_LOSS, replaced: 0 };
    await this.#settle();
    try {
      await this.#trainUpdates(epoch);
    } catch (thrown) {
      const { signal } = this.#means;
      if (!signal.aborted || thrown !== signal.reason) throw thrown;
      this.#counters = this.#settled.counters;
      await this.#session.load(this.#settled.statistics);
      await this.#stop();
    }
  }

  async #settle(): Promise<void> {
    const { model, epoch } = this.#plan;
    // Where every batch is an update there is none between two.
    const names = epoch.accumulate > 1 ? model.buffers.map(({ name }) => name) : [];
    this.#settled = { counters: this.#counters, statistics: await this.#session.read(names) };
  }

  async #trainUpdates(epoch: number): Promise<void> {
    const plan = this.#plan;
    const { loader, signal } = this.#means;
    this.#updater ??= await updater(plan, this.#session);
    const apply = this.#updater;
    const from = this.#counters.update % this.#perEpoch;
    this.#meter.start();
    for await (const batch of batchesFrom(plan, loader, epoch, from, signal)) {
      this.#meter.arrived();
      await this.#noteReplacements(batch.replaced);
      if (this.#counters.update === 0 && batch.batchOfEpoch === 0) await this.#showFirst(batch);
      const { epochLoss, intervalLoss, lossScale } = this.#counters;
      const loss = await apply.gradients(batch, lossScale);
      batch.release();
      const clips = batch.labels.length;
      this.#counters = {
        ...this.#counters,
        epochLoss: addLoss(epochLoss, loss, clips),
        intervalLoss: addLoss(intervalLoss, loss, clips),
      };
      this.#meter.computed(clips, loss);
      if (!batch.endsUpdate) continue;
      const lr = learningRateAt(plan.schedule, this.#counters.update / this.#perEpoch);
      const { applied, lossScale: next } = await apply.apply(lr, this.#counters.update + 1, lossScale);
      const scaled = next === undefined ? {} : { lossScale: next };
      this.#counters = { ...this.#counters, ...scaled, update: this.#counters.update + 1 };
      if (applied === undefined) await this.#noteSkipped(next?.scale);
      else this.#watch.update(lr, applied.largest);
      await this.#afterUpdate(epoch, lr, applied?.norm);
      await this.#settle();
      this.#meter.waits();
    }
  }

  async #showFirst(batch: LoadedBatch): Promise<void> {
    const { drawBatch } = this.#means;
    if (drawBatch === undefined) return;
    await this.#show(FIRST_BATCH_FILE, async () => {
      const png = await this.#folder.keepFirst(FIRST_BATCH_FILE, () => drawBatch(batch));
      if (png !== undefined) await this.#folder.image('train/first-batch', 0, png);
    });
  }

  async #showConfusion(evaluation: Evaluation, epoch: number): Promise<void> {
    const { drawConfusion } = this.#means;
    if (drawConfusion === undefined) return;
    await this.#show('the confusion matrix', async () => {
      await this.#folder.image('validation/confusion', this.#counters.update, await drawConfusion(evaluation, epoch));
    });
  }

  /** Pictures are for a person to look at: a run does not fail for one. */
  async #show(what: string, show: () => Promise<void>): Promise<void> {
    try {
      await show();
    } catch (thrown) {
      this.#means.onEvent({ kind: 'warning', text: `${what} could not be made: ${messageOf(thrown)}` });
    }
  }

  /** @param norm of the gradients; undefined where the update was left out */
  async #afterUpdate(epoch: number, lr: number, norm: number | undefined): Promise<void> {
    const { update, lossScale } = this.#counters;
    const plan = this.#plan;
    const reading = this.#meter.read();
    this.#means.onEvent({
      kind: 'update',
      update,
      updates: this.#updates,
      epoch: epoch + 1,
      loss: reading.loss,
      lr,
      clipsPerSecond: reading.clipsPerSecond,
      waiting: reading.waiting,
      secondsLeft: this.#secondsLeft(reading.clipsPerSecond),
    });
    if (update % plan.logEvery === 0) {
      await this.#folder.metrics({
        kind: 'train',
        update,
        epoch: epoch + 1,
        loss: meanLoss(this.#counters.intervalLoss),
        lr,
        ...(norm === undefined ? {} : { gradientNorm: norm }),
        ...(lossScale === undefined ? {} : { lossScale: lossScale.scale }),
        clipsPerSecond: reading.clipsPerSecond,
        waiting: reading.waiting,
      });
      this.#counters = { ...this.#counters, intervalLoss: NO_LOSS };
    }
    if (this.#means.signal.aborted) await this.#stop();
    if (performance.now() - this.#savedAt > plan.checkpointEveryMs) await this.#save();
  }

  /** Updates at the present speed, and validations that take as long as the last one. */
  #secondsLeft(clipsPerSecond: number): number {
    const { epoch, epochs, validation, train } = this.#plan;
    const { update, validated } = this.#counters;
    const clips = (this.#updates - update) * epoch.batch * epoch.accumulate * train.repeats;
    const validations = Math.ceil(epochs / validation.every) - Math.floor(validated / validation.every);
    return clips / clipsPerSecond + validations * this.#validationSeconds;
  }

  /** @throws Interrupted, the checkpoint being saved */
  async #stop(): Promise<never> {
    await this.#save();
    const { update } = this.#counters;
    throw new Interrupted(
      `stopped after update ${update} of ${this.#updates}; go on with: petl-video train --resume ${this.#folder.folder}`,
    );
  }

  async #noteSkipped(scale: number | undefined): Promise<void> {
    const text = `update ${this.#counters.update} left out, its gradients overflowed; the loss is scaled by ${scale} from here`;
    this.#means.onEvent({ kind: 'note', text });
    await this.#folder.log(text);
  }

  async #noteReplacements(replaced: readonly Replacement[]): Promise<void> {
    if (replaced.length === 0) return;
    for (const { id, reason } of replaced) {
      const text = `${id} could not be decoded, another video stands in: ${reason}`;
      this.#means.onEvent({ kind: 'warning', text });
      await this.#folder.log(text);
    }
    const total = this.#counters.replaced + replaced.length;
    this.#counters = { ...this.#counters, replaced: total };
    const { maxReplaced, train } = this.#plan;
    const limit = maxReplaced === 0 ? 0 : Math.max(1, Math.floor(maxReplaced * train.entries.length));
    if (total > limit) {
      const videos = total === 1 ? '1 video' : `${total} videos`;
      throw dataError(`${videos} of one epoch could not be decoded, more than data.maxSkipped allows (${limit})`, {
        at: replaced.at(-1)?.id ?? '',
        remedy: 'run petl-video prepare again to find and mark them, or check the disk',
      });
    }
  }

  async #endEpoch(epoch: number): Promise<void> {
    if (this.#counters.validated >= epoch) return;
    const { validation, epochs } = this.#plan;
    let measured: Required<Measured> | null = null;
    if (epoch % validation.every === 0 || epoch === epochs) {
      try {
        measured = await this.#validate(epoch);
      } catch (thrown) {
        if (!this.#means.signal.aborted) throw thrown;
        await this.#save();
        throw new Interrupted(
          `stopped in the validation of epoch ${epoch}; go on with: petl-video train --resume ${this.#folder.folder}`,
        );
      }
    }
    await this.#writeTuned(TUNED_FILE, epoch, measured);
    const { best } = this.#counters;
    const better = measured !== null && (best === null || measured.top1 > best.top1);
    if (better) await this.#writeTuned(BEST_FILE, epoch, measured);
    this.#counters = {
      ...this.#counters,
      validated: epoch,
      best: better ? measured : best,
      last: measured ?? this.#counters.last,
    };
    await this.#save();
  }

  async #validate(epoch: number): Promise<Required<Measured>> {
    const { validation, model, ahead } = this.#plan;
    const { signal, loader, onEvent } = this.#means;
    const start = performance.now();
    const evaluation = await evaluate(this.#session, model, loader, {
      ...validation,
      ahead: ahead * validation.batch,
      signal,
      onProgress: (done, total) => onEvent({ kind: 'validating', done, total }),
    });
    const { top1, top5, listed, counted, missing, unreadable, undecoded, damaged } = evaluation;
    this.#validationSeconds = (performance.now() - start) / 1000;
    const { epochLoss, update, best } = this.#counters;
    const trainLoss = meanLoss(epochLoss);
    const videos = { listed, counted, missing, unreadable, undecoded, damaged };
    onEvent({
      kind: 'validated',
      epoch,
      trainLoss,
      top1,
      top5,
      videos,
      best: best === null || top1 > best.top1,
    });
    await this.#folder.metrics({
      kind: 'validation',
      update,
      epoch,
      trainLoss,
      top1,
      top5,
      videos: counted,
      missing,
      unreadable,
      undecoded,
      damaged,
    });
    await this.#folder.log(
      `epoch ${epoch}: train loss ${trainLoss.toFixed(4)}, validation top-1 ${(100 * top1).toFixed(2)} % over ${countsText(videos, nounOf(this.#plan.model.backbone))} (single view)`,
    );
    await this.#showConfusion(evaluation, epoch);
    return { top1, epoch, videos };
  }

  async #writeTuned(name: string, epoch: number, measured: Required<Measured> | null): Promise<void> {
    const { model, method, classes, backbone, adapted, recipe, epochs } = this.#plan;
    const tensors = await this.#session.read([...model.trained, ...model.buffers].map((spec) => spec.name));
    await writeTunedWeights(path.join(this.#folder.folder, name), tensors, {
      method,
      classes,
      backbone,
      recipe,
      training: {
        epoch,
        epochs,
        ...(adapted.length === 0 ? {} : { adapted: adapted.join('; ') }),
        ...(measured === null
          ? {}
          : {
              validationTop1: measured.top1,
              validationVideos: countsText(measured.videos, nounOf(this.#plan.model.backbone)),
            }),
      },
    });
  }

  async #save(): Promise<void> {
    this.#counters = {
      ...this.#counters,
      seconds: this.#counters.seconds + (performance.now() - this.#savedAt) / 1000,
    };
    this.#savedAt = performance.now();
    const tensors = await this.#session.read(Object.keys(checkpointState(this.#plan.model, this.#plan.update)));
    await writeCheckpoint(this.#folder.folder, {
      counters: this.#counters,
      tensors,
      backbone: this.#plan.backbone,
      entries: this.#entries,
      engine: engineText(this.#means.engine),
    });
  }
}
