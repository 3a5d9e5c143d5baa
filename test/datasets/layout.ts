/** Folders of downloaded files for the tests: written where a test needs them, gone after it. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Listing } from '../../src/data/listing.ts';
import type { Listed, SplitName } from '../../src/data/manifest.ts';

/** Writes `files` (path → content) below a temporary folder and hands its path to `check`. */
export async function withFiles(
  files: Readonly<Record<string, string | Uint8Array>>,
  check: (root: string) => Promise<void>,
): Promise<void> {
  const root = await mkdtemp(path.join(tmpdir(), 'dataset-'));
  try {
    for (const [file, content] of Object.entries(files)) {
      await mkdir(path.join(root, path.dirname(file)), { recursive: true });
      await writeFile(path.join(root, file), content);
    }
    await check(root);
  } finally {
    await rm(root, { recursive: true });
  }
}

export function entriesOf(listing: Listing, name: SplitName, fold?: number): readonly Listed[] {
  const split = listing.splits.find((one) => one.name === name && one.fold === fold);
  if (split === undefined)
    throw new Error(`the listing has no ${name} split${fold === undefined ? '' : ` of fold ${fold}`}`);
  return split.entries;
}

/** The folder of real annotation files, or undefined where they are not. */
export function realAnnotations(folder: string): string | undefined {
  const found = path.resolve('..', 'shared', 'samples', folder);
  return existsSync(found) ? found : undefined;
}
