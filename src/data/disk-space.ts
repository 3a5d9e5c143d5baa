/** How much room a disk has, and how that is said. */
import { stat, statfs } from 'node:fs/promises';
import path from 'node:path';

/** Bytes that may still be written to the disk of a folder. */
export async function spaceOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** The folder itself, or the first above it that is there. */
export async function nearestFolder(folder: string): Promise<string> {
  const there = await stat(folder).catch(() => undefined);
  return there !== undefined || path.dirname(folder) === folder ? folder : nearestFolder(path.dirname(folder));
}

/** `38.2 GB`: powers of 1000, as disks are sold. */
export function bytesText(bytes: number): string {
  for (const [unit, size] of [
    ['TB', 1e12],
    ['GB', 1e9],
    ['MB', 1e6],
    ['kB', 1e3],
  ] as const) {
    if (bytes >= size) return `${(bytes / size).toFixed(1)} ${unit}`;
  }
  return `${Math.round(bytes)} bytes`;
}
