/** `petl-video config show`: the recipe with everything filled in. */
import { explainLearningRate, loadRecipe, toYaml } from '../src/config/index.ts';
import type { Command } from './command.ts';

export const configShow: Command = {
  name: 'config show',
  summary: 'Print a recipe with its basis, overrides and defaults filled in',
  arguments: [
    { name: '<recipe>', description: 'recipe file' },
    { name: '[overrides...]', description: 'path=value, for example train.batch=8' },
  ],
  options: [],
  examples: [
    'petl-video config show configs/ssv2/adaptformer-vit-b.yaml',
    'petl-video config show configs/ssv2/adaptformer-vit-b.yaml method.bottleneck=4 optim.blr=0.05',
  ],
  async run([file, overrides], _options, { reporter }) {
    const recipe = await loadRecipe(file as string, (overrides ?? []) as readonly string[]);
    reporter.note(explainLearningRate(recipe));
    reporter.result(toYaml(recipe).trimEnd(), recipe);
  },
};
