/**
 * Where uploads lie while they are looked at: a folder that only this user may read, with names that are drawn and never
 * given. Each is removed when its request is done, whatever became of it, and the folder when the process ends.
 */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

export interface Uploads {
  readonly folder: string;
  /** Makes a file, hands it to `use`, and removes it. */
  with<T>(use: (upload: Upload) => Promise<T>): Promise<T>;
  remove(): Promise<void>;
}

export interface Upload {
  readonly file: string;
  write(piece: Uint8Array): Promise<void>;
  /** To be called before others read it. */
  finish(): Promise<void>;
}

export async function openUploads(parent = os.tmpdir()): Promise<Uploads> {
  const folder = await mkdtemp(path.join(parent, 'petl-video-serve-'));
  const atExit = (): void => rmSync(folder, { recursive: true, force: true });
  process.on('exit', atExit);
  return {
    folder,
    async with(use) {
      const file = path.join(folder, randomUUID());
      const handle = await open(file, 'wx', 0o600);
      try {
        return await use(uploadTo(file, handle));
      } finally {
        await handle.close();
        await rm(file, { force: true });
      }
    },
    async remove() {
      await rm(folder, { recursive: true, force: true });
      process.off('exit', atExit);
    },
  };
}

function uploadTo(file: string, handle: FileHandle): Upload {
  return {
    file,
    write: (piece) => handle.writeFile(piece),
    finish: () => handle.close(),
  };
}
