/**
 * Errors that a person can act on. Each says what happened, where (file and line, or video id) and what to do;
 * the kind decides the exit code of the command line. Anything else that is thrown is a bug of ours (exit code 1).
 */

export const EXIT_CODES = {
  usage: 2,
  config: 3,
  data: 4,
  environment: 5,
  weights: 6,
  diverged: 7,
} as const;

export type ErrorKind = keyof typeof EXIT_CODES;

export interface ErrorDetails {
  /** Where: `file:line:column`, a file, a video id, a tensor's name. */
  readonly at?: string;
  /** What to do about it. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

export class PetlVideoError extends Error {
  override readonly name = 'PetlVideoError';
  readonly kind: ErrorKind;
  /** What happened; the message has where and what to do behind it. */
  readonly what: string;
  readonly at: string | undefined;
  readonly remedy: string | undefined;

  constructor(kind: ErrorKind, what: string, details: ErrorDetails = {}) {
    const where = details.at === undefined ? '' : `\n  at ${details.at}`;
    const remedy = details.remedy === undefined ? '' : `\n  → ${details.remedy}`;
    super(`${what}${where}${remedy}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.what = what;
    this.at = details.at;
    this.remedy = details.remedy;
  }

  get exitCode(): number {
    return EXIT_CODES[this.kind];
  }
}

/** Work that a signal stopped in good order; what was to be saved is saved. Exit code 128 + signal number. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Whether data is to blame (a video, a list, an archive), and not the environment or a bug. */
export function isDataError(thrown: unknown): thrown is PetlVideoError {
  return thrown instanceof PetlVideoError && thrown.kind === 'data';
}

type Make = (what: string, details?: ErrorDetails) => PetlVideoError;
const maker =
  (kind: ErrorKind): Make =>
  (what, details) =>
    new PetlVideoError(kind, what, details);

export const usageError = maker('usage');
export const configError = maker('config');
export const dataError = maker('data');
export const environmentError = maker('environment');
export const weightsError = maker('weights');
export const divergedError = maker('diverged');

/** The message of anything that can be thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The system's error code (`ENOENT`, `ENOSPC`, …) of anything that can be thrown, or undefined. */
export function codeOf(thrown: unknown): string | undefined {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
