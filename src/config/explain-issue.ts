/** zod's issues in the words of a recipe: which key, what it must be, what it is. */
import type { z } from 'zod';
import { nearest } from '../errors/nearest.ts';
import { describeKey, type Key, meantKey, shown } from './keys.ts';
import { dotted, type Path, type Places, placeOf, valueAt } from './places.ts';
import type { Problem } from './problems.ts';

type Issue = z.core.$ZodIssue;

export interface Written {
  readonly recipe: unknown;
  readonly places: Places;
  readonly keys: readonly Key[];
}

const TYPES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  object: 'a mapping',
  array: 'a list',
  tuple: 'a list',
};

const alternatives = (words: readonly string[]): string => {
  const unique = [...new Set(words)];
  return unique.length < 2 ? unique.join('') : `${unique.slice(0, -1).join(', ')} or ${unique.at(-1)}`;
};

/** The names that a discriminated union chooses by; zod sends them along without typing them. */
function variantNames(issue: Issue): string[] | undefined {
  // Among them undefined, where one is chosen by default.
  return 'options' in issue && Array.isArray(issue.options)
    ? issue.options.filter((option) => option !== undefined).map(String)
    : undefined;
}

/** What the value must be, as the end of "… must be". */
function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return alternatives(issue.values.map(String));
    case 'invalid_union':
      return alternatives(
        variantNames(issue) ??
          issue.errors.map((errors) => (errors[0] === undefined ? 'something else' : expectation(errors[0]))),
      );
    case 'too_small':
    case 'too_big': {
      const [bound, inclusive, strict] =
        issue.code === 'too_small' ? [issue.minimum, 'at least', 'above'] : [issue.maximum, 'at most', 'below'];
      if (issue.origin === 'array') return `a list of ${inclusive} ${bound}`;
      if (issue.origin === 'string') return 'text that is not empty';
      return `${issue.inclusive === false ? strict : inclusive} ${bound}`;
    }
    default:
      return issue.message;
  }
}

/** The words a mistyped one may be compared with. */
function choices(issue: Issue): string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code !== 'invalid_union') return [];
  return variantNames(issue) ?? issue.errors.flatMap((errors) => errors.flatMap(choices));
}

/** The alternative of a union that has the right form and goes wrong deeper down, if there is one. */
function nearMiss(issue: Issue): readonly Issue[] | undefined {
  if (issue.code !== 'invalid_union') return undefined;
  return issue.errors.find((errors) =>
    errors.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys'),
  );
}

function explainUnknown(section: Path, key: string, { recipe, places, keys }: Written): Problem {
  const path = [...section, key];
  const at = placeOf(places, path);
  const meant = meantKey(keys, recipe, section, key);
  if (meant === undefined) return { what: `${dotted(path)} is not a key`, at };
  const remedy = meant.description === undefined ? undefined : `${meant.path}: ${meant.description}`;
  if (meant.path === dotted(path)) {
    return {
      what: `${dotted(path)} belongs to ${meant.of?.name}, not to ${chosenOf(keys, recipe, meant)}`,
      at,
      remedy,
    };
  }
  return { what: `${dotted(path)} is not a key; did you mean ${meant.path}?`, at, remedy };
}

/** What the recipe has chosen in place of the key's own variant. */
function chosenOf(keys: readonly Key[], recipe: unknown, { of }: Key): string {
  const chosen = valueAt(recipe, [of?.section ?? '', of?.by ?? '']);
  const otherwise = keys.find((key) => key.of?.section === of?.section && key.of?.isDefault)?.of?.name;
  return shown(chosen ?? otherwise);
}

/** The problems that one issue stands for; `above` is the path of the union it was found in. */
export function explainIssue(issue: Issue, written: Written, above: Path = []): Problem[] {
  const { recipe, places, keys } = written;
  const path = [...above, ...issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => explainUnknown(path, key, written));
  const deeper = nearMiss(issue);
  if (deeper !== undefined && deeper.length > 0) return deeper.flatMap((inner) => explainIssue(inner, written, path));

  const name = dotted(path);
  const at = placeOf(places, path);
  const value = valueAt(recipe, path);
  const remedy = describeKey(keys, recipe, name);
  if (value === undefined) {
    const words = choices(issue);
    return [{ what: `${name} is missing${words.length === 0 ? '' : `: ${alternatives(words)}`}`, at, remedy }];
  }
  const word = typeof value === 'string' ? nearest(value, choices(issue)) : undefined;
  const hint = word === undefined ? '' : `; did you mean ${word}?`;
  const what =
    value === null
      ? `${name} is empty; it must be ${expectation(issue)}`
      : `${name} must be ${expectation(issue)}, not ${shown(value)}${hint}`;
  return [{ what, at, remedy }];
}
