/** From a recipe to the plain options of training: the last place that knows recipes. */
import path from 'node:path';
import { hyperparameters, learningRate, type Recipe, toYaml } from '../src/config/index.ts';
import type { BatchOrigin } from '../src/data/contact-sheet/batch.ts';
import { type Dataset, type Entry, isUsable, type SplitName } from '../src/data/manifest.ts';
import { readDataset, readSplit } from '../src/data/read-dataset.ts';
import { dataError } from '../src/errors/index.ts';
import { requireLabels } from '../src/eval/evaluate.ts';
import { clipOptions } from '../src/inference/from-recipe.ts';
import type { Classifier } from '../src/petl/classifier.ts';
import type { StartingValues } from '../src/petl/starting-values.ts';
import type { HostTensors } from '../src/tensor/host.ts';
import type { TrainPlan } from '../src/train/plan.ts';
import type { UpdateOptions } from '../src/train/steps.ts';

/** Clips decoded ahead of the model at most: two batches, and enough small ones to keep all decoders busy. */
const CLIPS_AHEAD = 16;

export interface Data {
  readonly dataset: Dataset;
  /** Usable and labelled. */
  readonly train: readonly Entry[];
  /** As listed, missing and unreadable ones too: a top-1 counts them. */
  readonly validation: readonly Entry[];
}

export async function readData({ data }: Recipe): Promise<Data> {
  const dataset = await readDataset(data.path);
  const split = (name: SplitName): Promise<Entry[]> => readSplit(data.path, dataset, name, data.fold);
  const train = (await split(data.trainSplit)).filter((entry) => isUsable(entry) && entry.label >= 0);
  if (train.length === 0) {
    throw dataError(`no usable video of the ${data.trainSplit} split has a label`, {
      at: data.path,
      remedy: 'train on a labelled split: data.trainSplit=train',
    });
  }
  const validation = data.validationSplit === data.trainSplit ? train : await split(data.validationSplit);
  requireLabels(data.validationSplit, validation);
  return { dataset, train, validation };
}

/** What a sheet of a training batch tells of it. */
export function batchOrigin(recipe: Recipe, { dataset, train }: Data): BatchOrigin {
  const { trainSplit, fold } = recipe.data;
  return {
    dataset: dataset.name,
    classes: dataset.classes,
    split: trainSplit,
    fold,
    entries: train,
    erasing: recipe.data.erasing,
    root: dataset.root,
    clip: clipOptions(recipe, dataset),
    seed: recipe.train.seed,
  };
}

/** Starting values whose tensors go with who takes them: a large model would otherwise lie in memory twice. */
export interface TakenOnce extends Omit<StartingValues, 'tensors'> {
  /** @throws TypeError at the second call */
  take(): HostTensors;
}

export function takenOnce({ tensors, ...facts }: StartingValues): TakenOnce {
  let held: HostTensors | undefined = tensors;
  return {
    ...facts,
    take() {
      if (held === undefined) throw new TypeError('the starting values have been taken');
      const taken = held;
      held = undefined;
      return taken;
    },
  };
}

/** Batches that are decoded ahead of the model. */
export function batchesAhead({ train, data }: Recipe): number {
  return Math.max(2, Math.ceil(CLIPS_AHEAD / (train.batch * data.repeats)));
}

export function runFolder(recipe: Recipe): string {
  return recipe.run.folder ?? path.join('runs', recipe.name);
}

export function updateOptions({ optim }: Recipe): UpdateOptions {
  return {
    optimizer: optim.name === 'sgd' ? optim : { ...optim, epsilon: optim.eps },
    layerDecay: optim.layerDecay,
    decay: optim.decay,
    clipNorm: optim.clipNorm,
  };
}

export function trainPlan(recipe: Recipe, data: Data, model: Classifier, start: TakenOnce): TrainPlan {
  const { train, optim, eval: evaluation } = recipe;
  return {
    model,
    start: start.take,
    backbone: start.backbone,
    adapted: start.adapted,
    seed: train.seed,
    epochs: train.epochs,
    epoch: {
      entries: data.train.length,
      batch: train.batch,
      accumulate: train.accumulate,
      dropLast: train.dropLast,
    },
    schedule: {
      lr: learningRate(recipe),
      minLr: optim.minLr,
      warmup: optim.warmupEpochs,
      epochs: train.epochs,
      form: optim.schedule,
      warmupLr: optim.warmupLr,
    },
    update: updateOptions(recipe),
    labelSmoothing: train.labelSmoothing,
    scalesLoss: recipe.engine.precision === 'fp16',
    mixing: {
      mixup: train.mixup,
      cutmix: train.cutmix,
      probability: train.mixProbability,
      switchToCutmix: train.mixSwitch,
    },
    erasing: recipe.data.erasing,
    train: { split: recipe.data.trainSplit, entries: data.train, repeats: recipe.data.repeats },
    maxReplaced: recipe.data.maxSkipped,
    validation: {
      split: recipe.data.validationSplit,
      entries: data.validation,
      every: train.validateEvery,
      views: { segments: 1, crops: 1 },
      fusion: evaluation.fuse,
      batch: evaluation.batch,
    },
    ahead: batchesAhead(recipe),
    checkpointEveryMs: train.checkpointMinutes * 60_000,
    logEvery: train.logEverySteps,
    method: recipe.method,
    classes: data.dataset.classes,
    recipe: toYaml(recipe),
    hyperparameters: hyperparameters(recipe),
  };
}
