/** From words to a command with its values and options, by commander. */
import { Command as Commander, CommanderError } from 'commander';
import type { Command, Options } from '../../pipelines/command.ts';
import { commands, groups, listingOf } from '../../pipelines/index.ts';
import { version } from '../../pipelines/version.ts';
import { EXIT_CODES } from '../errors/index.ts';

export type Action = (
  command: Command,
  values: readonly (string | readonly string[] | undefined)[],
  options: Options,
) => Promise<void>;

/**
 * Calls `action` for the command that the words name. What is wrong with them, and what `--help` and `--version` say, is printed.
 * @returns the exit code where no command was called, else undefined
 */
export async function parseWords(words: readonly string[], action: Action): Promise<number | undefined> {
  const program = new Commander('petl-video')
    .description('Fine-tune Vision Transformers for action recognition by training a few per cent of extra parameters')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(--help shows the options)')
    .showSuggestionAfterError();
  const called = listingOf(words);
  for (const { load } of called === undefined ? commands : [called]) addCommand(program, await load(), action);
  try {
    await program.parseAsync(words, { from: 'user' });
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    return thrown.exitCode === 0 ? 0 : EXIT_CODES.usage;
  }
}

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
  added.action(() => action(command, added.processedArgs, added.opts()));
}

function addGroup(program: Commander, word: string): Commander {
  return program
    .command(word)
    .description(groups[word] ?? word)
    .exitOverride();
}
