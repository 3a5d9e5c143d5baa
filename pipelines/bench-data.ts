/** `petl-video bench data`: how fast the clips of a recipe come, what they cost, and whether a model would wait for them. */
import { stat } from 'node:fs/promises';
import os from 'node:os';
import { loadRecipe, type Recipe } from '../src/config/index.ts';
import { trainVisit } from '../src/data/draw.ts';
import type { Loader } from '../src/data/loader.ts';
import { type ClipStages, measureClip } from '../src/data/measure-clip.ts';
import { measureTraining, measureViews, type TrainingOptions } from '../src/data/measure-loader.ts';
import { updatesPerEpoch } from '../src/data/order.ts';
import { parseViews } from '../src/data/views.ts';
import { configError, usageError } from '../src/errors/index.ts';
import { clipOptions, openLoader } from '../src/inference/from-recipe.ts';
import { findFfmpeg } from '../src/video/ffmpeg.ts';
import { batchesAhead, type Data, readData } from './assemble.ts';
import { bytesOf, factsOf, starvationOf, textOf } from './bench-data-report.ts';
import type { Command, Context, Options } from './command.ts';
import { decodingNote } from './decoding-note.ts';
import { ffmpegPlaces } from './environment.ts';

/** Videos whose clips are taken apart. */
const TAKEN_APART = 5;
/** Videos whose file sizes are looked at. */
const SIZED = 200;

export const benchData: Command = {
  name: 'bench data',
  summary: 'Measure how fast the clips of a recipe come, what they cost, and whether a step would wait for them',
  arguments: [
    { name: '<recipe>', description: 'a YAML recipe; its data set is prepared, its weights need not be there' },
    { name: '[overrides...]', description: 'changes to it, path=value' },
  ],
  options: [
    { flags: '--seconds <s>', description: 'measured time of each part, beside the first batches', default: '10' },
    { flags: '--clips <n>', description: 'or so many clips, whichever is first' },
    { flags: '--decoders <n>', description: 'videos decoded at the same time (default: data.decoders)' },
    { flags: '--step-ms <x>', description: 'milliseconds of a step, as bench step tells: would it wait?' },
    { flags: '--views <KxC>', description: 'measure test views of the validation split too, as 4x3' },
  ],
  examples: [
    'petl-video bench data configs/hmdb51/adaptformer-vit-b.yaml',
    'petl-video bench data configs/ssv2/adaptformer-vit-b.yaml --step-ms 400 --seconds 30 --json',
    'petl-video bench data configs/kinetics400/adaptformer-vit-b.yaml --decoders 8 --views 5x3',
  ],
  async run([name, overrides], options, context) {
    const { environment, reporter, signal } = context;
    const seconds = positive('seconds', options) as number;
    const clips = whole('clips', options);
    const stepMs = positive('stepMs', options);
    const views = options.views === undefined ? undefined : parseViews(options.views as string);
    const decodersAsked = whole('decoders', options);
    const recipe = await loadRecipe(name as string, [
      ...(overrides as readonly string[]),
      ...(decodersAsked === undefined ? [] : [`data.decoders=${decodersAsked}`]),
    ]);
    const data = await readData(recipe);
    const training = trainingOf(recipe, data, { most: clips, seconds, signal });
    const ffmpeg = await findFfmpeg(ffmpegPlaces(environment, signal));
    reporter.note(await decodingNote(ffmpeg, data.train));
    const splits = { [recipe.data.validationSplit]: data.validation, [recipe.data.trainSplit]: data.train };
    const loader = openLoader(recipe, ffmpeg, data.dataset, splits);
    try {
      const free = await measured('training', seconds, context, (onProgress) =>
        measureTraining(loader, { ...training, onProgress }),
      );
      const tested =
        views === undefined
          ? undefined
          : await measured('views', seconds, context, (onProgress) => {
              const { validationSplit: split } = recipe.data;
              const entries = data.validation.length;
              const ahead = Math.max(4, Math.ceil((2 * recipe.eval.batch) / (views.segments * views.crops)));
              return measureViews(loader, { split, entries, views, ahead, most: clips, seconds, signal, onProgress });
            });
      const apart = await takeApart(loader, recipe, data, { ffmpeg, signal });
      const result = {
        recipe: recipe.name,
        split: recipe.data.trainSplit,
        batch: recipe.train.batch * recipe.data.repeats,
        decoders: recipe.data.decoders || os.availableParallelism(),
        cores: os.availableParallelism(),
        ffmpeg: ffmpeg.version,
        training: { ...factsOf(free), ...bytesOf(recipe, free, await meanFileBytes(recipe, data)) },
        stages: apart === undefined ? null : { videos: apart.videos, milliseconds: apart.ms },
        starvation: stepMs === undefined ? null : starvationOf(recipe, free, stepMs),
        views:
          views === undefined || tested === undefined
            ? null
            : { ...views, ...factsOf(tested), videosPerSecond: tested.items / tested.seconds },
      };
      reporter.result(textOf(result, apart), result);
    } finally {
      await loader.close();
    }
  },
};

