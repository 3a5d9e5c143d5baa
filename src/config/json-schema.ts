/** The recipe schema for editors: JSON Schema draft 7, which YAML language servers read. */
import { z } from 'zod';
import { BASIS } from './load-recipe.ts';
import type { RecipeSchema } from './schema.ts';

/**
 * The text of `configs/recipe.schema.json`. Nothing is required and variants are `anyOf`: a file may leave to its basis
 * whatever it likes, the discriminating name too. What is missing or contradictory is found when the recipe is loaded.
 */
export function recipeJsonSchema(schema: RecipeSchema): string {
  const file = schema.extend({
    extends: z.string().regex(BASIS).describe('File of the same folder, _base….yaml, that this one is laid over'),
  });
  const json = z.toJSONSchema(file, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema: node }) => {
      delete node.required;
      if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum;
      if (node.type === 'object' && JSON.stringify(node.default) === '{}') delete node.default;
      if (node.oneOf !== undefined) {
        node.anyOf = node.oneOf;
        delete node.oneOf;
      }
    },
  });
  return `${JSON.stringify({ title: 'petl-video recipe', ...json }, null, 2)}\n`;
}
