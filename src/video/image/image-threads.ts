/**
 * Images decoded on threads that share the memory of the clips. A small one takes less time than a message, so that a
 * thread is handed several at once.
 */
import { dataError } from '../../errors/index.ts';
import type { PackedError } from '../../errors/packed.ts';
import type { Place } from '../receiver.ts';
import { openThreads } from '../threads.ts';
import type { ImageOutcome } from './image-visit.ts';

export interface ImagesTask {
  readonly places: readonly Place[];
  /** Shared; 0 once nobody waits for the images any more. */
  readonly given: Int32Array;
}

export type ImageAnswer = ImageOutcome | { readonly error: PackedError };

export interface ImageThreads {
  /**
   * One answer for each image, in their order; each call keeps a thread until it is done.
   * @throws data error where nothing comes of them for too long; the signal's reason on abort
   */
  decode(places: readonly Place[], signal: AbortSignal): Promise<readonly ImageAnswer[]>;
  /** Ends the threads. */
  close(): Promise<void>;
}

/** How long a thread that hangs in the system is waited for at the end. */
const PATIENCE_MS = 5000;

export function openImageThreads(inactivityMs: number): ImageThreads {
  const threads = openThreads<ImagesTask, ImageAnswer[]>(new URL('./image-thread.js', import.meta.url), 'reads images');
  return {
    async decode(places, signal) {
      const given = new Int32Array(new SharedArrayBuffer(4)).fill(1);
      const shared = places.map(({ visit, into }) => ({ visit, into: sharedMemory(into) }));
      const { promise: stalled, stop } = after(inactivityMs, () =>
        dataError(`the file gave nothing for ${inactivityMs / 1000} s`, { at: places[0]?.visit.file ?? '' }),
      );
      try {
        const answers = await Promise.race([threads.run({ places: shared, given }, signal), stalled]);
        for (const [i, { into }] of places.entries()) {
          const memory = (shared[i] as Place).into;
          if (memory !== into) into.set(memory);
        }
        return answers;
      } finally {
        stop();
        Atomics.store(given, 0, 0);
      }
    },
    async close() {
      const { promise: late, stop } = after(PATIENCE_MS, () => undefined);
      await Promise.race([threads.close(), late.catch(() => {})]);
      stop();
    },
  };
}

function sharedMemory(into: Uint8Array): Uint8Array {
  return into.buffer instanceof SharedArrayBuffer ? into : new Uint8Array(new SharedArrayBuffer(into.length));
}

/** A promise that rejects after so many milliseconds, unless it is stopped. */
function after(ms: number, error: () => unknown): { promise: Promise<never>; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(error()), ms);
  });
  // Nobody may be waiting any more.
  promise.catch(() => {});
  return { promise, stop: () => clearTimeout(timer) };
}
