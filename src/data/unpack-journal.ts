/**
 * What was unpacked so far, one JSON line for each member and one for each archive that was read to its end, so that no
 * archive is opened twice. A torn or strange line is as if it were not there: its archive is opened again, and what is on
 * the disk is not written again.
 */
import { type LineJournal, openLineJournal, readJournalLines } from '../formats/line-journal.ts';

export interface ArchiveState {
  readonly archive: string;
  readonly size: number;
  readonly mtimeMs: number;
}

interface Known extends ArchiveState {
  /** Absolute paths of what it holds and their bytes. */
  readonly files: Map<string, number>;
  /** How many, once it was read to its end. */
  done?: number;
}

export interface UnpackJournal {
  /** The files of an archive that was read to its end in this state; undefined for any other. */
  finished(state: ArchiveState): ReadonlyMap<string, number> | undefined;
  /** The files that are known of an archive in this state. */
  filesOf(state: ArchiveState): ReadonlyMap<string, number>;
  /** The archive that a file came from, if any. */
  ownerOf(file: string): string | undefined;
  member(state: ArchiveState, file: string, bytes: number): Promise<void>;
  done(state: ArchiveState): Promise<void>;
  close(): Promise<void>;
}

/** Adds to what is known what a journal holds. */
export async function readUnpacked(file: string, known: Map<string, Known> = new Map()): Promise<Map<string, Known>> {
  for (const line of await readJournalLines(file)) {
    const value = parseLine(line);
    if (value === undefined) continue;
    const own = knownOf(known, value);
    if (value.file !== undefined) own.files.set(value.file, value.bytes ?? 0);
    else own.done = Math.max(own.done ?? 0, value.done ?? 0);
  }
  return known;
}

/** An archive that has changed is another one. */
function knownOf(known: Map<string, Known>, { archive, size, mtimeMs }: ArchiveState): Known {
  const before = known.get(archive);
  if (before !== undefined && before.size === size && before.mtimeMs === mtimeMs) return before;
  const fresh = { archive, size, mtimeMs, files: new Map<string, number>() };
  known.set(archive, fresh);
  return fresh;
}

/** @throws environment error when the file cannot be written */
export async function openUnpackJournal(file: string): Promise<UnpackJournal> {
  const known = await readUnpacked(file);
  const owners = new Map<string, string>();
  for (const { archive, files } of known.values()) for (const name of files.keys()) owners.set(name, archive);
  let journal: LineJournal | undefined;
  // Opened with the first line: a run that unpacks nothing leaves no file and changes none.
  const write = async (value: object): Promise<void> => {
    journal ??= await openLineJournal(file);
    await journal.append(JSON.stringify(value));
  };
  const same = (state: ArchiveState): Known | undefined => {
    const found = known.get(state.archive);
    return found?.size === state.size && found.mtimeMs === state.mtimeMs ? found : undefined;
  };
  return {
    finished: (state) => {
      const found = same(state);
      return found?.done !== undefined && found.files.size >= found.done ? found.files : undefined;
    },
    filesOf: (state) => same(state)?.files ?? new Map(),
    ownerOf: (name) => owners.get(name),
    member: async (state, name, bytes) => {
      const own = knownOf(known, state);
      if (own.files.get(name) === bytes) return;
      await write({ ...state, file: name, bytes });
      own.files.set(name, bytes);
      owners.set(name, state.archive);
    },
    done: async (state) => {
      const own = knownOf(known, state);
      if (own.done === own.files.size) return;
      await write({ ...state, done: own.files.size });
      own.done = own.files.size;
    },
    close: async () => journal?.close(),
  };
}

interface Line extends ArchiveState {
  readonly file?: string;
  readonly bytes?: number;
  readonly done?: number;
}

function parseLine(text: string): Line | undefined {
  try {
    const value = JSON.parse(text);
    const { archive, size, mtimeMs, file, bytes, done } = value;
    if (typeof archive !== 'string' || typeof size !== 'number' || typeof mtimeMs !== 'number') return undefined;
    const isMember = typeof file === 'string' && typeof bytes === 'number';
    return isMember || (file === undefined && typeof done === 'number') ? value : undefined;
  } catch {
    return undefined;
  }
}
