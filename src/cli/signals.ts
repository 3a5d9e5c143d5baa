/**
 * SIGINT and SIGTERM: the first asks the command to stop in good order, through an AbortSignal; the second SIGINT quits
 * at once.
 */

export interface Signals {
  readonly signal: AbortSignal;
  /** Exit code of the signal that came: 130 or 143. */
  exitCode(): number;
  dispose(): void;
}

const CODES = { SIGINT: 130, SIGTERM: 143 } as const;

export function watchSignals(note: (line: string) => void): Signals {
  const controller = new AbortController();
  let code: number = CODES.SIGINT;
  const handle = (name: keyof typeof CODES) => (): void => {
    if (controller.signal.aborted) process.exit(code);
    code = CODES[name];
    note(`${name}: stopping in good order; once more to quit at once`);
    controller.abort();
  };
  const onInterrupt = handle('SIGINT');
  const onTerminate = handle('SIGTERM');
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onTerminate);
  return {
    signal: controller.signal,
    exitCode: () => code,
    dispose() {
      process.off('SIGINT', onInterrupt);
      process.off('SIGTERM', onTerminate);
    },
  };
}
