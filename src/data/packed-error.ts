/** Errors across threads: structured cloning keeps an error's message but not its class. */
import { type ErrorKind, Interrupted, messageOf, PetlVideoError } from '../errors/index.ts';

export interface PackedError {
  readonly kind: ErrorKind | 'interrupted' | 'bug';
  readonly message: string;
  readonly stack: string | undefined;
}

export function packError(thrown: unknown): PackedError {
  const kind = thrown instanceof PetlVideoError ? thrown.kind : thrown instanceof Interrupted ? 'interrupted' : 'bug';
  return { kind, message: messageOf(thrown), stack: thrown instanceof Error ? thrown.stack : undefined };
}

export function unpackError({ kind, message, stack }: PackedError): Error {
  if (kind === 'interrupted') return new Interrupted(message);
  if (kind !== 'bug') return new PetlVideoError(kind, message);
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
