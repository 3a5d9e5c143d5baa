/** Reading videos while others are still unpacked: into the journal that `prepare` starts from afterwards. */
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import pLimit from 'p-limit';
import { onDisk } from '../formats/write-file.ts';
import type { PrepareOptions } from './prepare.ts';
import { openJournal } from './probe-journal.ts';

/** Videos that may wait to be read, for each that is read, before unpacking waits too. */
const WAITING = 4;

export interface ReadAhead {
  /** A whole video, by its absolute path; resolves when the next may come. Throws what reading an earlier one threw. */
  offer(file: string): Promise<void>;
  /** Waits until all are read. @returns how many were */
  end(): Promise<number>;
}

/** @param options.journal the file; @param options.root the folder that the journal's paths are relative to */
export async function openReadAhead(
  options: Pick<PrepareOptions, 'probe' | 'reader' | 'jobs' | 'signal'> & {
    readonly journal: string;
    readonly root: string;
  },
): Promise<ReadAhead> {
  const { root, probe, jobs, signal } = options;
  const folder = path.dirname(options.journal);
  await onDisk(folder, () => mkdir(folder, { recursive: true }));
  const journal = await openJournal(options.journal, options.reader);
  const limit = pLimit({ concurrency: jobs, rejectOnClear: true });
  const underWay = new Set<Promise<void>>();
  let done = 0;
  let failure: { readonly thrown: unknown } | undefined;
  const read = async (absolute: string): Promise<void> => {
    if (failure !== undefined || signal.aborted) return;
    const { size, mtimeMs } = await stat(absolute);
    const file = path.relative(root, absolute).split(path.sep).join('/');
    if (size === 0 || journal.find(file, { size, mtimeMs }) !== undefined) return;
    await journal.append(file, { size, mtimeMs }, await probe(absolute, signal));
    done++;
  };
  return {
    async offer(file) {
      if (failure !== undefined) throw failure.thrown;
      const reading: Promise<void> = limit(() => read(file))
        .catch((thrown: unknown) => {
          failure ??= { thrown };
        })
        .finally(() => underWay.delete(reading));
      underWay.add(reading);
      while (underWay.size > jobs * (1 + WAITING)) await Promise.race(underWay);
    },
    async end() {
      await Promise.all(underWay);
      await journal.close();
      if (failure !== undefined && !signal.aborted) throw failure.thrown;
      return done;
    },
  };
}