function positive(option: 'seconds' | 'stepMs', options: Options): number | undefined {
  const given = options[option];
  if (given === undefined) return undefined;
  const value = Number(given);
  if (Number.isFinite(value) && value > 0 && value <= 1e6) return value;
  throw usageError(`--${option === 'stepMs' ? 'step-ms' : option} ${given}: give a number above 0`);
}

function whole(option: 'clips' | 'decoders', options: Options): number | undefined {
  const given = options[option];
  if (given === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(given as string)) return Number(given);
  throw usageError(`--${option} ${given}: give a whole number from 1`);
}

function trainingOf(
  recipe: Recipe,
  { train }: Data,
  limits: Pick<TrainingOptions, 'most' | 'seconds' | 'signal'>,
): TrainingOptions {
  const { batch, accumulate, dropLast, seed } = recipe.train;
  const epoch = { entries: train.length, batch, accumulate, dropLast };
  if (updatesPerEpoch(epoch) === 0) {
    throw configError(`${train.length} videos do not fill one update of ${batch} × ${accumulate} clips`, {
      remedy: 'lower train.batch or train.accumulate, or set train.dropLast=false',
    });
  }
  return { ...limits, split: recipe.data.trainSplit, epoch, seed, ahead: batchesAhead(recipe) };
}

async function measured<T>(
  label: string,
  seconds: number,
  { reporter }: Context,
  work: (onProgress: (clips: number) => void) => Promise<T>,
): Promise<T> {
  const progress = reporter.progress(label, Math.ceil(seconds));
  const start = performance.now();
  try {
    return await work((clips) => progress.update(Math.floor((performance.now() - start) / 1000), `${clips} clips`));
  } finally {
    progress.end();
  }
}

function takeApart(
  loader: Loader,
  recipe: Recipe,
  { dataset, train }: Data,
  means: Pick<Parameters<typeof measureClip>[2], 'ffmpeg' | 'signal'>,
): Promise<ClipStages | undefined> {
  const step = Math.max(1, Math.floor(train.length / TAKEN_APART));
  const indices = Array.from({ length: Math.min(TAKEN_APART, train.length) }, (_, i) => i * step);
  const { trainSplit: split } = recipe.data;
  const clip = clipOptions(recipe, dataset);
  return measureClip(loader, indices, {
    ...means,
    root: dataset.root,
    split,
    entries: train,
    clip,
    seed: recipe.train.seed,
  });
}

/** Of the files that are read, originals or copies. */
async function meanFileBytes(recipe: Recipe, { dataset, train }: Data): Promise<number | null> {
  const draw = { root: dataset.root, clip: clipOptions(recipe, dataset), seed: recipe.train.seed };
  const step = Math.max(1, Math.floor(train.length / SIZED));
  const files = train.flatMap((entry, i) => (i % step === 0 ? [trainVisit(draw, entry, i, 0).file] : []));
  const sizes = await Promise.all(files.map((file) => stat(file).catch(() => undefined)));
  const known = sizes.flatMap((found) => (found === undefined ? [] : [found.size]));
  return known.length === 0 ? null : known.reduce((sum, size) => sum + size, 0) / known.length;
}
