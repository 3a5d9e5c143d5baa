/** `petl-video config schema`: the recipe schema for editors. `configs/recipe.schema.json` is its output. */
import { recipeJsonSchema, recipeSchema } from '../src/config/index.ts';
import { methods } from '../src/petl/index.ts';
import type { Command } from './command.ts';

export const configSchema: Command = {
  name: 'config schema',
  summary: 'Print the JSON schema of recipes, for completion in editors',
  arguments: [],
  options: [],
  examples: ['petl-video config schema > configs/recipe.schema.json'],
  async run(_values, _options, { reporter }) {
    const text = recipeJsonSchema(recipeSchema(methods));
    reporter.result(text.trimEnd(), JSON.parse(text));
  },
};
