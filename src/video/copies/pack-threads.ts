/** Packing videos on threads of their own: coding JPEGs is work for a processor, and each thread feeds one ffmpeg. */
import type { Ffmpeg } from '../ffmpeg.ts';
import { openThreads } from '../threads.ts';
import type { Copied, CopyTask } from './copy.ts';

export interface PackTask {
  readonly ffmpeg: Ffmpeg;
  readonly task: CopyTask;
}

export interface PackThreads {
  /** Each call keeps a thread until it is done; there are as many threads as calls at once. @throws as `packVideo` */
  pack(task: CopyTask, signal: AbortSignal): Promise<Copied>;
  /** Ends the threads, which must be idle. */
  close(): Promise<void>;
}

export function openPackThreads(ffmpeg: Ffmpeg): PackThreads {
  const threads = openThreads<PackTask, Copied>(new URL('./pack-thread.js', import.meta.url), 'makes copies');
  return { pack: (task, signal) => threads.run({ ffmpeg, task }, signal), close: () => threads.close() };
}
