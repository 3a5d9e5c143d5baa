/**
 * Runs `make` over the items ahead of the consumer, `ahead` at a time, and yields the results in order. When the consumer
 * stops early, or a result fails, what is under way is awaited before the generator ends, so nothing runs on behind it.
 *
 * When `signal` aborts, its reason is thrown at once and nothing is awaited: a decoder may stand still for half a minute,
 * and whoever sent the signal may not wait so long. What is under way ends with the loader that the caller closes.
 */
export async function* prefetch<Item, Result>(
  items: Iterable<Item>,
  ahead: number,
  make: (item: Item) => Promise<Result>,
  signal?: AbortSignal,
): AsyncGenerator<Result> {
  const pending: Promise<Result>[] = [];
  const source = items[Symbol.iterator]();
  const start = (): void => {
    const { done, value } = source.next();
    if (done) return;
    const result = make(value);
    // A failure is met when its turn comes; until then it must not count as unhandled.
    result.catch(() => {});
    pending.push(result);
  };
  try {
    for (let i = 0; i < Math.max(1, ahead); i++) start();
    while (pending.length > 0) {
      const result = await orAbort(pending.shift() as Promise<Result>, signal);
      start();
      yield result;
    }
  } finally {
    if (signal?.aborted !== true) await Promise.allSettled(pending);
  }
}

/** The result, or the signal's reason as soon as it aborts. */
function orAbort<Result>(result: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (signal === undefined) return result;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
