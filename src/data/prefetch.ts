/**
 * Runs `make` over the items ahead of the consumer, `ahead` at a time, and yields the results in order. When the consumer
 * stops early, or a result fails, what is under way is awaited before the generator ends, so nothing runs on behind it.
 */
export async function* prefetch<Item, Result>(
  items: Iterable<Item>,
  ahead: number,
  make: (item: Item) => Promise<Result>,
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
      const result = await (pending.shift() as Promise<Result>);
      start();
      yield result;
    }
  } finally {
    await Promise.allSettled(pending);
  }
}
