/** The far side of `run-task.ts`: one task, and the end. */
import { Interrupted } from '../src/errors/index.ts';
import { packError } from '../src/errors/packed.ts';
import { systemRefusal } from '../src/errors/system-refusal.ts';
import type { Environment, Reporter } from './command.ts';
import type { TaskAnswer, TaskRequest } from './run-task.ts';
import { completeTask, type Task } from './task.ts';

// Whoever stops a whole job signals every process of it; the parent says when to stop, and it is enough to hear it once.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
// Whatever is not saved is lost to the parent too: its next call goes on from the checkpoint, and must be alone with it.
const orphaned = (): void => void process.kill(process.pid, 'SIGKILL');
process.once('disconnect', orphaned);

const stopping = new AbortController();

function answer(message: TaskAnswer): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) resolve();
    else process.send(message, undefined, undefined, () => resolve());
  });
}

process.on('message', async (request: TaskRequest) => {
  if ('stop' in request) {
    stopping.abort();
    return;
  }
  await answer(await outcomeOf(request.task, request.environment));
  process.off('disconnect', orphaned);
  process.disconnect();
});

async function outcomeOf(task: Task, environment: Environment): Promise<TaskAnswer> {
  const { signal } = stopping;
  try {
    return { result: await completeTask(task, { environment, reporter: reporter(), signal }) };
  } catch (thrown) {
    const told = thrown instanceof Interrupted || !signal.aborted;
    const cause = told ? (systemRefusal(thrown) ?? thrown) : new Interrupted(`stopped: ${task.folder}`);
    return { error: packError(cause) };
  }
}

function reporter(): Reporter {
  let bars = 0;
  return {
    result() {
      throw new Error('a task prints no result of its own');
    },
    note: (note) => void answer({ note }),
    warn: (warn) => void answer({ warn }),
    progress(label, total) {
      const bar = bars++;
      void answer({ bar, label, total });
      return {
        update: (done, detail) => void answer({ bar, done, detail }),
        end: () => void answer({ bar, end: true }),
      };
    },
  };
}
