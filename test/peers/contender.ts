/** One way to decode, as processes pinned to some cores that are given visits and answer when each is done. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { cpuMsOf } from './cpu.ts';

export interface ContenderOptions {
  readonly name: string;
  /** Program and arguments of one worker. */
  readonly command: readonly string[];
  readonly workers: number;
  /** Visits that a worker is given at once; the next follows an answer. */
  readonly ahead: number;
  /** As `taskset -c` takes them. */
  readonly cores: string;
}

export interface Round {
  readonly wallMs: number;
  readonly cpuMs: number;
}

export interface Contender {
  readonly name: string;
  run(visits: readonly number[]): Promise<Round>;
  close(): Promise<void>;
}

interface Worker {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  /** The next line of its output. @throws when it ended */
  answer(): Promise<string>;
}

function startWorker({ command, cores }: ContenderOptions): Worker {
  const child = spawn('taskset', ['-c', cores, ...command], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    async answer() {
      const { done, value } = await lines.next();
      if (done) throw new Error(`${command.join(' ')} ended`);
      return value;
    },
  };
}

/** Starts the workers; rejects where one does not come up, such as for want of a package. */
export async function openContender(options: ContenderOptions): Promise<Contender> {
  const workers = Array.from({ length: options.workers }, () => startWorker(options));
  const close = async (): Promise<void> => {
    await Promise.all(
      workers.map(async ({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exit = once(child, 'exit');
        child.stdin.end();
        await exit;
      }),
    );
  };
  try {
    await Promise.all(workers.map((worker) => worker.answer()));
  } catch (thrown) {
    await close();
    throw thrown;
  }
  const cpu = (): number => workers.reduce((sum, { child }) => sum + cpuMsOf(child.pid as number), 0);
  return {
    name: options.name,
    async run(visits) {
      const queue = [...visits];
      const before = cpu();
      const start = performance.now();
      await Promise.all(
        workers.map(async ({ child, answer }) => {
          let outstanding = 0;
          const give = (): void => {
            const next = queue.shift();
            if (next === undefined) return;
            child.stdin.write(`${next}\n`);
            outstanding++;
          };
          for (let i = 0; i < options.ahead; i++) give();
          while (outstanding > 0) {
            await answer();
            outstanding--;
            give();
          }
        }),
      );
      return { wallMs: performance.now() - start, cpuMs: cpu() - before };
    },
    close,
  };
}
