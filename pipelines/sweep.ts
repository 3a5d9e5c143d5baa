/**
 * A grid of settings over one recipe. Every setting is trained with the first seed and measured on the validation split;
 * the best there is trained with all seeds and measured on the test split. No other setting ever sees the test split.
 */
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Axis, loadRecipe, type Recipe, type Setting, settingsOf } from '../src/config/index.ts';
import type { SplitName } from '../src/data/manifest.ts';
import { configError, PetlVideoError, usageError } from '../src/errors/index.ts';
import { type MeanDeviation, meanDeviation } from '../src/eval/mean-deviation.ts';
import { writeFileAtomic } from '../src/formats/write-file.ts';
import { isReadable } from '../src/setup/executables.ts';
import type { Measured } from '../src/train/plan.ts';
import { CONFIG_FILE } from '../src/train/run-folder.ts';
import type { Context, Options } from './command.ts';
import { withEngine } from './engine-choice.ts';
import { runTask } from './run-task.ts';
import { requireSplits } from './sweep-splits.ts';
import { failureText, finishedTask, type Score, type TaskResult, taskOf } from './task.ts';

export const SWEEP_FILE = 'sweep.json';

export interface SweepRequest {
  /** The recipe's file and the overrides that all settings share. */
  readonly file: string;
  readonly overrides: readonly string[];
  readonly axes: readonly Axis[];
  readonly seeds: readonly number[];
  /** The split that the chosen setting is trained on anew, in place of the recipe's. */
  readonly finalSplit: string | undefined;
  /** Where the runs go: `<setting>/seed=<n>`. */
  readonly folder: string;
  readonly engine: Options;
}

export interface Tried {
  readonly setting: string;
  readonly overrides: readonly string[];
  readonly run: string;
  readonly validation: Measured | null;
  /** Why there is no number: the loss was not finite. */
  readonly diverged?: string;
}

export interface SeedResult extends Score {
  readonly seed: number;
  readonly run: string;
}

export interface SweepResult {
  readonly recipe: string;
  readonly folder: string;
  readonly selection: {
    readonly trainSplit: SplitName;
    readonly validationSplit: SplitName;
    readonly seed: number;
  } | null;
  readonly tried: readonly Tried[];
  /** Name of the chosen setting; null before the choice. */
  readonly chosen: string | null;
  readonly final: {
    readonly trainSplit: SplitName;
    readonly seeds: readonly SeedResult[];
    readonly top1: MeanDeviation;
    readonly trained: number;
  } | null;
}

interface Point {
  readonly setting: Setting;
  readonly recipes: readonly Recipe[];
  /** Of the final training; the same recipes where nothing is trained anew. */
  readonly finals: readonly Recipe[];
}

/**
 * Goes on where an earlier call with the same arguments stopped.
 * @throws PetlVideoError (config), before anything is trained, for a faulty setting, and where validation and test are not
 *   two splits; what a run throws; Interrupted on abort
 */
export async function sweepRecipe(request: SweepRequest, context: Context): Promise<SweepResult> {
  const { folder, seeds, axes, engine, finalSplit } = request;
  const points = await pointsOf(request);
  const [first] = points as [Point];
  const recipe = first.recipes[0] as Recipe;
  const searches = axes.length > 0;
  await requireSplits(recipe, searches, finalSplit as SplitName | undefined);
  await mkdir(folder, { recursive: true });
  const known = await divergedBefore(folder);
  const { trainSplit, validationSplit } = recipe.data;
  let result: SweepResult = {
    recipe: recipe.name,
    folder,
    selection: searches ? { trainSplit, validationSplit, seed: seeds[0] as number } : null,
    tried: [],
    chosen: null,
    final: null,
  };
  const keep = async (changed: Partial<SweepResult>): Promise<void> => {
    result = { ...result, ...changed };
    await writeFileAtomic(path.join(folder, SWEEP_FILE), `${JSON.stringify(result, null, 2)}\n`);
  };

  let chosen = first;
  if (searches) {
    for (const [i, point] of points.entries()) {
      context.reporter.note(`setting ${i + 1} of ${points.length}: ${point.setting.name}`);
      const tried = await tryPoint(point, request, known, context);
      await keep({ tried: [...result.tried, tried] });
    }
    chosen = points[bestOf(result.tried)] as Point;
  }
  await keep({ chosen: chosen.setting.name });

  const results: SeedResult[] = [];
  let trained = 0;
  for (const [i, seed] of seeds.entries()) {
    const final = chosen.finals[i] as Recipe;
    const run = path.join(folder, chosen.setting.name, finalSplit ?? '', `seed=${seed}`);
    if (searches || seeds.length > 1) context.reporter.note(`final run ${i + 1} of ${seeds.length}: ${run}`);
    const task = taskOf(final, run, searches ? 'test' : 'reported', engine);
    const done = await runTask(task, context);
    trained = done.trained;
    results.push({ seed, run, ...(done.score as Score) });
    await keep({
      final: {
        trainSplit: final.data.trainSplit,
        seeds: results,
        top1: meanDeviation(results.map(({ top1 }) => top1)),
        trained,
      },
    });
  }
  return result;
}

