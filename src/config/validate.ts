/** A put-together source against the schema and the rules: the recipe, or all of its problems at once. */
import { explainIssue, type Written } from './explain-issue.ts';
import { keysOf } from './keys.ts';
import { placeOf, type Source } from './places.ts';
import { type Problem, recipeError } from './problems.ts';
import type { Violation } from './rule.ts';
import { violations } from './rules.ts';
import type { Recipe, RecipeSchema } from './schema.ts';

/** The sections that are right, for the rules to go on with. */
function soundSections(schema: RecipeSchema, value: Source['value']): Partial<Recipe> {
  const entries = Object.entries(schema.shape).flatMap(([key, section]) => {
    const parsed = section.safeParse(value[key]);
    return parsed.success ? [[key, parsed.data]] : [];
  });
  return Object.fromEntries(entries);
}

function explainViolation({ keys, what, remedy }: Violation, { places }: Source): Problem {
  const written = keys.find((key) => places.has(key)) ?? keys[0];
  return { what, at: placeOf(places, written.split('.')), remedy };
}

/** @throws config error naming every problem, with file, line and column */
export function validate(schema: RecipeSchema, source: Source): Recipe {
  const parsed = schema.safeParse(source.value);
  if (parsed.success) {
    const broken = violations(parsed.data);
    if (broken.length === 0) return parsed.data;
    throw recipeError(broken.map((violation) => explainViolation(violation, source)));
  }
  const written: Written = { recipe: source.value, places: source.places, keys: keysOf(schema) };
  throw recipeError([
    ...parsed.error.issues.flatMap((issue) => explainIssue(issue, written)),
    ...violations(soundSections(schema, source.value)).map((violation) => explainViolation(violation, source)),
  ]);
}
