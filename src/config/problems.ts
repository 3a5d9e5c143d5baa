/** Everything that is wrong with a recipe, gathered and thrown as one error. */
import { configError, type PetlVideoError } from '../errors/index.ts';

export interface Problem {
  readonly what: string;
  /** `file:line:column`, or the argument. */
  readonly at: string | undefined;
  /** What the key means, or what to do. */
  readonly remedy?: string | undefined;
}

/** Numbers in places compare as numbers: line 9 comes before line 10. */
const byPlace = new Intl.Collator('en', { numeric: true });

/** One problem reads like any other error; several are listed in the order of their places. */
export function recipeError(problems: readonly Problem[]): PetlVideoError {
  const [first, second] = problems;
  if (first !== undefined && second === undefined) {
    return configError(first.what, {
      ...(first.at === undefined ? {} : { at: first.at }),
      ...(first.remedy === undefined ? {} : { remedy: first.remedy }),
    });
  }
  const inOrder = problems.toSorted((a, b) => byPlace.compare(a.at ?? '', b.at ?? ''));
  const lines = inOrder.map(({ what, at, remedy }) => {
    const place = at === undefined ? '' : `${at}: `;
    return `\n  ${place}${what}${remedy === undefined ? '' : `\n    → ${remedy}`}`;
  });
  return configError(`${problems.length} problems in the recipe${lines.join('')}`);
}
