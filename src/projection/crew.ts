/**
 * Threads over one shared memory: started for one job, gone with it. They take blocks of work from counters and wait for
 * each other at barriers; which thread did a block changes no result.
 */
import os from 'node:os';
import { Worker } from 'node:worker_threads';
import { environmentError, messageOf } from '../errors/index.ts';
import { unpackError } from '../errors/packed.ts';
import type { CrewData, CrewMessage, Job } from './crew-job.ts';
import type { SharedMemory } from './kernels.ts';
import type { Work } from './points.ts';

/** Counters, then those of the barrier; see `team.ts`. */
export const CONTROL_BYTES = 64;

export function threadsOf({ threads = Math.min(os.availableParallelism(), 8) }: Work): number {
  if (!Number.isInteger(threads) || threads < 1) throw new RangeError(`${threads} threads cannot be had`);
  return threads;
}

/** Runs the job to its end on so many threads. @throws the signal's reason; what a thread threw */
export async function runCrew(memory: SharedMemory, job: Job, threads: number, work: Work): Promise<void> {
  const { signal, onProgress } = work;
  signal?.throwIfAborted();
  const control = new SharedArrayBuffer(CONTROL_BYTES);
  const workers = Array.from({ length: threads }, (_, thread) => {
    const workerData: CrewData = { memory, control, thread, threads, job };
    return new Worker(new URL('./crew-worker.js', import.meta.url), { workerData });
  });
  let stop: (() => void) | undefined;
  // Messages of several threads come in any order.
  let most = 0;
  const advance = (done: number, total: number): void => {
    if (done <= most) return;
    most = done;
    onProgress?.(done, total);
  };
  try {
    const ends = workers.map(
      (worker) =>
        new Promise<void>((resolve, reject) => {
          worker.on('message', (message: CrewMessage) => {
            if ('error' in message) reject(unpackError(message.error));
            else advance(message.done, message.total);
          });
          worker.on('error', (cause) => {
            const what = `a thread of the projection ended: ${messageOf(cause)}`;
            reject(environmentError(what, { remedy: 'see whether memory ran out', cause }));
          });
          worker.on('exit', (code) => {
            if (code === 0) resolve();
            else reject(environmentError(`a thread of the projection ended with code ${code}`));
          });
        }),
    );
    const stopped = new Promise<never>((_, reject) => {
      stop = () => reject(signal?.reason);
      signal?.addEventListener('abort', stop, { once: true });
    });
    await Promise.race([Promise.all(ends), stopped]);
  } finally {
    if (stop !== undefined) signal?.removeEventListener('abort', stop);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
