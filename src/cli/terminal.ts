/** The person's side of a command: results on stdout, everything else on stderr, bars only on a terminal. */
import type { Progress, Reporter } from '../../pipelines/command.ts';

export interface TerminalOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly color: boolean;
}

/** Between two lines of progress where stderr is no terminal. */
const LINE_INTERVAL_MS = 10_000;
const BAR_INTERVAL_MS = 100;
const BAR_WIDTH = 24;

type Stream = NodeJS.WriteStream;

export function terminal(options: TerminalOptions, stdout: Stream, stderr: Stream): Reporter {
  const paint = (code: number, text: string): string => (options.color ? `\u001b[${code}m${text}\u001b[0m` : text);
  let bar: string | undefined;
  const clear = (): void => {
    if (bar !== undefined) stderr.write('\r\u001b[2K');
  };
  const line = (text: string): void => {
    clear();
    stderr.write(`${text}\n`);
    if (bar !== undefined) stderr.write(bar);
  };
  return {
    result(text, json) {
      clear();
      const document = options.json ? JSON.stringify(json, null, 2) : text;
      stdout.write(document.endsWith('\n') ? document : `${document}\n`);
    },
    note(text) {
      if (!options.quiet) line(text);
    },
    warn: (text) => line(`${paint(33, 'warning')} ${text}`),
    progress(label, total): Progress {
      if (options.quiet) return { update: () => {}, end: () => {} };
      let shown = 0;
      const draw = (done: number, detail: string): void => {
        const share = total === 0 ? 1 : Math.min(1, done / total);
        if (stderr.isTTY) {
          const full = Math.round(share * BAR_WIDTH);
          const cells = `${'━'.repeat(full)}${paint(90, '━'.repeat(BAR_WIDTH - full))}`;
          const text = `${label} ${cells} ${done}/${total} ${detail}`;
          clear();
          bar = options.color ? text : text.slice(0, (stderr.columns ?? 120) - 1);
          stderr.write(bar);
        } else {
          stderr.write(`${label} ${done}/${total} ${detail}\n`.replace(/ +\n/, '\n'));
        }
      };
      return {
        update(done, detail = '') {
          const now = performance.now();
          if (done < total && now - shown < (stderr.isTTY ? BAR_INTERVAL_MS : LINE_INTERVAL_MS)) return;
          shown = now;
          draw(done, detail);
        },
        end() {
          clear();
          bar = undefined;
        },
      };
    },
  };
}

/** Colour only on a terminal, off with NO_COLOR or `--no-color`, forced by FORCE_COLOR. */
export function wantsColor(stream: Stream, variables: NodeJS.ProcessEnv, asked: boolean): boolean {
  if (!asked || variables.NO_COLOR) return false;
  return Boolean(variables.FORCE_COLOR) || Boolean(stream.isTTY);
}
