/** The form of a rule between keys. */
import type { Recipe } from './schema.ts';

export interface Violation {
  /** The keys involved; the error points at the first that was written. */
  readonly keys: readonly [string, ...string[]];
  readonly what: string;
  readonly remedy?: string;
}

/** The sections that are right by themselves. */
export type Sections = Partial<Recipe>;
export type Rule = (recipe: Sections) => Violation | false | undefined;
