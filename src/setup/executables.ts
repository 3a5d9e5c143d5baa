/** Finding programs on the search path and running them: short runs whose output is wanted as text. */
import { spawn } from 'node:child_process';
import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '../errors/index.ts';

export interface Ran {
  /** undefined when the program could not be started, was killed by a signal or ran out of time. */
  readonly code: number | undefined;
  readonly stdout: string;
  /** What the program said on stderr; or why it could not be run. */
  readonly stderr: string;
  readonly ms: number;
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the program is killed. Default 30 s. */
  readonly timeout?: number;
  /** Environment variables set on top of the process's own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly folder?: string;
}

const LONGEST_OUTPUT = 1 << 20;

/** Runs a program to its end. Resolves whatever the outcome; rejects only with the signal's reason. */
export async function runProgram(file: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  options.signal?.throwIfAborted();
  const start = performance.now();
  const ran = await new Promise<Ran>((resolve) => {
    const output = { stdout: '', stderr: '' };
    const end = (code: number | undefined, why = ''): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', kill);
      resolve({ ...output, code, stderr: output.stderr + why, ms: performance.now() - start });
    };
    const timeout = options.timeout ?? 30_000;
    const child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.folder === undefined ? {} : { cwd: options.folder }),
      ...(options.env === undefined ? {} : { env: { ...process.env, ...options.env } }),
    });
    // SIGTERM would do for most, but a program that hangs is exactly one that may not answer it.
    const kill = (): void => void child.kill('SIGKILL');
    const timer = setTimeout(() => {
      output.stderr += `no answer within ${timeout / 1000} s\n`;
      kill();
    }, timeout);
    options.signal?.addEventListener('abort', kill, { once: true });
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        if (output[name].length < LONGEST_OUTPUT) output[name] += text;
      });
    }
    child.on('error', (error) => end(undefined, messageOf(error)));
    child.on('close', (code, killedBy) => end(code ?? undefined, killedBy === null ? '' : `killed by ${killedBy}`));
  });
  options.signal?.throwIfAborted();
  return ran;
}

/** The first executable file of that name in the folders of `searchPath`, or undefined. */
export async function findOnPath(name: string, searchPath: string): Promise<string | undefined> {
  const endings = process.platform === 'win32' ? ['.exe', ''] : [''];
  for (const folder of searchPath.split(path.delimiter)) {
    if (!path.isAbsolute(folder)) continue;
    for (const ending of endings) {
      const file = path.join(folder, name + ending);
      if (await isExecutable(file)) return file;
    }
  }
  return undefined;
}

export async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

export async function isReadable(file: string): Promise<boolean> {
  try {
    await access(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
