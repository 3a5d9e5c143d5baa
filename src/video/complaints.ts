/**
 * What ffmpeg complains about, out of all that it says. It tells of pictures that it had to make up ("concealing 97 DC, 97 AC,
 * 97 MV errors in B frame") among its information, often with no error beside it, so that all of that must be read.
 */

/** Global options that make every line tell its level; see `complaints`. */
export const TELLING = ['-v', 'level+info', '-hide_banner', '-nostats'] as const;

const ERROR = /\[(?:error|fatal|panic)\] /;
const INFORMATION = /\[(?:info|warning|verbose|debug|trace)\] /;
const MADE_UP = /\bconcealing \d+/;

export interface Complaints {
  /** What came on standard error, in any pieces. */
  take(text: string): void;
  /** The first so many characters of what was a complaint; at the end. */
  all(): string;
}

/**
 * Keeps errors and words of made-up pictures. A line without a level comes from elsewhere (a loader, a script) before ffmpeg
 * speaks, and is kept; after that it is the rest of a tag's text.
 */
export function complaints(limit: number): Complaints {
  let kept = '';
  let rest = '';
  let speaks = false;
  const takeLine = (line: string): void => {
    const error = ERROR.test(line);
    const information = INFORMATION.test(line);
    speaks ||= error || information;
    const complains = error || MADE_UP.test(line) || (!information && !speaks);
    if (!complains || kept.length >= limit) return;
    kept = (kept + line.replace(ERROR, '').replace(INFORMATION, '')).slice(0, limit);
  };
  return {
    take(text) {
      const lines = (rest + text).split(/(?<=\n)/);
      rest = lines.at(-1)?.endsWith('\n') ? '' : (lines.pop() ?? '');
      for (const line of lines) takeLine(line);
    },
    all() {
      if (rest !== '') takeLine(rest);
      rest = '';
      return kept;
    },
  };
}
