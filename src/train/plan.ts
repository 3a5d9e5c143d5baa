/** What a run does, as plain values: everything that decides its numbers. */
import type { DrawnBatch } from '../data/contact-sheet/batch.ts';
import type { Loader, Views } from '../data/loader.ts';
import type { Entry, SplitName } from '../data/manifest.ts';
import type { EpochOptions } from '../data/order.ts';
import type { Engine } from '../engine/engine.ts';
import type { VideoCounts } from '../eval/counts.ts';
import type { Evaluation } from '../eval/evaluate.ts';
import type { Fusion } from '../eval/metrics.ts';
import type { Hyperparameters } from '../formats/tensorboard.ts';
import type { Classifier } from '../petl/classifier.ts';
import type { HostTensors } from '../tensor/host.ts';
import type { Machine } from './environment.ts';
import type { Schedule } from './schedule.ts';
import type { UpdateOptions } from './steps.ts';
import type { MixingOptions } from './targets.ts';

export interface TrainPlan {
  readonly model: Classifier;
  /** Starting values of all parameters and buffers, frozen ones included; asked for once. */
  readonly start: () => HostTensors;
  /** Fingerprint of the frozen ones. */
  readonly backbone: string;
  /** In words, what of the weights file was changed to fit the clips. */
  readonly adapted: readonly string[];
  readonly seed: number;
  readonly epochs: number;
  readonly epoch: EpochOptions;
  readonly schedule: Schedule;
  readonly update: UpdateOptions;
  readonly labelSmoothing: number;
  /** Whether the loss is scaled: for engines that compute in float16. */
  readonly scalesLoss: boolean;
  readonly mixing: MixingOptions;
  /** Probability that a rectangle of a clip is erased; 0 is off. */
  readonly erasing: number;
  readonly train: SplitOf & {
    /** Clips of each video in its batch, as the loader makes them (`ClipOptions.repeats`). */
    readonly repeats: number;
  };
  /** Share of an epoch's videos that others may stand in for: none at 0, at least one above. */
  readonly maxReplaced: number;
  readonly validation: SplitOf & {
    /** Epochs between validations; the last epoch is always validated. */
    readonly every: number;
    readonly views: Views;
    readonly fusion: Fusion;
    readonly batch: number;
  };
  /** Batches decoded ahead of the model. */
  readonly ahead: number;
  readonly checkpointEveryMs: number;
  /** Updates between two lines of metrics. */
  readonly logEvery: number;
  /** Facts for the tuned weights' metadata. */
  readonly method: unknown;
  readonly classes: readonly string[];
  /** The resolved recipe, YAML. */
  readonly recipe: string;
  /** Of it what TensorBoard's table of runs shows, dotted keys. */
  readonly hyperparameters?: Hyperparameters;
}

export interface SplitOf {
  readonly split: SplitName;
  readonly entries: readonly Entry[];
}

export interface TrainMeans {
  readonly engine: Engine;
  readonly loader: Loader;
  readonly folder: string;
  readonly signal: AbortSignal;
  /** For environment.json, beside the engine. */
  readonly machine?: Machine;
  onEvent(event: TrainEvent): void;
  /** The first batch of a run as a PNG, for the run's folder and TensorBoard; a failure becomes a warning. */
  drawBatch?(batch: DrawnBatch): Promise<Uint8Array>;
  /** What a validation confused with what as a PNG, for TensorBoard; a failure becomes a warning. */
  drawConfusion?(evaluation: Evaluation, epoch: number): Promise<Uint8Array>;
}

export type TrainEvent =
  | { readonly kind: 'note' | 'warning'; readonly text: string }
  | {
      readonly kind: 'update';
      readonly update: number;
      readonly updates: number;
      readonly epoch: number;
      readonly loss: number;
      readonly lr: number;
      readonly clipsPerSecond: number;
      /** Share of the time that the model waited for clips. */
      readonly waiting: number;
      readonly secondsLeft: number;
    }
  | { readonly kind: 'validating'; readonly done: number; readonly total: number }
  | {
      readonly kind: 'validated';
      readonly epoch: number;
      readonly trainLoss: number;
      readonly top1: number;
      readonly top5: number;
      /** Over how many videos, and what became of the others. */
      readonly videos: VideoCounts;
      readonly best: boolean;
    };

/** A top-1 on the validation split, with its videos, after an epoch (1, 2, …). */
export interface Measured {
  readonly top1: number;
  readonly epoch: number;
  /** Absent in the checkpoint of an earlier version. */
  readonly videos?: VideoCounts;
}

export interface TrainResult {
  readonly updates: number;
  readonly epochs: number;
  readonly best: Measured | null;
  readonly last: Measured | null;
  readonly seconds: number;
}
