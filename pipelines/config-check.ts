/** `petl-video config check`: whether recipes can be loaded; all problems of all of them. */
import { explainLearningRate, isFolder, loadRecipe, loadRecipes } from '../src/config/index.ts';
import { configError, PetlVideoError } from '../src/errors/index.ts';
import type { Command } from './command.ts';

export const configCheck: Command = {
  name: 'config check',
  summary: 'Check recipes without running them',
  arguments: [{ name: '<recipes...>', description: 'recipe files, or folders of them' }],
  options: [],
  examples: ['petl-video config check configs/*/*-vit-b.yaml', 'petl-video config check configs/vtab1k'],
  async run([files], _options, { reporter }) {
    const checked: { file: string; name: string; learningRate: string }[] = [];
    const faults: PetlVideoError[] = [];
    for (const file of files as readonly string[]) {
      try {
        const found = (await isFolder(file)) ? await loadRecipes(file) : [{ file, recipe: await loadRecipe(file) }];
        for (const { file, recipe } of found) {
          checked.push({ file, name: recipe.name, learningRate: explainLearningRate(recipe) });
        }
      } catch (thrown) {
        if (!(thrown instanceof PetlVideoError)) throw thrown;
        faults.push(thrown);
      }
    }
    const [only] = faults;
    if (only !== undefined && faults.length === 1) throw only;
    if (faults.length > 1) {
      throw configError(
        `${faults.length} recipes with problems\n\n${faults.map(({ message }) => message).join('\n\n')}`,
      );
    }
    reporter.result(checked.map(({ file, learningRate }) => `${file}: ok, ${learningRate}`).join('\n'), checked);
  },
};
