/** How a process of ffmpeg ended, in words. */

/** Undefined where it ended with code 0. */
export function failureOf(code: number | null, killer: NodeJS.Signals | null): string | undefined {
  if (code === 0) return undefined;
  return killer === null ? `ffmpeg ended with code ${code}` : `ffmpeg crashed (${killer})`;
}

/** Code with which ffmpeg ends after SIGTERM, SIGINT and the like, without a word; with words it is an error's code. */
const STOPPED = 255;
const KILLERS: readonly unknown[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'];

/** What is no fault of the file: somebody else ended ffmpeg. Undefined where nobody did. */
export function endedByOthers(code: number | null, killer: NodeJS.Signals | null, stderr: string): string | undefined {
  if (KILLERS.includes(killer)) return `ffmpeg was killed (${killer})`;
  return code === STOPPED && stderr === '' ? 'ffmpeg was told to stop by a signal' : undefined;
}
