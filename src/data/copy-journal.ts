/**
 * What was copied so far, one JSON line per copy, appended while `prepare` works; as `probe-journal.ts` is for reading. It is a
 * cache: a line that is torn or strange is as if it were not there, and its copy is made again.
 */
import { openLineJournal, readJournalLines } from '../formats/line-journal.ts';
import type { Copied, CopyKind } from '../video/copies/copy.ts';
import type { FileState } from './probe-journal.ts';

/** A copy, or why there is none. */
export type CopyResult = { readonly copied: Copied } | { readonly failure: string };

export interface CopyJournal {
  /** What came of copying `file` in this way when it was in this state. */
  find(file: string, state: FileState, kind: CopyKind): CopyResult | undefined;
  append(file: string, state: FileState, kind: CopyKind, result: CopyResult): Promise<void>;
  close(): Promise<void>;
}

type Line = FileState & CopyResult & { readonly file: string; readonly kind: CopyKind; readonly maker: string };

/** `maker` names what copies, with its version: what failed with one is tried again with another. */
export async function openCopyJournal(path: string, maker: string): Promise<CopyJournal> {
  const lines = new Map<string, Line>();
  for (const line of (await readJournalLines(path)).map(parseLine))
    if (line !== undefined) lines.set(keyOf(line.file, line.kind), line);
  const journal = await openLineJournal(path);
  return {
    find(file, { size, mtimeMs }, kind) {
      const line = lines.get(keyOf(file, kind));
      if (line === undefined || line.size !== size || line.mtimeMs !== mtimeMs) return undefined;
      return 'failure' in line && line.maker !== maker ? undefined : line;
    },
    append: (file, { size, mtimeMs }, kind, result) =>
      journal.append(JSON.stringify({ file, size, mtimeMs, kind, ...result, maker } satisfies Line)),
    close: () => journal.close(),
  };
}

const keyOf = (file: string, kind: CopyKind): string => `${JSON.stringify(Object.entries(kind).sort())} ${file}`;

function parseLine(text: string): Line | undefined {
  try {
    const line = JSON.parse(text) as Partial<Line> & { copied?: Partial<Copied>; failure?: unknown };
    const sound =
      typeof line.file === 'string' &&
      typeof line.size === 'number' &&
      typeof line.mtimeMs === 'number' &&
      typeof line.kind?.kind === 'string' &&
      (typeof line.failure === 'string' || (typeof line.copied?.bytes === 'number' && isFacts(line.copied.facts)));
    return sound ? (line as Line) : undefined;
  } catch {
    return undefined;
  }
}

function isFacts(facts: Partial<Copied['facts']> | undefined): boolean {
  const numbers = [facts?.frames, facts?.width, facts?.height, facts?.fps];
  return numbers.every((number) => typeof number === 'number');
}
