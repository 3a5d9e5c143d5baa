/** Errors on their way from one process to another: structured cloning keeps an error's message but not its class. */
import { type ErrorKind, Interrupted, messageOf, PetlVideoError } from './index.ts';

export type PackedError =
  | {
      readonly kind: ErrorKind;
      readonly what: string;
      readonly at: string | undefined;
      readonly remedy: string | undefined;
    }
  | { readonly kind: 'interrupted' | 'bug'; readonly message: string; readonly stack: string | undefined };

export function packError(thrown: unknown): PackedError {
  if (thrown instanceof PetlVideoError) {
    const { kind, what, at, remedy } = thrown;
    return { kind, what, at, remedy };
  }
  const kind = thrown instanceof Interrupted ? 'interrupted' : 'bug';
  return { kind, message: messageOf(thrown), stack: thrown instanceof Error ? thrown.stack : undefined };
}

export function unpackError(packed: PackedError): Error {
  if ('what' in packed) {
    const { kind, what, at, remedy } = packed;
    return new PetlVideoError(kind, what, { ...(at && { at }), ...(remedy && { remedy }) });
  }
  if (packed.kind === 'interrupted') return new Interrupted(packed.message);
  const error = new Error(packed.message);
  if (packed.stack !== undefined) error.stack = packed.stack;
  return error;
}
