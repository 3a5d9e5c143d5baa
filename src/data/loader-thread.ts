/**
 * A loader on a thread of its own, so that decoding goes on while the model computes: TensorFlow's operations block the
 * thread that calls them. Requests are answered in any order; clips are transferred, not copied.
 */
import { Worker } from 'node:worker_threads';
import { Interrupted } from '../errors/index.ts';
import type { Ffmpeg } from '../video/ffmpeg.ts';
import type { ClipSourceOptions } from './clip-source.ts';
import type { EntryViews, Loader, TrainBatch, Views } from './loader.ts';
import type { SplitName } from './manifest.ts';
import { type PackedError, unpackError } from './packed-error.ts';

export interface ThreadOptions {
  readonly ffmpeg: Ffmpeg;
  /** ffmpeg processes at once. */
  readonly concurrency: number;
  readonly source: ClipSourceOptions;
}

export type Request = { readonly id: number } & (
  | { readonly kind: 'trainBatch'; readonly split: SplitName; readonly entries: Uint32Array; readonly epoch: number }
  | { readonly kind: 'views'; readonly split: SplitName; readonly entry: number; readonly views: Views }
  | { readonly kind: 'close' }
);
export type Answer = { readonly id: number } & (
  | { readonly result: TrainBatch | EntryViews | undefined }
  | { readonly error: PackedError }
);
type Unnumbered = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;

export function loaderThread(options: ThreadOptions): Loader {
  const worker = new Worker(new URL('./loader-worker.js', import.meta.url), { workerData: options });
  const waiting = new Map<number, { resolve(result: Answer): void; reject(error: Error): void }>();
  let requests = 0;
  let ended: Error | undefined;
  const end = (error: Error): void => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  worker.on('message', (answer: Answer) => {
    waiting.get(answer.id)?.resolve(answer);
    waiting.delete(answer.id);
  });
  worker.on('error', end);
  worker.on('exit', () => end(new Interrupted('the loader was closed')));

  async function ask(request: Unnumbered): Promise<TrainBatch | EntryViews | undefined> {
    if (ended !== undefined) throw ended;
    const id = requests++;
    const answer = await new Promise<Answer>((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      worker.postMessage({ ...request, id } as Request);
    });
    if ('error' in answer) throw unpackError(answer.error);
    return answer.result;
  }

  return {
    trainBatch: (split, entries, epoch) =>
      ask({ kind: 'trainBatch', split, entries, epoch } as Unnumbered) as Promise<TrainBatch>,
    views: (split, entry, views) => ask({ kind: 'views', split, entry, views } as Unnumbered) as Promise<EntryViews>,
    async close() {
      if (ended !== undefined) return;
      await ask({ kind: 'close' } as Unnumbered);
      await worker.terminate();
    },
  };
}
