/** How many are looked after: some at once, some in a queue, and for the rest a time to come back. */
import pLimit from 'p-limit';
import { orAborted } from './or-aborted.ts';
import { Refusal } from './refusal.ts';

export interface QueueOptions {
  /** Answered at once. */
  readonly atOnce: number;
  /** Uploading or waiting for their turn beside them. */
  readonly waiting: number;
}

export interface Queue {
  /** Lets a request in until `work` is done. @throws Refusal 503 where all places are taken */
  admit<T>(work: () => Promise<T>): Promise<T>;
  /** Runs `work` when it is its turn. @throws the signal's reason as soon as it is aborted, its turn or not */
  turn<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

export function openQueue({ atOnce, waiting }: QueueOptions): Queue {
  const limit = pLimit(atOnce);
  const places = atOnce + waiting;
  let taken = 0;
  let seconds = 1;
  return {
    async admit(work) {
      if (taken >= places) {
        const after = Math.max(1, Math.ceil((places / atOnce) * seconds));
        throw new Refusal(503, `${places} uploads are waiting already`, `come back in ${after} s`, {
          'Retry-After': String(after),
        });
      }
      taken++;
      try {
        return await work();
      } finally {
        taken--;
      }
    },
    turn(work, signal) {
      const inTurn = () =>
        limit(async () => {
          signal.throwIfAborted();
          const start = performance.now();
          const result = await work();
          seconds = (performance.now() - start) / 1000;
          return result;
        });
      return orAborted(inTurn, signal);
    },
  };
}
