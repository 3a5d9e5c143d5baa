/** A thread's way to share work with the others of its crew. */

export interface Team {
  readonly thread: number;
  readonly threads: number;
  /** The next number below `end` that no other thread took since the last barrier, or −1. */
  take(end: number): number;
  /** Waits until all threads are here. */
  meet(): void;
  report(done: number, total: number): void;
}

const TAKEN = 0;
const ARRIVED = 1;
const ROUND = 2;

export function joinTeam(
  control: SharedArrayBuffer,
  thread: number,
  threads: number,
  report: (done: number, total: number) => void,
): Team {
  const words = new Int32Array(control);
  return {
    thread,
    threads,
    take(end) {
      const taken = Atomics.add(words, TAKEN, 1);
      return taken < end ? taken : -1;
    },
    meet() {
      const round = Atomics.load(words, ROUND);
      if (Atomics.add(words, ARRIVED, 1) < threads - 1) {
        while (Atomics.load(words, ROUND) === round) Atomics.wait(words, ROUND, round);
        return;
      }
      Atomics.store(words, ARRIVED, 0);
      Atomics.store(words, TAKEN, 0);
      Atomics.add(words, ROUND, 1);
      Atomics.notify(words, ROUND);
    },
    report,
  };
}
