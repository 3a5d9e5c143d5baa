/** The person's side of a command: results on stdout, everything else on stderr, bars only on a terminal. */
import type { Live, Progress, Reporter } from '../../pipelines/command.ts';

export interface TerminalOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly color: boolean;
}

/** Between two lines of progress where stderr is no terminal; longer in a long run, which would fill a log otherwise. */
const LINE_INTERVAL_MS = { least: 10_000, most: 60_000, shareOfRun: 0.05 } as const;
const BAR_INTERVAL_MS = 100;
const BAR_CELLS = { least: 8, most: 24 } as const;

type Stream = NodeJS.WriteStream;

export function terminal(options: TerminalOptions, stdout: Stream, stderr: Stream): Reporter & Pick<Live, 'line'> {
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
  const bars = (label: string, total: number): Progress => {
    let shown = Number.NEGATIVE_INFINITY;
    let cells: number = BAR_CELLS.most;
    return {
      update(done, detail = '') {
        const now = performance.now();
        if (done < total && now - shown < BAR_INTERVAL_MS) return;
        shown = now;
        clear();
        const words = `${String(done).padStart(String(total).length)}/${total} ${detail}`.trimEnd();
        // A line that wraps cannot be cleared. A bar that has shrunk stays so, or it would jump with the detail's length.
        const widest = (stderr.columns ?? 80) - 1;
        cells = Math.min(cells, widest - label.length - words.length - 2);
        const full = Math.round((total === 0 ? 1 : Math.min(1, done / total)) * cells);
        bar =
          cells < BAR_CELLS.least
            ? `${label} ${words}`.slice(0, widest)
            : `${label} ${'━'.repeat(full)}${paint(90, '┄'.repeat(cells - full))} ${words}`;
        stderr.write(bar);
      },
      end() {
        clear();
        bar = undefined;
      },
    };
  };
  /** Nothing before the first interval is over: what is quick says its result alone. */
  const lines = (label: string, total: number): Progress => {
    const start = performance.now();
    let shown = start;
    let last: number | undefined;
    return {
      update(done, detail = '') {
        const now = performance.now();
        const { least, most, shareOfRun } = LINE_INTERVAL_MS;
        const due = now - shown >= Math.min(most, Math.max(least, shareOfRun * (now - start)));
        const ends = done >= total && last !== undefined && last < done;
        if (!due && !ends) return;
        shown = now;
        last = done;
        stderr.write(`${label} ${done}/${total} ${detail}`.trimEnd().concat('\n'));
      },
      end() {},
    };
  };
  return {
    result(text, json) {
      clear();
      const document = options.json ? JSON.stringify(json, null, 2) : text;
      stdout.write(document.endsWith('\n') ? document : `${document}\n`);
    },
    line(text, json) {
      clear();
      stdout.write(`${options.json ? JSON.stringify(json) : text}\n`);
      if (bar !== undefined) stderr.write(bar);
      return stdout.writable && stdout.errored === null;
    },
    note(text) {
      if (!options.quiet) line(text);
    },
    warn: (text) => line(`${paint(33, 'warning')} ${text}`),
    progress(label, total): Progress {
      if (options.quiet) return { update: () => {}, end: () => {} };
      return stderr.isTTY ? bars(label, total) : lines(label, total);
    },
  };
}

/** Colour only on a terminal, off with NO_COLOR or `--no-color`, forced by FORCE_COLOR. */
export function wantsColor(stream: Stream, variables: NodeJS.ProcessEnv, asked: boolean): boolean {
  if (!asked || variables.NO_COLOR) return false;
  return Boolean(variables.FORCE_COLOR) || Boolean(stream.isTTY);
}
