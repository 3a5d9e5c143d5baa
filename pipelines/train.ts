/** `petl-video train`: a recipe to a run. */
import { explainLearningRate, isFolder, loadRecipe, parseRecipe, type Recipe } from '../src/config/index.ts';
import { batchPng, type DrawnBatch } from '../src/data/contact-sheet/batch.ts';
import { updatesPerEpoch } from '../src/data/order.ts';
import { chooseEngine, describeEngine } from '../src/engine/choose.ts';
import { PetlVideoError, usageError } from '../src/errors/index.ts';
import { countsText } from '../src/eval/counts.ts';
import type { Classifier } from '../src/petl/classifier.ts';
import { parameterReport, parameterText } from '../src/petl/parameter-report.ts';
import { startingValues } from '../src/petl/starting-values.ts';
import { isReadable } from '../src/setup/executables.ts';
import { checkpointFile } from '../src/train/checkpoint.ts';
import type { Measured, TrainEvent, TrainResult } from '../src/train/plan.ts';
import { CONFIG_FILE, readRunRecipe, refuseExisting } from '../src/train/run-folder.ts';
import { train as runTraining } from '../src/train/train.ts';
import { findFfmpeg } from '../src/video/ffmpeg.ts';
import {
  batchOrigin,
  buildModel,
  engineOptions,
  openLoader,
  readData,
  runFolder,
  type TakenOnce,
  takenOnce,
  trainPlan,
} from './assemble.ts';
import type { Command, Context, Options, Progress, Reporter } from './command.ts';
import { decodingNote } from './decoding-note.ts';
import { engineFlags, withEngine } from './engine-choice.ts';
import { ffmpegPlaces } from './environment.ts';

export const train: Command = {
  name: 'train',
  summary: 'Train a recipe, all recipes of a folder, or a grid of settings; or go on with a run',
  arguments: [
    {
      name: '[recipe]',
      description: 'a YAML recipe, the config.yaml of a run to do it again, or a folder of recipes to train one by one',
    },
    { name: '[overrides...]', description: 'changes to it, path=value' },
  ],
  options: [
    {
      flags: '--out <folder>',
      description:
        'folder of the run (default: run.folder, else runs/<name>); of a folder of recipes: where their runs go',
    },
    { flags: '--resume <run>', description: 'go on with an interrupted run from its checkpoint' },
    {
      flags: '--sweep <path=v1,v2,…>',
      description:
        'train a grid of settings (may be repeated), choose on the validation split alone, report the chosen one on the test split',
      repeats: true,
    },
    { flags: '--seeds <n or list>', description: 'train with 3 seeds, or with 0,1,2, and report mean and deviation' },
    {
      flags: '--final-split <split>',
      description: 'train anew on this split for the reported number, as on train and validation together',
    },
    ...engineFlags('engine of the recipe'),
  ],
  examples: [
    'petl-video train configs/hmdb51/adaptformer-vit-b.yaml',
    'petl-video train configs/ssv2/adaptformer-vit-b.yaml method.bottleneck=4 --out runs/ssv2-adaptformer-4',
    'petl-video train --resume runs/hmdb51-adaptformer-vit-b',
    'petl-video train configs/vtab1k/convpass',
    'petl-video train recipe.yaml --sweep optim.lr=1e-3,5e-3 --sweep method.scale=0.1,1,10 --seeds 3',
  ],
  async run([recipe, overrides], options, context) {
    const resume = options.resume as string | undefined;
    if ((resume === undefined) === (recipe === undefined)) {
      throw usageError('give either a recipe or --resume with the folder of a run', {
        remedy: 'petl-video train configs/hmdb51/adaptformer-vit-b.yaml, or petl-video train --resume runs/NAME',
      });
    }
    if (resume !== undefined) {
      if (options.out !== undefined) throw usageError('--out does not go with --resume: the run stays where it is');
      if (options.sweep !== undefined || options.seeds !== undefined || options.finalSplit !== undefined) {
        throw usageError('--resume goes on with one run', {
          remedy: 'give the recipe again: a sweep goes on by itself',
        });
      }
      const text = await readRunRecipe(resume);
      const same = withEngine(parseRecipe(text, { file: `${resume}/${CONFIG_FILE}` }), options);
      report(resume, same, await trainRecipe(same, resume, true, context), context);
    } else if (await asksForMany(recipe as string, options)) {
      // Each run is a process that loads this very file.
      const { trainMany } = await import('./train-many.ts');
      await trainMany(recipe as string, overrides as readonly string[], options, context);
    } else {
      const loaded = withEngine(await loadRecipe(recipe as string, overrides as readonly string[]), options);
      const folder = (options.out as string | undefined) ?? runFolder(loaded);
      report(folder, loaded, await trainRecipe(loaded, folder, false, context), context);
    }
  },
};

async function asksForMany(recipe: string, { sweep, seeds, finalSplit }: Options): Promise<boolean> {
  return [sweep, seeds, finalSplit].some((option) => option !== undefined) || (await isFolder(recipe));
}

function report(folder: string, recipe: Recipe, result: TrainResult, { reporter }: Context): void {
  reporter.result(summary(folder, recipe, result), { run: folder, ...result });
}

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
      `run ${folder}: ${data.train.length} videos to train, ${data.validation.length} to validate, ${data.dataset.classes.length} classes`,
      describeBackbone(recipe, start),
      `method ${recipe.method.name}: ${parameterText(parameterReport(model))}`,
      `${explainLearningRate(recipe)}; ${plan.epochs} epochs × ${updatesPerEpoch(plan.epoch)} updates`,
      describeEngine(chosen),
      await decodingNote(ffmpeg, data.train),
    ]) {
      reporter.note(line);
    }
    const drawBatch = (batch: DrawnBatch): Promise<Uint8Array> => batchPng(batch, batchOrigin(recipe, data));
    const screen = showEvents(reporter);
    try {
      return await runTraining(
        plan,
        { engine: chosen.engine, loader, folder, signal, onEvent: screen.onEvent, drawBatch },
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

function describeBackbone({ backbone }: Recipe, { loaded, unused, adapted }: TakenOnce): string {
  if (backbone.weights === 'random') return 'backbone: RANDOM, drawn from train.seed, as backbone.weights asks';
  const left = unused.length === 0 ? '' : `; no use for ${unused.join(', ')}`;
  const changed = adapted.length === 0 ? '' : `; adapted: ${adapted.join('; ')}`;
  return `backbone: ${loaded.length} tensors from ${backbone.weights}${left}${changed}`;
}

function showEvents(reporter: Reporter): { onEvent(event: TrainEvent): void; end(): void } {
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
            `epoch ${event.epoch}: train loss ${event.trainLoss.toFixed(4)}, validation top-1 ${percent(event.top1)} over ${countsText(event.videos)}, single view${event.best ? ' (best so far)' : ''}`,
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

function summary(folder: string, { data }: Recipe, { best, last, epochs }: TrainResult): string {
  const line = (which: string, { top1, epoch, videos }: Measured): string =>
    `${which}   top-1 ${percent(top1)}   (${data.validationSplit}, single view, epoch ${epoch}${videos === undefined ? '' : `; over ${countsText(videos)}`})`;
  return [
    `trained ${epochs} epochs: ${folder}`,
    ...(last === null ? [] : [line('last', last)]),
    ...(best === null ? [] : [line('best', best)]),
    `evaluate it: petl-video evaluate ${folder}`,
  ].join('\n');
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
