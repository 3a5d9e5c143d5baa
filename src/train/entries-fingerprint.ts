import { createHash } from 'node:crypto';
import type { Entry } from '../data/manifest.ts';

/** SHA-256 over what of the entries decides the clips of a run: their order, ids, labels and sizes; not where they lie. */
export function entriesFingerprint(entries: readonly Entry[]): string {
  const hash = createHash('sha256');
  for (const { id, label, frames, width, height } of entries) {
    hash.update(`${JSON.stringify([id, label, frames, width, height])}\n`);
  }
  return hash.digest('hex');
}
