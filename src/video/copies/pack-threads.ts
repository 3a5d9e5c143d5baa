/** Packing videos on threads of their own: coding JPEGs is work for a processor, and each thread feeds one ffmpeg. */
import { Worker } from 'node:worker_threads';
import { environmentError } from '../../errors/index.ts';
import { type PackedError, unpackError } from '../../errors/packed.ts';
import type { Ffmpeg } from '../ffmpeg.ts';
import type { Copied, CopyTask } from './copy.ts';

export type PackAnswer = { readonly copied: Copied } | { readonly error: PackedError };

export interface PackThreads {
  /** Each call keeps a thread until it is done; there are as many threads as calls at once. @throws as `packVideo` */
  pack(task: CopyTask, signal: AbortSignal): Promise<Copied>;
  /** Ends the threads, which must be idle. */
  close(): Promise<void>;
}

interface PackThread {
  readonly worker: Worker;
  /** Of the task that it is at. */
  settle?: ((answer: PackAnswer | Error) => void) | undefined;
}

export function openPackThreads(ffmpeg: Ffmpeg): PackThreads {
  const all: PackThread[] = [];
  const idle: PackThread[] = [];

  function start(): PackThread {
    const thread: PackThread = { worker: new Worker(new URL('./pack-thread.js', import.meta.url)) };
    thread.worker.on('message', (answer: PackAnswer) => thread.settle?.(answer));
    thread.worker.on('error', (error: Error) => thread.settle?.(error));
    thread.worker.on('exit', () => thread.settle?.(environmentError('a thread that makes copies ended')));
    all.push(thread);
    return thread;
  }

  return {
    async pack(task, signal) {
      signal.throwIfAborted();
      const thread = idle.pop() ?? start();
      const onAbort = (): void => thread.worker.postMessage('stop');
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        const answer = await new Promise<PackAnswer | Error>((resolve) => {
          thread.settle = resolve;
          thread.worker.postMessage({ ffmpeg, task });
        });
        if (answer instanceof Error) throw answer;
        idle.push(thread);
        if ('copied' in answer) return answer.copied;
        throw signal.aborted ? signal.reason : unpackError(answer.error);
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    },
    async close() {
      await Promise.all(all.map(({ worker }) => worker.terminate()));
    },
  };
}
