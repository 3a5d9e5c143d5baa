/** Runs a command, and turns what it throws into an exit code. */
import type { Command, Context, Options } from '../../pipelines/command.ts';
import { Interrupted, messageOf, PetlVideoError, usageError } from '../errors/index.ts';
import { systemRefusal } from '../errors/system-refusal.ts';
import { readEnvironment } from '../setup/environment.ts';
import { parseWords } from './program.ts';
import { watchSignals } from './signals.ts';
import { terminal, wantsColor } from './terminal.ts';
import { watchOutput } from './watch-output.ts';

/** Runs one command line. @returns the process's exit code */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  let code = 0;
  const output = watchOutput(process.stdout, process.stderr);
  const wrong = await parseWords(words, async (command, values, options) => {
    code = await execute(command, values, options);
  });
  code = wrong ?? code;
  const failure = await output.failure();
  if (failure === undefined || code !== 0) return code;
  process.stderr.write(`${failure.kind} error: ${failure.message}\n`);
  return failure.exitCode;
}

async function execute(
  command: Command,
  values: readonly (string | readonly string[] | undefined)[],
  options: Options,
): Promise<number> {
  const color = wantsColor(process.stderr, process.env, options.color !== false);
  const reporter = terminal(
    { json: options.json === true, quiet: options.quiet === true, color },
    process.stdout,
    process.stderr,
  );
  const signals = watchSignals((line) => reporter.note(line));
  const { signal } = signals;
  const live = { input: standardInput, line: reporter.line };
  const context: Context = { environment: readEnvironment(process.env), reporter, signal, live };
  try {
    await command.run(values, options, context);
    return 0;
  } catch (thrown) {
    if (thrown instanceof Interrupted || (signals.signal.aborted && isAbort(thrown))) {
      const where = thrown instanceof Interrupted ? thrown.message : 'stopped before the end';
      process.stderr.write(`interrupted: ${where}\n`);
      return signals.exitCode();
    }
    const known = thrown instanceof PetlVideoError ? thrown : systemRefusal(thrown);
    process.stderr.write(known ? `${known.kind} error: ${known.message}\n` : `bug: ${messageOf(thrown)}\n`);
    if (known === undefined || options.verbose === true) {
      process.stderr.write(`${thrown instanceof Error ? thrown.stack : ''}\n`);
    }
    if (known === undefined) {
      process.stderr.write('This is a fault of petl-video; please report it with the lines above.\n');
    }
    return known?.exitCode ?? 1;
  } finally {
    signals.dispose();
  }
}

function standardInput(): typeof process.stdin {
  if (process.stdin.isTTY) {
    throw usageError('standard input is a terminal: there is no video in it', {
      remedy: 'pipe one into the command, as in: ffmpeg -i … -c copy -f matroska - | petl-video …',
    });
  }
  return process.stdin;
}

function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && (thrown.name === 'AbortError' || thrown.name === 'TimeoutError');
}
