/** A file of lines that is only added to while work goes on, so that a process killed at any moment loses at most the last one. */
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { codeOf } from '../errors/index.ts';
import { onDisk } from './write-file.ts';

export interface LineJournal {
  /** Adds a line; one after the other, however many are under way. @throws environment error when the disk refuses */
  append(line: string): Promise<void>;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

/** The lines of a journal; none where there is no file. The last may be torn. */
export async function readJournalLines(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  });
  return text.split('\n');
}

/** @throws environment error when the file cannot be written: disk full, no permission */
export async function openLineJournal(file: string): Promise<LineJournal> {
  const handle = await onDisk(file, () => open(file, 'a+'));
  const write = (line: string): Promise<void> => onDisk(file, () => handle.appendFile(`${line}\n`));
  try {
    // A torn last line is ended, so that the next one is not lost with it.
    if (await isTorn(handle)) await write('');
  } catch (error) {
    await handle.close();
    throw error;
  }
  let last: Promise<void> = Promise.resolve();
  return {
    append(line) {
      // A handle must not be written to by two at once.
      const written = last.then(() => write(line));
      last = written.catch(() => undefined);
      return written;
    },
    async close() {
      await last;
      await handle.close();
    },
  };
}

async function isTorn(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  const last = Buffer.alloc(1);
  if (size > 0) await handle.read(last, 0, 1, size - 1);
  return size > 0 && last.toString() !== '\n';
}
