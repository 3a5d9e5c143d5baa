/**
 * A loader in a thread of its own, whose memory the clips are shared with: decoding goes on while the model computes
 * (TensorFlow's operations block the thread that calls them), and no batch is copied on its way. Open it before the weights
 * are loaded, for it starts the decoder hosts (see ../video/host.ts).
 */
import { Worker } from 'node:worker_threads';
import { environmentError, Interrupted, messageOf } from '../errors/index.ts';
import { type PackedError, unpackError } from '../errors/packed.ts';
import type { Ffmpeg } from '../video/ffmpeg.ts';
import type { DecoderName } from '../video/library/load.ts';
import type { ClipSourceOptions } from './clip-source.ts';
import type { EntryLoader, EntryViews, TrainBatch, Views } from './loader.ts';
import type { Entry, SplitName } from './manifest.ts';

export interface LoaderThreadOptions {
  readonly ffmpeg: Ffmpeg;
  /** ffmpeg processes at once. */
  readonly concurrency: number;
  /** Default ffmpeg. */
  readonly decoder?: DecoderName | undefined;
  readonly source: ClipSourceOptions;
}

export type Request = { readonly id: number } & (
  | { readonly kind: 'trainBatch'; readonly split: SplitName; readonly entries: Uint32Array; readonly epoch: number }
  | { readonly kind: 'views'; readonly split: SplitName; readonly entry: number; readonly views: Views }
  | { readonly kind: 'viewsOf'; readonly entry: Entry; readonly views: Views }
);
/** `release` names the request whose clips are done with. */
export type Message = Request | { readonly release: number } | { readonly close: true };
type Sent<T> = T extends { release(): void } ? Omit<T, 'release'> : T;
export type Answer = { readonly id: number } & (
  | { readonly result: Sent<TrainBatch> | Sent<EntryViews> }
  | { readonly error: PackedError }
);
type Unnumbered = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;

export function openLoaderThread(options: LoaderThreadOptions): EntryLoader {
  const worker = new Worker(new URL('./loader-worker.js', import.meta.url), { workerData: options });
  const waiting = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  let requests = 0;
  let ended: Error | undefined;
  const exit = new Promise<void>((resolve) => {
    worker.once('exit', () => resolve());
  });
  const end = (error: Error): void => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  const post = (message: Message): void => worker.postMessage(message);
  worker.on('message', (answer: Answer) => {
    waiting.get(answer.id)?.resolve(answer);
    waiting.delete(answer.id);
  });
  worker.on('error', (error) => {
    end(
      environmentError(`the thread that loads clips ended: ${messageOf(error)}`, {
        remedy: 'see whether memory ran out',
        cause: error,
      }),
    );
  });
  worker.on('exit', () => end(environmentError('the thread that loads clips ended')));

  async function ask<Result>(request: Unnumbered): Promise<Result> {
    if (ended !== undefined) throw ended;
    const id = requests++;
    const answer = await new Promise<Answer>((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      post({ ...request, id } as Request);
    });
    if ('error' in answer) throw unpackError(answer.error);
    const { result } = answer;
    return ('clips' in result ? { ...result, release: () => post({ release: id }) } : result) as Result;
  }

  return {
    trainBatch: (split, entries, epoch) => ask<TrainBatch>({ kind: 'trainBatch', split, entries, epoch }),
    views: (split, entry, views) => ask<EntryViews>({ kind: 'views', split, entry, views }),
    viewsOf: (entry, views) => ask<EntryViews>({ kind: 'viewsOf', entry, views }),
    async close() {
      end(new Interrupted('the loader was closed'));
      post({ close: true });
      await exit;
    },
  };
}
