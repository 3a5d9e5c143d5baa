/** From words to a command, and from what it throws to an exit code. */
import { Command as Commander, CommanderError } from 'commander';
import type { Command, Context, Options } from '../../pipelines/command.ts';
import { commands, groups, listingOf } from '../../pipelines/index.ts';
import { version } from '../../pipelines/version.ts';
import { EXIT_CODES, Interrupted, messageOf, PetlVideoError, usageError } from '../errors/index.ts';
import { systemRefusal } from '../errors/system-refusal.ts';
import { readEnvironment } from '../setup/environment.ts';
import { watchSignals } from './signals.ts';
import { terminal, wantsColor } from './terminal.ts';
import { watchOutput } from './watch-output.ts';

/** Runs one command line. @returns the process's exit code */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  let code = 0;
  const output = watchOutput(process.stdout, process.stderr);
  const program = new Commander('petl-video')
    .description('Fine-tune Vision Transformers for action recognition by training a few per cent of extra parameters')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(--help shows the options)')
    .showSuggestionAfterError();
  const called = listingOf(words);
  for (const { load } of called === undefined ? commands : [called]) {
    const command = await load();
    addCommand(program, command, async (values, options) => {
      code = await execute(command, values, options);
    });
  }
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    code = thrown.exitCode === 0 ? 0 : EXIT_CODES.usage;
  }
  const failure = await output.failure();
  if (failure === undefined || code !== 0) return code;
  process.stderr.write(`${failure.kind} error: ${failure.message}\n`);
  return failure.exitCode;
}

type Action = (values: readonly (string | readonly string[] | undefined)[], options: Options) => Promise<void>;

function addCommand(program: Commander, command: Command, action: Action): void {
  const words = command.name.split(' ');
  const leaf = words.pop() as string;
  const parent = words.reduce((at, word) => at.commands.find((c) => c.name() === word) ?? addGroup(at, word), program);
  const added = parent.command(leaf).description(command.summary).exitOverride();
  for (const { name, description } of command.arguments) added.argument(name, description);
  for (const { flags, description, default: value, repeats } of command.options) {
    if (repeats) added.option(flags, description, (text: string, before: readonly string[] = []) => [...before, text]);
    else added.option(flags, description, value);
  }
  added.option('--json', 'print the result as one JSON document');
  added.option('--quiet', 'no progress, no notes');
  added.option('--verbose', 'show the stack of an error');
  added.option('--no-color', 'no colours');
  added.addHelpText('after', `\nExamples:\n${command.examples.map((example) => `  $ ${example}`).join('\n')}`);
  added.action(() => action(added.processedArgs, added.opts()));
}

function addGroup(program: Commander, word: string): Commander {
  return program
    .command(word)
    .description(groups[word] ?? word)
    .exitOverride();
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
