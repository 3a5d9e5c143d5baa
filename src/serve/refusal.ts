/** Answers that are none: an HTTP status, and in words what is wrong and what to do. */
import { messageOf, PetlVideoError } from '../errors/index.ts';
import { systemRefusal } from '../errors/system-refusal.ts';

export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly remedy: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, what: string, remedy?: string, headers: Readonly<Record<string, string>> = {}) {
    super(what);
    this.status = status;
    this.remedy = remedy;
    this.headers = headers;
  }
}

/** The client went away: nobody reads an answer. */
export class Gone extends Error {
  override readonly name = 'Gone';
}

export function tooLarge(limit: number): Refusal {
  return new Refusal(
    413,
    `the file is larger than ${megabytes(limit)}`,
    'cut it shorter, or start the server with a larger --max-upload',
  );
}

export const megabytes = (bytes: number): string => `${Number((bytes / 1e6).toPrecision(3))} MB`;

const STATUSES = { data: 400, usage: 400, environment: 503 } as const;

/**
 * What is thrown in the course of a request, as a refusal. A bug of ours says no more than that it is one: the terminal does.
 * @param hidden a path that no client is to read
 */
export function refusalOf(thrown: unknown, hidden: string): Refusal {
  if (thrown instanceof Refusal) return thrown;
  const known = thrown instanceof PetlVideoError ? thrown : systemRefusal(thrown);
  if (known === undefined) return new Refusal(500, 'a fault of petl-video', 'see the terminal in which it runs');
  const status = known.kind in STATUSES ? STATUSES[known.kind as keyof typeof STATUSES] : 500;
  return new Refusal(status, known.what.replaceAll(hidden, 'the file'), known.remedy);
}

/** For the terminal: all there is to know of a fault. */
export function faultText(thrown: unknown): string {
  return (thrown instanceof Error && thrown.stack) || messageOf(thrown);
}
