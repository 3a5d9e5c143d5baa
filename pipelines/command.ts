/** What a `petl-video <command>` is: one file of this folder each, a description and a `run()`. */
import type { Readable } from 'node:stream';
import type { Environment } from '../src/setup/environment.ts';

export type { Environment };

export interface Progress {
  /** `done` of the total given at the start, and a few words on how it goes. */
  update(done: number, detail?: string): void;
  end(): void;
}

/** The way to the person in front of the program. Results go to stdout, everything else to stderr. */
export interface Reporter {
  /** The command's one result: `text` for people, or `json` when `--json` was given. */
  result(text: string, json: unknown): void;
  note(line: string): void;
  warn(line: string): void;
  /** A bar on a terminal, one line per interval otherwise. */
  progress(label: string, total: number): Progress;
}

/** Input and output of a command whose result comes while it runs. */
export interface Live {
  /** Standard input. @throws usage error where it is a terminal */
  input(): Readable;
  /**
   * One line of the result: `text` for people, or `json` on a line of its own when `--json` was given.
   * @returns whether anybody still reads
   */
  line(text: string, json: unknown): boolean;
}

export interface Context {
  readonly environment: Environment;
  readonly reporter: Reporter;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Absent where a command is run by another one. */
  readonly live?: Live;
}

export interface Argument {
  /** As commander writes it: `<file>` required, `[file]` optional, `<files...>` many. */
  readonly name: string;
  readonly description: string;
}

export interface Option {
  /** As commander writes it: `--out <folder>`, `--json`. */
  readonly flags: string;
  readonly description: string;
  readonly default?: string | boolean;
  /** May be given again and again: its value is the list of what was given. */
  readonly repeats?: true;
}

export interface Command {
  /** `train`, or `weights import` for a command below a command. */
  readonly name: string;
  readonly summary: string;
  readonly arguments: readonly Argument[];
  readonly options: readonly Option[];
  /** Whole command lines, shown by `--help`. */
  readonly examples: readonly string[];
  /** `values[i]` belongs to `arguments[i]`; options are keyed as commander does (`--dry-run` → `dryRun`). */
  run(values: readonly (string | readonly string[] | undefined)[], options: Options, context: Context): Promise<void>;
}

export type Options = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
