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
  /** The loop begins; time before does not count. */
  start(): void;
  /** The loop has nothing more to do before the next batch. */
  waits(): void;
  /** The batch is there. */
  arrived(): void;
  /** The model is done with it. */
  computed(clips: number, loss: number): void;
  read(): Reading;
}

export function meter(): Meter {
  /** When the last batch was done with, and since when the loop waits. */
  let done = 0;
  let waitsSince = 0;
  let wait = 0;
  const average = { clips: 0, loss: 0, seconds: 0, waiting: 0 };
  let batches = 0;
  const blend = (key: keyof typeof average, seen: number): void => {
    average[key] += Math.max(NEWEST, 1 / batches) * (seen - average[key]);
  };
  return {
    start() {
      done = performance.now();
      waitsSince = done;
    },
    waits() {
      waitsSince = performance.now();
    },
    arrived() {
      wait = (performance.now() - waitsSince) / 1000;
    },
    computed(clips, loss) {
      const now = performance.now();
      batches++;
      blend('clips', clips);
      blend('loss', loss);
      blend('seconds', (now - done) / 1000);
      blend('waiting', wait);
      done = now;
      waitsSince = now;
    },
    read: () => ({
      loss: average.loss,
      clipsPerSecond: average.clips / average.seconds,
      waiting: average.waiting / average.seconds,
    }),
  };
}
