/** Options of commands that are numbers. */
import { usageError } from '../src/errors/index.ts';
import type { Options } from './command.ts';

/** `dryRun` → `--dry-run`. */
export const flagOf = (key: string): string => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/**
 * A whole number from `least` to `most`; undefined where it was not given and has no default.
 * @throws PetlVideoError (usage) for anything else
 */
export function wholeNumber(
  options: Options,
  key: string,
  least = 1,
  most = Number.MAX_SAFE_INTEGER,
): number | undefined {
  const value = options[key];
  if (value === undefined) return undefined;
  if (/^\d+$/.test(String(value)) && Number(value) >= least && Number(value) <= most) return Number(value);
  throw usageError(`${flagOf(key)} is ${value}`, {
    remedy: `give a whole number from ${least}${most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : ''}`,
  });
}
