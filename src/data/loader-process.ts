/**
 * A loader in a process of its own. Decoding goes on while the model computes (TensorFlow's operations block the thread that
 * calls them), and starting ffmpeg stays cheap: a fork copies page tables, which takes 3 ms from this small process and
 * 20 ms and more from one that holds weights. Open it before the weights are loaded.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { environmentError, Interrupted, messageOf } from '../errors/index.ts';
import { type PackedError, unpackError } from '../errors/packed.ts';
import type { Ffmpeg } from '../video/ffmpeg.ts';
import type { ClipSourceOptions } from './clip-source.ts';
import type { EntryViews, Loader, TrainBatch, Views } from './loader.ts';
import type { SplitName } from './manifest.ts';

export interface LoaderProcessOptions {
  readonly ffmpeg: Ffmpeg;
  /** ffmpeg processes at once. */
  readonly concurrency: number;
  readonly source: ClipSourceOptions;
}

/** The first message. */
export interface Opening {
  readonly open: LoaderProcessOptions;
}
export type Request = { readonly id: number } & (
  | { readonly kind: 'trainBatch'; readonly split: SplitName; readonly entries: Uint32Array; readonly epoch: number }
  | { readonly kind: 'views'; readonly split: SplitName; readonly entry: number; readonly views: Views }
);
export type Answer = { readonly id: number } & (
  | { readonly result: TrainBatch | EntryViews }
  | { readonly error: PackedError }
);
type Unnumbered = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;

export function openLoaderProcess(options: LoaderProcessOptions): Loader {
  const child = fork(new URL('./loader-child.js', import.meta.url), {
    serialization: 'advanced',
    // A process group of its own: Ctrl-C is for the parent, which saves a checkpoint first.
    detached: process.platform !== 'win32',
  });
  const waiting = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  let requests = 0;
  let ended: Error | undefined;
  const end = (error: Error): void => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  child.on('message', (answer: Answer) => {
    waiting.get(answer.id)?.resolve(answer);
    waiting.delete(answer.id);
  });
  child.on('error', (error) => {
    if (child.pid === undefined) {
      end(
        environmentError(`the process that decodes videos could not be started: ${messageOf(error)}`, {
          remedy: 'see whether memory or the number of processes (ulimit -u) ran out',
          cause: error,
        }),
      );
      return;
    }
    // A message that cannot be sent: the process is gone or no longer listens, and 'exit' says how it ended.
    child.kill('SIGKILL');
  });
  child.on('exit', (code, signal) => {
    end(
      environmentError(`the process that decodes videos ended (${signal ?? `code ${code}`})`, {
        remedy: 'see whether memory ran out',
      }),
    );
  });
  child.send({ open: options } satisfies Opening);

  async function ask<Result>(request: Unnumbered): Promise<Result> {
    if (ended !== undefined) throw ended;
    const id = requests++;
    const answer = await new Promise<Answer>((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      child.send({ ...request, id });
    });
    if ('error' in answer) throw unpackError(answer.error);
    return answer.result as Result;
  }

  return {
    trainBatch: (split, entries, epoch) => ask<TrainBatch>({ kind: 'trainBatch', split, entries, epoch }),
    views: (split, entry, views) => ask<EntryViews>({ kind: 'views', split, entry, views }),
    async close() {
      if (ended !== undefined) return;
      const exit = once(child, 'exit');
      end(new Interrupted('the loader was closed'));
      child.disconnect();
      await exit;
    },
  };
}