/** What decides what is measured, and on what, is not chosen by what was measured. */
const NOT_CHOSEN = ['data.path', 'data.fold', 'data.trainSplit', 'data.validationSplit', 'train.seed'];

/** All recipes of the grid, so that a faulty one is found before hours of training. */
async function pointsOf({ file, overrides, axes, seeds, finalSplit, engine }: SweepRequest): Promise<Point[]> {
  const axis = axes.find(({ path: key }) => NOT_CHOSEN.includes(key));
  if (axis !== undefined) {
    throw usageError(`--sweep ${axis.path}: this is not to be chosen by validation`, {
      remedy: axis.path === 'train.seed' ? 'give --seeds' : `give ${axis.path}=value, one call for each`,
    });
  }
  const load = async (own: readonly string[]): Promise<Recipe[]> =>
    Promise.all(seeds.map(async (seed) => withEngine(await loadRecipe(file, [...own, `train.seed=${seed}`]), engine)));
  return Promise.all(
    settingsOf(axes).map(async (setting): Promise<Point> => {
      const own = [...overrides, ...setting.overrides];
      const recipes = await load(own);
      if (finalSplit === undefined) return { setting, recipes, finals: recipes };
      const epochs = recipes[0]?.train.epochs;
      // What is trained on may hold the videos of the validation split, of which nothing could be learned any more.
      const anew = [`data.trainSplit=${finalSplit}`, 'data.validationSplit=test', `train.validateEvery=${epochs}`];
      return { setting, recipes, finals: await load([...own, ...anew]) };
    }),
  );
}

async function tryPoint(
  { setting, recipes }: Point,
  { folder, seeds, engine }: SweepRequest,
  known: ReadonlyMap<string, string>,
  context: Context,
): Promise<Tried> {
  const run = path.join(folder, setting.name, `seed=${seeds[0]}`);
  const facts = { setting: setting.name, overrides: setting.overrides, run };
  const task = taskOf(recipes[0] as Recipe, run, null, engine);
  const before = known.get(setting.name);
  try {
    if (before !== undefined) {
      // The same recipe, or it throws.
      await finishedTask(task);
      return { ...facts, validation: null, diverged: before };
    }
    const { validation }: TaskResult = await runTask(task, context);
    return { ...facts, validation };
  } catch (thrown) {
    if (!(thrown instanceof PetlVideoError) || thrown.kind !== 'diverged') throw thrown;
    context.reporter.warn(`${setting.name}: ${failureText(thrown)}`);
    return { ...facts, validation: null, diverged: failureText(thrown) };
  }
}

/** Settings that an earlier call found to diverge: it would take the same time again. */
async function divergedBefore(folder: string): Promise<Map<string, string>> {
  try {
    const { tried } = JSON.parse(await readFile(path.join(folder, SWEEP_FILE), 'utf8')) as SweepResult;
    return new Map(tried.flatMap(({ setting, diverged }) => (diverged === undefined ? [] : [[setting, diverged]])));
  } catch {
    return new Map();
  }
}

/**
 * Index of the best validation top-1; of equal ones the first.
 * @throws PetlVideoError (diverged) where no setting has a number
 */
export function bestOf(tried: readonly Pick<Tried, 'validation'>[]): number {
  let best = -1;
  for (const [i, { validation }] of tried.entries()) {
    const before = tried[best]?.validation?.top1 ?? Number.NEGATIVE_INFINITY;
    if (validation !== null && validation.top1 > before) best = i;
  }
  if (best < 0) {
    throw new PetlVideoError('diverged', 'no setting of the sweep has a validation top-1: all diverged', {
      remedy: 'sweep lower learning rates or scales',
    });
  }
  return best;
}

/** A sweep's folder is not a run's. */
export async function refuseRun(folder: string): Promise<void> {
  if (!(await isReadable(path.join(folder, CONFIG_FILE)))) return;
  throw configError('a single run is in the folder of the sweep', {
    at: folder,
    remedy: 'remove it, or choose another place (--out)',
  });
}
