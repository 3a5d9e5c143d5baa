/** `petl-video train` of more than one run: the recipes of a folder, seeds, sweeps. One process after the other. */
import path from 'node:path';
import {
  type Axis,
  isFolder,
  loadRecipe,
  loadRecipes,
  parseAxes,
  parseSeeds,
  type Recipe,
  type RecipeFile,
} from '../src/config/index.ts';
import { Interrupted, PetlVideoError } from '../src/errors/index.ts';
import { runFolder } from './assemble.ts';
import type { Context, Options } from './command.ts';
import { withEngine } from './engine-choice.ts';
import { type Row, rowsJson, rowsText } from './many-text.ts';
import { runTask } from './run-task.ts';
import { refuseRun, sweepRecipe } from './sweep.ts';
import { sweepText } from './sweep-text.ts';
import { failureText, taskOf } from './task.ts';

/**
 * Trains what is not trained yet, goes on with what was begun, and says what came of all.
 * @throws Interrupted when the signal came, all saved; after the result, the error of the first recipe that failed
 */
export async function trainMany(
  place: string,
  overrides: readonly string[],
  options: Options,
  context: Context,
): Promise<void> {
  const axes = parseAxes((options.sweep as readonly string[] | undefined) ?? []);
  const out = options.out as string | undefined;
  const plan: Plan = { overrides, axes, options };
  if (!(await isFolder(place))) {
    const recipe = await loadRecipe(place, overrides);
    const folder = out ?? runFolder(recipe);
    const result = await sweepOne({ file: place, recipe }, folder, plan, context).catch((thrown) => {
      throw stopped(thrown, context);
    });
    context.reporter.result(sweepText(result), result);
    return;
  }
  const recipes = await loadRecipes(place, overrides);
  const rows: Row[] = [];
  const faults: unknown[] = [];
  for (const [i, { file, recipe }] of recipes.entries()) {
    context.reporter.note(`\n[${i + 1}/${recipes.length}] ${file}`);
    const folder = out === undefined ? runFolder(recipe) : path.join(out, recipe.name);
    try {
      rows.push(await rowOf({ file, recipe }, folder, plan, context));
    } catch (thrown) {
      if (context.signal.aborted) throw stopped(thrown, context);
      faults.push(thrown);
      context.reporter.warn(`${recipe.name} failed: ${thrown instanceof Error ? thrown.message : thrown}`);
      rows.push({ file, recipe, run: folder, failure: failureText(thrown) });
    }
  }
  context.reporter.result(rowsText(place, rows), rowsJson(place, rows));
  if (faults.length > 0) throw failed(faults, recipes.length);
}

interface Plan {
  readonly overrides: readonly string[];
  readonly axes: readonly Axis[];
  readonly options: Options;
}

async function rowOf({ file, recipe }: RecipeFile, folder: string, plan: Plan, context: Context): Promise<Row> {
  const { axes, options } = plan;
  const facts = { file, recipe, run: folder };
  if (axes.length > 0 || options.seeds !== undefined || options.finalSplit !== undefined) {
    const sweep = await sweepOne({ file, recipe }, folder, plan, context);
    const [first] = sweep.final?.seeds ?? [];
    if (sweep.final === null || first === undefined) throw new Error('the sweep ended without a result');
    const { top1, trained } = sweep.final;
    return { ...facts, top1, score: first, trained, sweep };
  }
  const task = taskOf(withEngine(recipe, options), folder, 'reported', options);
  const { score, trained, seconds } = await runTask(task, context);
  if (score === undefined) throw new Error('the task ended without its measurement');
  return { ...facts, top1: { mean: score.top1 }, score, trained, seconds };
}

async function sweepOne(
  { file, recipe }: { file: string; recipe: Recipe },
  folder: string,
  { overrides, axes, options }: Plan,
  context: Context,
) {
  const { seed } = recipe.train;
  const seeds = options.seeds === undefined ? [seed] : parseSeeds(options.seeds as string, seed);
  await refuseRun(folder);
  const finalSplit = options.finalSplit as string | undefined;
  return sweepRecipe({ file, overrides, axes, seeds, finalSplit, folder, engine: options }, context);
}

/** What a run says of going on is of that run alone. */
function stopped(thrown: unknown, { signal }: Context): unknown {
  if (!signal.aborted) return thrown;
  return new Interrupted('stopped with everything saved; the same command goes on from there');
}

function failed(faults: readonly unknown[], of: number): unknown {
  const [first] = faults;
  if (!(first instanceof PetlVideoError)) return first;
  return new PetlVideoError(first.kind, `${faults.length} of ${of} recipes failed; the first: ${first.what}`, {
    ...(first.at === undefined ? {} : { at: first.at }),
    remedy: `${first.remedy === undefined ? '' : `${first.remedy}; then `}the same command goes on with what is not finished`,
  });
}
