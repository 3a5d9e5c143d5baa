import { usageError } from '../src/errors/index.ts';
import { nearest } from '../src/errors/nearest.ts';

/** A word of an option that must be one of some. @throws PetlVideoError (usage) with the nearest and all of them */
export function oneOf<T extends string>(flag: string, word: string, known: readonly T[]): T {
  const found = known.find((name) => name === word);
  if (found !== undefined) return found;
  const meant = nearest(word, known);
  throw usageError(`${flag} ${word} is not known${meant === undefined ? '' : `; did you mean ${meant}?`}`, {
    remedy: `choose from ${known.join(', ')}`,
  });
}
