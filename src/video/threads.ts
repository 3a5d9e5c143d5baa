/** Work for a processor on threads of their own: as many as there are tasks at once, kept for the next ones. */
import { parentPort, Worker } from 'node:worker_threads';
import { environmentError, Interrupted } from '../errors/index.ts';
import { type PackedError, packError, unpackError } from '../errors/packed.ts';

export interface Threads<Task, Result> {
  /** Each call keeps a thread until it is done. @throws what the task throws there; the signal's reason on abort */
  run(task: Task, signal: AbortSignal): Promise<Result>;
  /** Ends the threads, which must be idle. */
  close(): Promise<void>;
}

type Answer<Result> = { readonly result: Result } | { readonly error: PackedError };

interface Thread<Result> {
  readonly worker: Worker;
  /** Of the task that it is at. */
  settle?: ((answer: Answer<Result> | Error) => void) | undefined;
}

export interface ThreadsOptions {
  /** Whether the process may end while threads are idle, though nobody closed them. */
  readonly mayEnd?: boolean;
}

/** @param program what each thread runs, which calls `serveTasks`; `what` it does, for messages */
export function openThreads<Task, Result>(
  program: URL,
  what: string,
  { mayEnd = false }: ThreadsOptions = {},
): Threads<Task, Result> {
  const all: Thread<Result>[] = [];
  const idle: Thread<Result>[] = [];

  function start(): Thread<Result> {
    const thread: Thread<Result> = { worker: new Worker(program) };
    thread.worker.on('message', (answer: Answer<Result>) => thread.settle?.(answer));
    thread.worker.on('error', (error: Error) => thread.settle?.(error));
    thread.worker.on('exit', () => thread.settle?.(environmentError(`a thread that ${what} ended`)));
    all.push(thread);
    return thread;
  }

  return {
    async run(task, signal) {
      signal.throwIfAborted();
      const thread = idle.pop() ?? start();
      const onAbort = (): void => thread.worker.postMessage('stop');
      signal.addEventListener('abort', onAbort, { once: true });
      if (mayEnd) thread.worker.ref();
      try {
        const answer = await new Promise<Answer<Result> | Error>((resolve) => {
          thread.settle = resolve;
          thread.worker.postMessage({ task });
        });
        if (answer instanceof Error) throw answer;
        idle.push(thread);
        if (mayEnd) thread.worker.unref();
        if ('result' in answer) return answer.result;
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

/** The far side of `openThreads`: does one task after the other. */
export function serveTasks<Task, Result>(work: (task: Task, signal: AbortSignal) => Promise<Result>): void {
  let stop = new AbortController();
  parentPort?.on('message', async (message: { task: Task } | 'stop') => {
    if (message === 'stop') {
      stop.abort(new Interrupted('the thread was told to stop'));
      return;
    }
    stop = new AbortController();
    const answer = await work(message.task, stop.signal).then(
      (result): Answer<Result> => ({ result }),
      (thrown: unknown): Answer<Result> => ({ error: packError(thrown) }),
    );
    parentPort?.postMessage(answer);
  });
}
