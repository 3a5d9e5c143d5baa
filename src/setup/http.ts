/**
 * HTTP for set-up: what may be tried again is, what cannot be helped becomes an error that says so. Node's own
 * `fetch` is used; up to Node 23 it knows no proxies, which the errors mention because that is where it hurts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, environmentError, messageOf, type PetlVideoError } from '../errors/index.ts';

export interface Retrying {
  readonly signal: AbortSignal;
  /** Tries in a row without progress before giving up. Default 5. */
  readonly tries?: number;
  /** Milliseconds before the second try, doubled each time, 30 s at most. Default 1000. */
  readonly backoff?: number;
}

/** A response or a broken connection that may be different next time. */
export class Temporary extends Error {
  override readonly name = 'Temporary';
  /** Whether this try got further than the one before: the count of tries then starts again. */
  readonly progressed: boolean;
  /** Milliseconds to wait, when the server said so. */
  readonly wait: number | undefined;

  constructor(message: string, details: { progressed?: boolean; wait?: number | undefined; cause?: unknown } = {}) {
    super(message, { cause: details.cause });
    this.progressed = details.progressed ?? false;
    this.wait = details.wait;
  }
}

/** Repeats `attempt` while it throws `Temporary`; the last of them becomes an environment error about `url`. */
export async function retrying<T>(url: string, options: Retrying, attempt: () => Promise<T>): Promise<T> {
  const { signal, tries = 5, backoff = 1000 } = options;
  for (let failed = 0; ; ) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Temporary)) throw error;
      failed = error.progressed ? 1 : failed + 1;
      if (failed >= tries) throw unreachable(url, error);
      const wait = error.wait ?? backoff * 2 ** (failed - 1);
      await sleep(Math.min(wait, 30_000), undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

/** No such host, nobody who listens, nobody to trust, a port that `fetch` does not even try. */
const HOPELESS = /ENOTFOUND|ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|certificate|bad port/i;

/**
 * One GET. Resolves with a response of status 200, 206 or 416.
 *
 * @throws `Temporary` for a broken connection, 408, 429 and 5xx; an environment error for any other status, and when
 *   there is no such host or nobody listens there, which waiting does not change
 */
export async function get(url: string, headers: Readonly<Record<string, string>>, signal: AbortSignal) {
  let response: Response;
  try {
    response = await fetch(url, { headers, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (HOPELESS.test(reasonOf(error))) throw unreachable(url, error);
    throw new Temporary(reasonOf(error), { cause: error });
  }
  if ([200, 206, 416].includes(response.status)) return response;
  await response.body?.cancel();
  const what = `${response.status} ${response.statusText}`.trim();
  if (response.status === 408 || response.status === 429 || response.status >= 500) {
    const after = Number(response.headers.get('retry-after'));
    throw new Temporary(what, { wait: after > 0 ? after * 1000 : undefined });
  }
  throw environmentError(`the server answered ${what}`, {
    at: withoutCredentials(url),
    remedy: 'check that PIP_INDEX_URL names a complete mirror of PyPI, or unset it to use PyPI itself',
  });
}

/** The reason of a failed `fetch`, whose own message is only "fetch failed". */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  // Several addresses tried, all in vain: the first reason stands for all.
  const reason = cause instanceof AggregateError ? cause.errors[0] : cause;
  if (!(reason instanceof Error)) return messageOf(error);
  return reason.message === '' ? (codeOf(reason) ?? messageOf(error)) : reason.message;
}

function unreachable(url: string, error: unknown): PetlVideoError {
  const reason = error instanceof Temporary ? error.message : reasonOf(error);
  const tls = /certificate/i.test(reason);
  return environmentError(`the download failed: ${reason}`, {
    at: withoutCredentials(url),
    remedy: tls
      ? 'name the authority that signs in your network: NODE_EXTRA_CA_CERTS=/path/to/ca.pem'
      : 'check the network; a mirror of PyPI can be named with PIP_INDEX_URL; behind a proxy use Node 24 and NODE_USE_ENV_PROXY=1',
    cause: error,
  });
}

/** The address without user name and password, fit for messages. */
export function withoutCredentials(url: string): string {
  try {
    const parsed = new URL(url);
    parsed.username = '';
    parsed.password = '';
    return parsed.href;
  } catch {
    return url;
  }
}
