/** Items that come one by one, as batches, read ahead while the batch before is worked on. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface BatchesOptions {
  /** Items of a batch, and items that wait for the next one, at most. */
  readonly most: number;
  /** How long a batch waits for more once its first item is there. */
  readonly patienceMs: number;
}

/**
 * Full batches where items come faster than they are worked on; else what has come until the patience is over. What the
 * source returns at its end is returned. The source is read on while a batch is worked on; who stops early must end it himself.
 */
export async function* inBatches<Item, End>(
  source: AsyncIterator<Item, End>,
  { most, patienceMs }: BatchesOptions,
): AsyncGenerator<Item[], End> {
  const waiting: Item[] = [];
  let over: { readonly end: End } | { readonly thrown: unknown } | undefined;
  let came = (): void => {};
  let taken = (): void => {};
  let stopped = false;

  const read = async (): Promise<void> => {
    try {
      while (!stopped) {
        const next = await source.next();
        if (next.done) {
          over = { end: next.value };
          break;
        }
        waiting.push(next.value);
        came();
        if (waiting.length >= most) {
          await new Promise<void>((resolve) => {
            taken = resolve;
          });
        }
      }
    } catch (thrown) {
      over = { thrown };
    }
    came();
  };
  const reading = read();
  const more = (): Promise<void> =>
    new Promise((resolve) => {
      came = resolve;
    });

  try {
    for (;;) {
      while (waiting.length === 0 && over === undefined) await more();
      const patience = new AbortController();
      const enough = sleep(patienceMs, true, { signal: patience.signal }).catch(() => true);
      while (waiting.length > 0 && waiting.length < most && over === undefined) {
        if (await Promise.race([more(), enough])) break;
      }
      patience.abort();
      if (waiting.length === 0) {
        if (over !== undefined && 'thrown' in over) throw over.thrown;
        return (over as { end: End }).end;
      }
      const batch = waiting.splice(0, most);
      taken();
      yield batch;
    }
  } finally {
    stopped = true;
    taken();
    // A source that was ended meanwhile may throw; nobody waits for it any more.
    reading.catch(() => {});
  }
}
