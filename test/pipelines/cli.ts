/**
 * The command line as a person has it: spawned, with what it leaves behind. Every process of a run carries a mark in its
 * environment, so that none can be overlooked and none of another run is taken for one of its own.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const MARK = 'PETL_VIDEO_TEST_MARK';
const TIMEOUT_MS = 60_000;

export interface Ran {
  /** The exit code; 128 + n where signal n ended it, as a shell says it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Command lines of the processes that it left behind (Linux; empty elsewhere). */
  readonly leftover: readonly string[];
}

export interface RunOptions {
  readonly folder: string;
  /** Set on top of this process's own variables; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Runs as this user. */
  readonly user?: number;
  /** A shell line in which `"$@"` is the command. */
  readonly shell?: string;
  /** A pipe to be written to; else there is no standard input. */
  readonly stdin?: 'pipe';
  /** Where stdout goes in place of a pipe: a file descriptor. */
  readonly stdout?: number;
}

export interface Running {
  readonly child: ChildProcess;
  /** What it has said on stderr so far. */
  said(): string;
  /** Resolves once stderr matches. */
  says(pattern: RegExp): Promise<void>;
  /** Other processes of this run now: pid and command line. */
  others(): Promise<ReadonlyMap<number, string>>;
  ended: Promise<Ran>;
}

export function start(words: readonly string[], { folder, env = {}, user, shell, stdin, stdout }: RunOptions): Running {
  const mark = randomUUID();
  const command = [process.execPath, MAIN, ...words];
  const [file, ...args] = shell === undefined ? command : ['bash', '-c', shell, 'bash', ...command];
  const child = spawn(file as string, args, {
    cwd: folder,
    env: { ...process.env, ...env, [MARK]: mark },
    stdio: [stdin ?? 'ignore', stdout ?? 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    ...(user === undefined ? {} : { uid: user, gid: user }),
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const others = async (): Promise<Map<number, string>> => {
    const found = await processesWith(`${MARK}=${mark}`);
    found.delete(child.pid as number);
    return found;
  };
  const ended = new Promise<Ran>((resolve, reject) => {
    child.on('error', reject);
    // 'exit', not 'close': a process left behind may hold the pipes open.
    child.on('exit', async (code, signal) => {
      const leftover = [...(await others()).values()];
      // What was written is still on its way through the pipes.
      await sleep(20);
      resolve({ code: code ?? (signal === 'SIGKILL' ? 137 : 128), ...output, leftover });
    });
  });
  return {
    child,
    said: () => output.stderr,
    async says(pattern) {
      const until = Date.now() + TIMEOUT_MS;
      while (!pattern.test(output.stderr)) {
        assert.ok(child.exitCode === null && Date.now() < until, `it never said ${pattern}:\n${output.stderr}`);
        await sleep(5);
      }
    },
    others,
    ended,
  };
}

export function run(words: readonly string[], options: RunOptions): Promise<Ran> {
  return start(words, options).ended;
}

/** Processes with the variable in their environment. Zombies have none. */
async function processesWith(variable: string): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  if (process.platform !== 'linux') return found;
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (!environment.split('\0').includes(variable)) continue;
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    found.set(Number(pid), line.replaceAll('\0', ' ').trim());
  }
  return found;
}

/** Half-written files and folders below `folder`. */
export async function unfinished(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => /(^|\/)\.[^/]*\.tmp$|(^|\/)\.unfinished-/.test(name));
}

export interface Refusal {
  readonly code: number;
  /** The first line, with the kind: `data error: …`. */
  readonly says: RegExp | string;
  /** What stands behind `at`. */
  readonly at?: RegExp | string;
  /** What stands behind the arrow. */
  readonly remedy?: RegExp | string;
  /** Whether the JSON document is on stdout all the same; else stdout must be empty. */
  readonly reports?: boolean;
}

/** Asserts that the run was refused in good order: the code, the message, and nothing left behind. */
export async function assertRefused(ran: Ran, folder: string, expected: Refusal): Promise<void> {
  const { stdout, stderr, leftover } = ran;
  assert.equal(ran.code, expected.code, stderr);
  assert.doesNotMatch(stderr, /^bug: |^ {4}at |Unhandled|Warning:/m);
  const lines = stderr.split('\n');
  const first = lines.findIndex((line) => matches(line, expected.says));
  assert.ok(first >= 0, `no line says ${expected.says}:\n${stderr}`);
  const behind = lines.slice(first + 1);
  for (const [mark, wanted] of [
    ['  at ', expected.at],
    ['  → ', expected.remedy],
  ] as const) {
    if (wanted === undefined) continue;
    const found = behind.find((line) => line.trimStart().startsWith(mark.trimStart()))?.trimStart();
    assert.ok(
      found !== undefined && matches(found.slice(mark.length - 2), wanted),
      `no '${mark}${wanted}' in:\n${stderr}`,
    );
  }
  if (expected.reports) JSON.parse(stdout);
  else assert.equal(stdout, '');
  assert.deepEqual(leftover, []);
  assert.deepEqual(await unfinished(folder), []);
}

/** Runs and asserts that it is refused. */
export async function refused(words: readonly string[], options: RunOptions, expected: Refusal): Promise<Ran> {
  const ran = await run(words, options);
  await assertRefused(ran, options.folder, expected);
  return ran;
}

/** Runs and asserts that it succeeds and leaves nothing running. */
export async function succeeds(words: readonly string[], options: RunOptions): Promise<Ran> {
  const ran = await run(words, options);
  assert.equal(ran.code, 0, ran.stderr);
  assert.deepEqual(ran.leftover, []);
  return ran;
}

const matches = (text: string, wanted: RegExp | string): boolean =>
  typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text);
