/** Speed and loss of the run under way, for people: an average over the recent past. */

/** Weight of the newest batch in the moving averages. */
const NEWEST = 0.05;

export interface Reading {
  /** Moving average. */
  readonly loss: number;
  readonly clipsPerSecond: number;
  /** Share of the time that went into waiting for clips. */
  readonly waiting: number;
}

export interface Meter {
  /** The loop begins to wait for a batch. */
  start(): void;
  /** The batch is there. */
  arrived(): void;
  /** Its gradients are computed; the loop waits for the next. */
  computed(clips: number, loss: number): void;
  read(): Reading;
}

export function meter(): Meter {
  let mark = 0;
  let wait = 0;
  const average: { loss: number; seconds: number; waiting: number } = { loss: 0, seconds: 0, waiting: 0 };
  let clipsOfBatch = 1;
  let batches = 0;
  const blend = (old: number, seen: number): number => {
    const weight = Math.max(NEWEST, 1 / batches);
    return old + weight * (seen - old);
  };
  return {
    start() {
      mark = performance.now();
    },
    arrived() {
      wait = (performance.now() - mark) / 1000;
    },
    computed(clips, loss) {
      const now = performance.now();
      batches++;
      clipsOfBatch = clips;
      average.loss = blend(average.loss, loss);
      average.seconds = blend(average.seconds, (now - mark) / 1000);
      average.waiting = blend(average.waiting, wait);
      mark = now;
    },
    read: () => ({
      loss: average.loss,
      clipsPerSecond: clipsOfBatch / average.seconds,
      waiting: average.waiting / average.seconds,
    }),
  };
}
