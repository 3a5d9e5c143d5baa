/** `petl-video train`: a recipe to a run. */
import { isFolder, loadRecipe, parseRecipe, type Recipe } from '../src/config/index.ts';
import { usageError } from '../src/errors/index.ts';
import { countsText } from '../src/eval/counts.ts';
import { nounOf } from '../src/eval/protocol.ts';
import type { Measured, TrainResult } from '../src/train/plan.ts';
import { CONFIG_FILE, readRunRecipe } from '../src/train/run-folder.ts';
import { runFolder } from './assemble.ts';
import type { Command, Context, Options } from './command.ts';
import { engineFlags, withEngine } from './engine-choice.ts';
import { trainMany } from './train-many.ts';
import { trainRecipe } from './train-recipe.ts';

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

function summary(folder: string, { data }: Recipe, { best, last, epochs }: TrainResult): string {
  const line = (which: string, { top1, epoch, videos }: Measured): string =>
    `${which}   top-1 ${percent(top1)}   (${data.validationSplit}, single view, epoch ${epoch}${videos === undefined ? '' : `; over ${countsText(videos, nounOf(data))}`})`;
  return [
    `trained ${epochs} epochs: ${folder}`,
    ...(last === null ? [] : [line('last', last)]),
    ...(best === null ? [] : [line('best', best)]),
    `evaluate it: petl-video evaluate ${folder}`,
  ].join('\n');
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
