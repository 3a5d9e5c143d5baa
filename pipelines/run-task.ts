/**
 * A task in a process of its own: its memory, devices and processes are gone when it ends, and where it dies it takes
 * nothing with it. What it says comes out here.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { environmentError } from '../src/errors/index.ts';
import { type PackedError, unpackError } from '../src/errors/packed.ts';
import type { Context, Environment, Progress } from './command.ts';
import { finishedTask, type Task, type TaskResult } from './task.ts';

export type TaskRequest = { readonly task: Task; readonly environment: Environment } | { readonly stop: true };

export type TaskAnswer =
  | { readonly note: string }
  | { readonly warn: string }
  | { readonly bar: number; readonly label: string; readonly total: number }
  | { readonly bar: number; readonly done: number; readonly detail: string | undefined }
  | { readonly bar: number; readonly end: true }
  | { readonly result: TaskResult }
  | { readonly error: PackedError };

/**
 * The task's result, from the folder where it has been finished before.
 * @throws what the task throws; PetlVideoError (environment) where its process dies; Interrupted on abort, all saved
 */
export async function runTask(task: Task, context: Context): Promise<TaskResult> {
  const known = await finishedTask(task);
  if (known !== undefined) {
    context.reporter.note(`${task.folder} is finished`);
    return known;
  }
  context.signal.throwIfAborted();
  const child = fork(new URL('./task-child.js', import.meta.url), {
    // What libraries print must not get between the results on stdout.
    stdio: ['ignore', 2, 'inherit', 'ipc'],
    // A process group of its own: Ctrl-C is for the parent, which has it stop in good order.
    detached: process.platform !== 'win32',
  });
  const send = (request: TaskRequest): void => {
    if (child.connected) child.send(request, undefined, undefined, () => {});
  };
  const stop = (): void => send({ stop: true });
  context.signal.addEventListener('abort', stop, { once: true });
  try {
    send({ task, environment: context.environment });
    return await outcomeOf(child, context);
  } finally {
    context.signal.removeEventListener('abort', stop);
    child.kill('SIGKILL');
  }
}

function outcomeOf(child: ChildProcess, { reporter }: Context): Promise<TaskResult> {
  const bars = new Map<number, Progress>();
  let outcome: TaskResult | Error | undefined;
  child.on('message', (answer: TaskAnswer) => {
    if ('note' in answer) reporter.note(answer.note);
    else if ('warn' in answer) reporter.warn(answer.warn);
    else if ('label' in answer) bars.set(answer.bar, reporter.progress(answer.label, answer.total));
    else if ('done' in answer) bars.get(answer.bar)?.update(answer.done, answer.detail);
    else if ('end' in answer) bars.get(answer.bar)?.end();
    else if ('result' in answer) outcome = answer.result;
    else outcome = unpackError(answer.error);
  });
  return new Promise((resolve, reject) => {
    child.on('error', (error) => {
      reject(environmentError(`a process cannot be started: ${error.message}`, { cause: error }));
    });
    child.on('exit', (code, signal) => {
      for (const bar of bars.values()) bar.end();
      if (outcome instanceof Error) reject(outcome);
      else if (outcome !== undefined) resolve(outcome);
      else {
        reject(
          environmentError(`the process of the run ended (${signal ?? `code ${code}`})`, {
            remedy: 'see whether memory ran out; the same command goes on from the last checkpoint',
          }),
        );
      }
    });
  });
}
