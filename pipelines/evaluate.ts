/** `petl-video evaluate`: a run to a top-1 with its protocol. */
import type { Views } from '../src/data/loader.ts';
import { type Entry, SPLIT_NAMES, type SplitName } from '../src/data/manifest.ts';
import { readDataset, readSplit } from '../src/data/read-dataset.ts';
import { parseViews } from '../src/data/views.ts';
import { dataError, usageError } from '../src/errors/index.ts';
import { type EvaluateOptions, evaluate as evaluateVideos } from '../src/eval/evaluate.ts';
import { resultText } from '../src/eval/protocol.ts';
import { openLoader } from '../src/inference/from-recipe.ts';
import { type OpenRun, openRun, openRuns } from '../src/inference/open-runs.ts';
import { evaluationFile } from '../src/results/evaluation.ts';
import type { RunResult } from '../src/results/keep.ts';
import { findFfmpeg } from '../src/video/ffmpeg.ts';
import type { Command, Context, Options } from './command.ts';
import { decodingNote } from './decoding-note.ts';
import { engineFlags } from './engine-choice.ts';
import { ffmpegPlaces } from './environment.ts';
import { keepEvaluation } from './keep-evaluation.ts';

export const evaluate: Command = {
  name: 'evaluate',
  summary: 'Measure top-1 and top-5 of a run over the videos of a split, with the protocol',
  arguments: [{ name: '<runs...>', description: 'folders of runs; those over one backbone load it once' }],
  options: [
    { flags: '--views <KxC>', description: 'segments × crops, as 4x3 (default: eval of the recipe)' },
    { flags: '--split <name>', description: `${SPLIT_NAMES.join(', ')} (default: data.validationSplit)` },
    { flags: '--weights <which>', description: 'last, or best on the validation split', default: 'last' },
    ...engineFlags('engine of the recipe'),
  ],
  examples: [
    'petl-video evaluate runs/hmdb51-adaptformer-vit-b',
    'petl-video evaluate runs/mine --views 1x1 --json',
    'petl-video evaluate runs/hmdb51-linear-vit-b runs/hmdb51-adaptformer-vit-b',
  ],
  async run([folders], options, context) {
    const split = splitOption(options);
    const views = options.views === undefined ? undefined : parseViews(options.views as string);
    const weights = options.weights as string;
    const loaded = await openRuns(folders as readonly string[], weights, options, context.environment);
    const results: (RunResult & { readonly run: string })[] = [];
    try {
      for (const one of loaded.runs) {
        const result = await evaluateLoaded(one, { views, split }, context);
        results.push({ run: one.folder, ...result });
        // First of all, for it may have taken hours and the folder may not be writable.
        if (loaded.runs.length > 1)
          context.reporter.note(`${one.folder}: ${resultText(result.evaluation, result.protocol)}`);
        else showResults(results, context);
        await keepEvaluation(one.folder, result, context.reporter);
      }
      if (loaded.runs.length > 1) showResults(results, context);
    } finally {
      loaded.dispose();
    }
  },
};

/** The split that `--split` names. @throws PetlVideoError (usage) for a name that is none */
export function splitOption({ split }: Options): SplitName | undefined {
  const found = SPLIT_NAMES.find((name) => name === split);
  if (split === undefined || found !== undefined) return found;
  throw usageError(`--split ${split}: choose one of ${SPLIT_NAMES.join(', ')}`);
}

function showResults(results: readonly (RunResult & { readonly run: string })[], { reporter }: Context): void {
  const json = results.map(({ run, evaluation, protocol }) => ({ run, ...evaluationFile(evaluation, protocol) }));
  const [only] = results;
  if (results.length === 1 && only !== undefined) {
    reporter.result(resultText(only.evaluation, only.protocol), json[0]);
    return;
  }
  const texts = results.map(({ run, evaluation, protocol }) => `${run}\n${resultText(evaluation, protocol)}`);
  reporter.result(texts.join('\n'), json);
}

export interface EvaluateRunOptions {
  readonly views?: Views | undefined;
  readonly split?: SplitName | undefined;
  readonly weights: string;
  /** `--engine`, `--device`, `--precision`. */
  readonly engine?: Options;
}

export async function evaluateRun(folder: string, options: EvaluateRunOptions, context: Context): Promise<RunResult> {
  const loaded = await openRun(folder, options.weights, options.engine ?? {}, context.environment);
  try {
    return await evaluateLoaded(loaded, options, context);
  } finally {
    loaded.session.dispose();
  }
}

/** @param also what the evaluation of these entries is asked for beside scores */
export async function evaluateLoaded(
  { recipe, model, metadata, weights, session, engine }: OpenRun,
  options: Pick<EvaluateRunOptions, 'views' | 'split'>,
  { environment, reporter, signal }: Context,
  also: (entries: readonly Entry[]) => Pick<EvaluateOptions, 'features' | 'onClips'> = () => ({}),
): Promise<RunResult> {
  const { data, eval: protocolOfRecipe } = recipe;
  const dataset = await readDataset(data.path);
  if (dataset.classes.join('\n') !== metadata.classes.join('\n')) {
    throw dataError('the prepared data set has other classes than the run was trained with', {
      at: data.path,
      remedy: `the run knows ${metadata.classes.length} classes, the data set ${dataset.classes.length}; prepare the original again`,
    });
  }
  const split = options.split ?? data.validationSplit;
  const entries = await readSplit(data.path, dataset, split, data.fold);
  const views = options.views ?? { segments: protocolOfRecipe.segments, crops: protocolOfRecipe.crops };
  const ffmpeg = await findFfmpeg(ffmpegPlaces(environment, signal));
  const loader = openLoader(recipe, ffmpeg, dataset, { [split]: entries });
  reporter.note(`${engine}; ${await decodingNote(ffmpeg, entries)}`);
  const progress = reporter.progress('evaluate', entries.length);
  try {
    const evaluation = await evaluateVideos(session, model, loader, {
      split,
      entries,
      views,
      fusion: protocolOfRecipe.fuse,
      batch: protocolOfRecipe.batch,
      ahead: Math.max(4, Math.ceil((2 * protocolOfRecipe.batch) / (views.segments * views.crops))),
      signal,
      onProgress: (done) => progress.update(done),
      ...also(entries),
    });
    const { frames, stride, sampling, size, interpolation, fold } = data;
    const protocol = {
      dataset: dataset.name,
      split,
      fold,
      classes: metadata.classes.length,
      frames,
      stride,
      sampling,
      size,
      resize: protocolOfRecipe.resize,
      interpolation,
      views,
      fusion: protocolOfRecipe.fuse,
      weights,
    };
    return { evaluation, protocol, classes: metadata.classes };
  } finally {
    progress.end();
    await loader.close();
  }
}
