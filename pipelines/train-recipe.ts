/** Training a recipe in its folder, with notes and progress: what `train`, the quickstart and each task of a folder do. */
import { buildModel, explainLearningRate, type Recipe } from '../src/config/index.ts';
import { batchPng, type DrawnBatch } from '../src/data/contact-sheet/batch.ts';
import { updatesPerEpoch } from '../src/data/order.ts';
import { chooseEngine, describeEngine } from '../src/engine/choose.ts';
import { PetlVideoError } from '../src/errors/index.ts';
import { countsText } from '../src/eval/counts.ts';
import type { Evaluation } from '../src/eval/evaluate.ts';
import { nounOf } from '../src/eval/protocol.ts';
import { engineOptions, openLoader } from '../src/inference/from-recipe.ts';
import type { Classifier } from '../src/petl/classifier.ts';
import { parameterReport, parameterText } from '../src/petl/parameter-report.ts';
import { startingValues } from '../src/petl/starting-values.ts';
import { isReadable } from '../src/setup/executables.ts';
import { checkpointFile } from '../src/train/checkpoint.ts';
import type { TrainEvent, TrainResult } from '../src/train/plan.ts';
import { refuseExisting } from '../src/train/run-folder.ts';
import { train as runTraining } from '../src/train/train.ts';
import { findFfmpeg } from '../src/video/ffmpeg.ts';
import { batchOrigin, readData, type TakenOnce, takenOnce, trainPlan } from './assemble.ts';
import type { Context, Progress, Reporter } from './command.ts';
import { confusionPicture } from './confusion-picture.ts';
import { decodingNote } from './decoding-note.ts';
import { ffmpegPlaces } from './environment.ts';
import { machineOf } from './machine.ts';

/** A matrix of more classes is left to `evaluate`: every validation adds its picture to the event file. */
const MOST_DRAWN = 200;

/** Trains, with notes and progress on stderr; the quickstart does so too. */
export async function trainRecipe(
  recipe: Recipe,
  folder: string,
  resume: boolean,
  { environment, reporter, signal }: Context,
): Promise<TrainResult> {
  if (!resume) await refuseExisting(folder);
  const data = await readData(recipe);
  const model = buildModel(recipe, data.dataset.classes.length);
  // ffmpeg and the loader's thread come before the weights: starting a process takes longer the more memory is in use.
  const ffmpeg = await findFfmpeg(ffmpegPlaces(environment, signal));
  const splits = { [recipe.data.validationSplit]: data.validation, [recipe.data.trainSplit]: data.train };
  const loader = openLoader(recipe, ffmpeg, data.dataset, splits);
  try {
    const start = await readStart(recipe, model);
    const chosen = await chooseEngine(engineOptions(recipe), environment);
    const plan = trainPlan(recipe, data, model, start);
    for (const line of [
      `run ${folder}: ${data.train.length} ${nounOf(recipe.data)}s to train, ${data.validation.length} to validate, ${data.dataset.classes.length} classes`,
      describeBackbone(recipe, start),
      `method ${recipe.method.name}: ${parameterText(parameterReport(model))}`,
      `${explainLearningRate(recipe)}; ${plan.epochs} epochs × ${updatesPerEpoch(plan.epoch)} updates`,
      describeEngine(chosen),
      await decodingNote(ffmpeg, data.train),
    ]) {
      reporter.note(line);
    }
    const { classes } = data.dataset;
    const drawConfusion = (evaluation: Evaluation, epoch: number): Promise<Uint8Array> =>
      confusionPicture(evaluation, classes, validationNote(recipe, epoch), 1);
    const drawBatch = (batch: DrawnBatch): Promise<Uint8Array> => batchPng(batch, batchOrigin(recipe, data));
    const screen = showEvents(reporter, nounOf(recipe.data));
    try {
      return await runTraining(
        plan,
        {
          engine: chosen.engine,
          loader,
          folder,
          signal,
          machine: machineOf(recipe, ffmpeg),
          onEvent: screen.onEvent,
          drawBatch,
          ...(classes.length <= MOST_DRAWN ? { drawConfusion } : {}),
        },
        resume,
      );
    } catch (thrown) {
      screen.end();
      if (isMendable(thrown) && (await isReadable(checkpointFile(folder)))) {
        reporter.note(
          `the last checkpoint is whole; once this is mended, go on with: petl-video train --resume ${folder}`,
        );
      }
      throw thrown;
    } finally {
      screen.end();
    }
  } finally {
    await loader.close();
  }
}

async function readStart({ backbone, train }: Recipe, model: Classifier): Promise<TakenOnce> {
  return takenOnce(await startingValues(model, backbone.weights, train.seed));
}

/** A full disk, a lost video: what the person can put right, and the same run then go on. */
function isMendable(thrown: unknown): boolean {
  return thrown instanceof PetlVideoError && (thrown.kind === 'environment' || thrown.kind === 'data');
}

function validationNote({ data, train }: Recipe, epoch: number): string {
  return `${data.validationSplit} split, single view, after epoch ${epoch} of ${train.epochs}`;
}

function describeBackbone({ backbone }: Recipe, { loaded, unused, adapted }: TakenOnce): string {
  if (backbone.weights === 'random') return 'backbone: RANDOM, drawn from train.seed, as backbone.weights asks';
  const left = unused.length === 0 ? '' : `; no use for ${unused.join(', ')}`;
  const changed = adapted.length === 0 ? '' : `; adapted: ${adapted.join('; ')}`;
  return `backbone: ${loaded.length} tensors from ${backbone.weights}${left}${changed}`;
}

function showEvents(reporter: Reporter, noun: 'video' | 'image'): { onEvent(event: TrainEvent): void; end(): void } {
  let bar: { kind: TrainEvent['kind']; progress: Progress } | undefined;
  const barOf = (kind: TrainEvent['kind'], label: string, total: number): Progress => {
    if (bar?.kind !== kind) {
      bar?.progress.end();
      bar = { kind, progress: reporter.progress(label, total) };
    }
    return bar.progress;
  };
  const end = (): void => {
    bar?.progress.end();
    bar = undefined;
  };
  return {
    end,
    onEvent(event) {
      switch (event.kind) {
        case 'note':
          reporter.note(event.text);
          break;
        case 'warning':
          reporter.warn(event.text);
          break;
        case 'update':
          barOf('update', 'train', event.updates).update(event.update, updateText(event));
          break;
        case 'validating':
          barOf('validating', 'validate', event.total).update(event.done);
          break;
        case 'validated':
          end();
          reporter.note(
            `epoch ${event.epoch}: train loss ${event.trainLoss.toFixed(4)}, validation top-1 ${percent(event.top1)} over ${countsText(event.videos, noun)}, single view${event.best ? ' (best so far)' : ''}`,
          );
      }
    },
  };
}

function updateText(event: Extract<TrainEvent, { kind: 'update' }>): string {
  const { epoch, loss, lr, clipsPerSecond, waiting, secondsLeft } = event;
  const facts = [
    `epoch ${epoch}`,
    `loss ${loss.toFixed(4)}`,
    `${clipsPerSecond.toFixed(1)} clips/s`,
    `data wait ${Math.round(100 * waiting)} %`,
    `${duration(secondsLeft)} left`,
    // Last, for a narrow terminal cuts the end off.
    `lr ${lr.toExponential(2)}`,
    ...(waiting > 0.5 ? ['(input-bound)'] : []),
  ];
  return facts.join('  ');
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

/** `45 s`, `3 min`, `2 h 05 min`. */
function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  if (seconds < 100) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100
    ? `${minutes} min`
    : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
