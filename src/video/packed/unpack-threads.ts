/**
 * Unpacking on threads that share the memory of the clips: a packed clip takes 7 to 9 ms of a processor, and its way
 * through a process and a socket took 5 more.
 */
import { openThreads } from '../threads.ts';
import type { Visit } from '../visit.ts';

export interface UnpackTask {
  readonly visit: Visit;
  /** Shared. */
  readonly into: Uint8Array;
}

export interface UnpackThreads {
  /** All clips of a visit into the memory given; each call keeps a thread until it is done. @throws as `unpackVisit` */
  unpack(visit: Visit, into: Uint8Array, signal: AbortSignal): Promise<void>;
  /** Ends the threads, which must be idle. */
  close(): Promise<void>;
}

export function openUnpackThreads(): UnpackThreads {
  const threads = openThreads<UnpackTask, void>(new URL('./unpack-thread.js', import.meta.url), 'unpacks clips');
  return {
    async unpack(visit, into, signal) {
      if (into.buffer instanceof SharedArrayBuffer) return threads.run({ visit, into }, signal);
      const shared = new Uint8Array(new SharedArrayBuffer(into.length));
      await threads.run({ visit, into: shared }, signal);
      into.set(shared);
    },
    close: () => threads.close(),
  };
}
