/**
 * What was read so far, one JSON line per file, appended while `prepare` works: a process killed at any moment goes on
 * from there, and a second run reads nothing. A file counts as the same while its size and time of change are the
 * same; one that could not be read is read again by another version of the reader.
 *
 * It is a cache: a line that is torn or strange is as if it were not there, and its file is read again.
 */
import { openLineJournal, readJournalLines } from '../formats/line-journal.ts';
import { isDisposable } from '../video/disposable.ts';
import type { VideoFacts } from '../video/facts.ts';
import { isSeeks } from '../video/seeks.ts';

/** Of what is looked for in a file: 2 tells pictures that ffmpeg made up, and proves seeks. Lines of another are read again. */
const VERSION = 2;

export interface FileState {
  readonly size: number;
  readonly mtimeMs: number;
}

export interface Journal {
  /** What was read of `file` when it was in this state. */
  find(file: string, state: FileState): VideoFacts | undefined;
  append(file: string, state: FileState, facts: VideoFacts): Promise<void>;
  close(): Promise<void>;
}

interface Reading {
  readonly state: FileState;
  readonly facts: VideoFacts;
  readonly reader: string;
}

/**
 * `reader` names what reads the files, with its version.
 *
 * @throws environment error when the file cannot be written: disk full, no permission.
 */
export async function openJournal(path: string, reader: string): Promise<Journal> {
  const readings = new Map<string, Reading>();
  for (const line of await readJournalLines(path)) {
    const read = parseLine(line);
    if (read !== undefined) readings.set(read.file, read);
  }
  const journal = await openLineJournal(path);
  return {
    find: (file, { size, mtimeMs }) => {
      const reading = readings.get(file);
      if (reading?.state.size !== size || reading.state.mtimeMs !== mtimeMs) return undefined;
      return reading.facts.verdict === 'unreadable' && reading.reader !== reader ? undefined : reading.facts;
    },
    append: (file, { size, mtimeMs }, facts) =>
      journal.append(JSON.stringify({ version: VERSION, file, size, mtimeMs, ...facts, reader })),
    close: () => journal.close(),
  };
}

function parseLine(line: string): (Reading & { file: string }) | undefined {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || value.version !== VERSION) return undefined;
  const { file, size, mtimeMs, frames, width, height, fps, verdict, reason, changesSize, seeks, disposable, reader } =
    value;
  const numbers = [size, mtimeMs, frames, width, height, fps];
  if (typeof file !== 'string' || typeof reader !== 'string' || !numbers.every((number) => typeof number === 'number'))
    return undefined;
  if (verdict !== 'ok' && verdict !== 'damaged' && verdict !== 'unreadable') return undefined;
  const facts = {
    frames,
    width,
    height,
    fps,
    verdict,
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(changesSize === true ? { changesSize } : {}),
    ...(isSeeks(seeks) ? { seeks } : {}),
    ...(isDisposable(disposable) ? { disposable } : {}),
  } as VideoFacts;
  return { file, state: { size: size as number, mtimeMs: mtimeMs as number }, facts, reader };
}
