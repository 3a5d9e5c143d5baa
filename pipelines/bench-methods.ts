/**
 * `petl-video bench methods`: every method over one frozen backbone and one recipe, by the ordinary training: what each
 * reaches, how many parameters it trains, what it takes.
 */
import path from 'node:path';
import {
  buildModel,
  explainLearningRate,
  isFolder,
  loadRecipe,
  loadRecipes,
  type Recipe,
} from '../src/config/index.ts';
import { readDataset } from '../src/data/read-dataset.ts';
import { Interrupted, PetlVideoError, usageError } from '../src/errors/index.ts';
import { nearest } from '../src/errors/nearest.ts';
import { countsText } from '../src/eval/counts.ts';
import { nounOf } from '../src/eval/protocol.ts';
import { methods } from '../src/petl/index.ts';
import type { Command, Context, Options } from './command.ts';
import { engineFlags, withEngine } from './engine-choice.ts';
import { runTask } from './run-task.ts';
import { formatTable } from './table.ts';
import { failureText, type TaskResult, taskOf } from './task.ts';

const NAMES: readonly string[] = methods.map(({ name }) => name);

interface Row {
  readonly method: string;
  readonly run?: string;
  readonly result?: TaskResult;
  /** Why there is none. */
  readonly failure?: string;
}

export const benchMethods: Command = {
  name: 'bench methods',
  summary: 'Train all methods over one backbone and one recipe: top-1, trained parameters, seconds, memory',
  arguments: [
    {
      name: '<recipe>',
      description: 'a YAML recipe, whose method is replaced by each; or a folder with a recipe for each method',
    },
    { name: '[overrides...]', description: 'changes to it, path=value' },
  ],
  options: [
    {
      flags: '--methods <a,b,…>',
      description: `these alone (default: all that the recipe allows): ${NAMES.join(', ')}`,
    },
    { flags: '--out <folder>', description: 'where the runs go (default: runs/methods/<name of the recipe>)' },
    ...engineFlags('engine of the recipe'),
  ],
  examples: [
    'petl-video bench methods configs/images/methods-vit-b.yaml data.path=data/mine',
    'petl-video bench methods configs/hmdb51/adaptformer-vit-b.yaml --methods adaptformer,convpass,lora train.epochs=5',
  ],
  async run([place, overrides], options, context) {
    const { name, recipes, unfit } = await recipesOf(place as string, overrides as readonly string[], options);
    const out = (options.out as string | undefined) ?? path.join('runs', 'methods', name);
    const rows: Row[] = [];
    const faults: unknown[] = [];
    for (const [i, [method, recipe]] of recipes.entries()) {
      const run = path.join(out, method);
      context.reporter.note(`\n[${i + 1}/${recipes.length}] ${method}`);
      try {
        const task = taskOf(withEngine(recipe, options), run, 'reported', options);
        rows.push({ method, run, result: await runTask(task, context) });
      } catch (thrown) {
        if (context.signal.aborted) {
          throw new Interrupted('stopped with everything saved; the same command goes on from there');
        }
        context.reporter.warn(`${method}: ${failureText(thrown)}`);
        rows.push({ method, run, failure: failureText(thrown) });
        faults.push(thrown);
      }
    }
    report([...rows, ...unfit], recipes, context);
    if (faults.length > 0) throw faults[0];
  },
};

type Named = readonly (readonly [method: string, recipe: Recipe])[];

async function recipesOf(
  place: string,
  overrides: readonly string[],
  options: Options,
): Promise<{ name: string; recipes: Named; unfit: Row[] }> {
  const asked = (options.methods as string | undefined)?.split(',');
  const unknown = asked?.find((method) => !NAMES.includes(method));
  if (unknown !== undefined) {
    const near = nearest(unknown, NAMES);
    throw usageError(`--methods ${unknown}: choose among ${NAMES.join(', ')}`, {
      ...(near === undefined ? {} : { remedy: `did you mean ${near}?` }),
    });
  }
  if (await isFolder(place)) {
    const loaded = (await loadRecipes(place, overrides)).filter(
      ({ recipe }) => asked === undefined || asked.includes(recipe.method.name),
    );
    const recipes = loaded.map(({ recipe }) => [recipe.name, recipe] as const);
    if (recipes.length === 0) throw usageError(`${place} has no recipe of ${asked?.join(', ')}`);
    return { name: path.basename(path.resolve(place)), recipes, unfit: [] };
  }
  const { name, data } = await loadRecipe(place, overrides);
  const classes = (await readDataset(data.path)).classes.length;
  const recipes: (readonly [string, Recipe])[] = [];
  const unfit: Row[] = [];
  for (const method of asked ?? NAMES) {
    try {
      const recipe = await loadRecipe(place, [`method.name=${method}`, ...overrides]);
      buildModel(recipe, classes);
      recipes.push([method, recipe]);
    } catch (thrown) {
      // Of all methods, those that have no place in this backbone are left out; of those that were asked for, none is.
      if (asked !== undefined || !(thrown instanceof PetlVideoError)) throw thrown;
      unfit.push({ method, failure: `not here: ${failureText(thrown)}` });
    }
  }
  return { name, recipes, unfit };
}

function report(rows: readonly Row[], recipes: Named, { reporter }: Context): void {
  const number = (count: number): string => count.toLocaleString('en-US');
  const failed = rows.some(({ failure }) => failure !== undefined);
  const table = formatTable(
    ['method', 'top-1 %', 'trained', 'without head', 'seconds', 'memory MiB', ...(failed ? ['why'] : [])],
    rows.map(({ method, result, failure }) => {
      if (result?.score === undefined) return [method, '', '', '', '', '', failure ?? ''];
      const { score, trained, trainedHead, seconds, peakMemoryBytes } = result;
      return [
        method,
        (100 * score.top1).toFixed(2),
        number(trained),
        number(trained - trainedHead),
        seconds.toFixed(1),
        (peakMemoryBytes / 2 ** 20).toFixed(0),
      ];
    }),
  );
  const [, recipe] = recipes[0] as Named[number];
  const score = rows.find(({ result }) => result?.score !== undefined)?.result?.score;
  const lines = [
    table,
    ...(score === undefined
      ? []
      : [`top-1: ${score.protocol.text}; over ${countsText(score, nounOf(score.protocol))}`]),
    `trained ${recipe.train.epochs} epochs, ${explainLearningRate(recipe)}, ${recipe.optim.name}, seed ${recipe.train.seed}: one recipe for all, tuned for none`,
    'seconds of training with its validations; memory of the process at most, without what lies on a graphics card',
  ];
  reporter.result(lines.join('\n'), rows);
}
