/** A run brought to its end, whatever there is of it: trained from the start or from its checkpoint, then measured. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { buildModel, differenceOf, parseRecipe, type Recipe, toYaml } from '../src/config/index.ts';
import { type Dataset, isUsable, type SplitName } from '../src/data/manifest.ts';
import { readDataset, readSplit } from '../src/data/read-dataset.ts';
import { codeOf, configError, messageOf } from '../src/errors/index.ts';
import type { VideoCounts } from '../src/eval/counts.ts';
import { type Protocol, protocolText } from '../src/eval/protocol.ts';
import { writeFileAtomic } from '../src/formats/write-file.ts';
import { parameterReport } from '../src/petl/parameter-report.ts';
import { readCounters } from '../src/train/checkpoint.ts';
import type { Measured } from '../src/train/plan.ts';
import { CONFIG_FILE, readRunRecipe } from '../src/train/run-folder.ts';
import type { Context, Options } from './command.ts';
import { withEngine } from './engine-choice.ts';
import { evaluateRun } from './evaluate.ts';
import { keepEvaluation } from './keep-evaluation.ts';
import { peakMemory } from './peak-memory.ts';
import { trainRecipe } from './train-recipe.ts';

const RESULT_FILE = 'result.json';

export interface Task {
  /** The resolved recipe, YAML: a task goes to a process of its own. */
  readonly recipe: string;
  /** Of the run. */
  readonly folder: string;
  /** What is measured when it is trained; `reported` is the split that stands in tables (see {@link reportedSplit}). */
  readonly measure: SplitName | 'reported' | null;
  /** `--engine`, `--device`, `--precision`. */
  readonly engine: Options;
}

export interface Score extends VideoCounts {
  readonly split: SplitName;
  readonly top1: number;
  readonly top5: number;
  readonly protocol: Protocol & { readonly text: string };
}

export interface TaskResult {
  readonly run: string;
  /** On the validation split after the last epoch. */
  readonly validation: Measured | null;
  /** Absent where nothing was to be measured. */
  readonly score?: Score;
  /** Trained parameters, head included. */
  readonly trained: number;
  /** Those of the head and its norm. */
  readonly trainedHead: number;
  /** Of training, validation included. */
  readonly seconds: number;
  /** The most host memory of the process that trained it. */
  readonly peakMemoryBytes: number;
}

/**
 * What an earlier call left, if nothing is left to do.
 * @throws PetlVideoError (config) when the folder has a run of another recipe
 */
export async function finishedTask(task: Task): Promise<TaskResult | undefined> {
  if ((await ownRecipe(task)) === undefined) return undefined;
  const file = path.join(task.folder, RESULT_FILE);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  const result = parseResult(text);
  if (result === undefined) return undefined;
  const { score } = result;
  const { measure } = task;
  // Which split 'reported' is does not change while the data set stays.
  const measured = measure === null || (score !== undefined && (measure === 'reported' || score.split === measure));
  return measured ? { ...result, run: task.folder } : undefined;
}

/** A damaged result is one that is not there: it is made anew. */
function parseResult(text: string): TaskResult | undefined {
  try {
    return JSON.parse(text) as TaskResult;
  } catch {
    return undefined;
  }
}

/** The recipe of the run in the task's folder; undefined while there is none. */
async function ownRecipe({ recipe, folder }: Task): Promise<Recipe | undefined> {
  if ((await readCounters(folder)) === undefined) return undefined;
  const file = path.join(folder, CONFIG_FILE);
  const own = parseRecipe(await readRunRecipe(folder), { file });
  const difference = differenceOf(own, parseRecipe(recipe, { file: 'the recipe' }));
  if (difference === undefined) return own;
  const { path: key, before, after } = difference;
  throw configError(`the run that is there has ${key} ${before}, and this recipe ${after}`, {
    at: folder,
    remedy: 'remove that run, or choose another place (--out)',
  });
}

/** Trains and measures in this process, and leaves the result in the run's folder. */
export async function completeTask(task: Task, context: Context): Promise<TaskResult> {
  const { folder, measure, engine } = task;
  const own = await ownRecipe(task);
  const recipe = withEngine(own ?? parseRecipe(task.recipe, { file: 'the recipe' }), engine);
  const counters = await readCounters(folder);
  if (counters === undefined || counters.validated < recipe.train.epochs) {
    await trainRecipe(recipe, folder, counters !== undefined, context);
  }
  const before = await readFile(path.join(folder, RESULT_FILE), 'utf8').then(parseResult, () => undefined);
  const dataset = await readDataset(recipe.data.path);
  const { parts, trained } = parameterReport(buildModel(recipe, dataset.classes.length));
  const trainedHead = parts
    .filter(({ part }) => part === 'head' || part === 'fc_norm')
    .reduce((sum, { count }) => sum + count, 0);
  const { last = null, seconds = 0 } = (await readCounters(folder)) ?? {};
  const result: TaskResult = {
    run: folder,
    validation: last,
    trained,
    trainedHead,
    seconds,
    // A call that trains nothing has nothing to say of it.
    peakMemoryBytes: before?.peakMemoryBytes ?? (await peakMemory()),
  };
  const score = measure === null ? undefined : await scoreOf(folder, recipe, dataset, measure, engine, context);
  const whole = score === undefined ? result : { ...result, score };
  await writeFileAtomic(path.join(folder, RESULT_FILE), `${JSON.stringify(whole, null, 2)}\n`);
  return whole;
}

async function scoreOf(
  folder: string,
  recipe: Recipe,
  dataset: Dataset,
  measure: SplitName | 'reported',
  engine: Options,
  context: Context,
): Promise<Score> {
  const split = measure === 'reported' ? await reportedSplit(recipe, dataset) : measure;
  const result = await evaluateRun(folder, { weights: 'last', split, engine }, context);
  await keepEvaluation(folder, result, context.reporter);
  const { evaluation, protocol } = result;
  const { top1, top5, listed, counted, missing, unreadable, undecoded, damaged } = evaluation;
  const counts = { listed, counted, missing, unreadable, undecoded, damaged };
  return { split, top1, top5, ...counts, protocol: { ...protocol, text: protocolText(protocol) } };
}

/** The test split where the data set has one with labels; else what the recipe validates on, as the papers of SSv2 do. */
export async function reportedSplit({ data }: Recipe, dataset: Dataset): Promise<SplitName> {
  if (!dataset.splits.some(({ name }) => name === 'test')) return data.validationSplit;
  const entries = await readSplit(data.path, dataset, 'test', data.fold);
  return entries.some((entry) => isUsable(entry) && entry.label < 0) ? data.validationSplit : 'test';
}

export function taskOf(recipe: Recipe, folder: string, measure: Task['measure'], engine: Options): Task {
  const { engine: name, device, precision } = engine;
  const chosen = Object.entries({ engine: name, device, precision }).filter(([, value]) => value !== undefined);
  return { recipe: toYaml(recipe), folder, measure, engine: Object.fromEntries(chosen) };
}

/** In one line, for a table of many. */
export function failureText(thrown: unknown): string {
  return messageOf(thrown).split('\n')[0] as string;
}
