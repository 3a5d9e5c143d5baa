/** The folders of a family's data sets, found without looking at the hundred thousands of images in them. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { byNaturalOrder } from '../src/data/natural-order.ts';
import { dataError } from '../src/errors/index.ts';

/**
 * The folder itself and all down to `depth` below it, absolute, the nearest first. Links are followed.
 *
 * @throws data error where `source` is no folder
 */
export async function subfolders(source: string, depth: number): Promise<string[]> {
  const root = path.resolve(source);
  if (!(await isFolder(root))) {
    throw dataError('the folder does not exist', { at: root, remedy: 'check --source' });
  }
  const found = [root];
  let level = [root];
  for (let i = 0; i < depth; i++) {
    const next: string[] = [];
    for (const folder of level) {
      for (const entry of (await readdir(folder, { withFileTypes: true })).sort((a, b) =>
        byNaturalOrder(a.name, b.name),
      )) {
        const place = path.join(folder, entry.name);
        if (entry.name.startsWith('.') || entry.isFile()) continue;
        if (entry.isDirectory() || (entry.isSymbolicLink() && (await isFolder(place)))) next.push(place);
      }
    }
    found.push(...next);
    level = next;
  }
  return found;
}

async function isFolder(place: string): Promise<boolean> {
  return (await stat(place).catch(() => undefined))?.isDirectory() ?? false;
}
