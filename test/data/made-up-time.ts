/** Time that passes only when everybody waits for it: what takes minutes is played through at once, and always the same. */

export interface MadeUpTime {
  /** Milliseconds. */
  now(): number;
  sleep(ms: number): Promise<void>;
  /** Lets time pass until the work is done. */
  play<T>(work: () => Promise<T>): Promise<T>;
}

export function madeUpTime(): MadeUpTime {
  let now = 0;
  const sleepers: { at: number; wake(): void }[] = [];
  return {
    now: () => now,
    sleep: (ms) => new Promise((resolve) => sleepers.push({ at: now + ms, wake: resolve })),
    async play(work) {
      let done = false;
      const result = work().finally(() => {
        done = true;
      });
      // Whoever was woken may go on until he waits again: all his promises are settled before the next round of the loop.
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        if (done) return result;
        sleepers.sort((a, b) => a.at - b.at);
        const next = sleepers.shift();
        if (next === undefined) continue;
        now = next.at;
        next.wake();
      }
    },
  };
}
