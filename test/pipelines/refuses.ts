/** A command that refuses, called in this process: many cases in the time that starting the program takes for one. */
import assert from 'node:assert/strict';
import type { Command, Live, Options, Reporter } from '../../pipelines/command.ts';
import type { ErrorKind } from '../../src/errors/index.ts';
import { readEnvironment } from '../../src/setup/environment.ts';

const SILENT: Reporter = {
  result: () => assert.fail('there is a result'),
  note: () => {},
  warn: () => {},
  progress: () => ({ update: () => {}, end: () => {} }),
};

const MUTE: Live = {
  input: () => assert.fail('standard input was wanted'),
  line: () => assert.fail('there is a line of a result'),
};

/** In `folder`, with options as the command line would hand them over. */
export async function refuses(
  command: Command,
  folder: string,
  [first, ...overrides]: readonly string[],
  options: Options,
  expected: { readonly kind: ErrorKind; readonly message: RegExp },
): Promise<void> {
  const defaults = command.options.flatMap(({ flags, default: value }) => {
    const name = /--([a-z-]+)/.exec(flags)?.[1]?.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    return value === undefined ? [] : [[name, value] as const];
  });
  const { signal } = new AbortController();
  const context = { environment: readEnvironment(process.env), reporter: SILENT, signal, live: MUTE };
  const before = process.cwd();
  process.chdir(folder);
  try {
    await assert.rejects(
      command.run([first, overrides], { ...Object.fromEntries(defaults), ...options }, context),
      expected,
    );
  } finally {
    process.chdir(before);
  }
}
