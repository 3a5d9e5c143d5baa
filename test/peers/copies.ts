/** Prepared copies of the videos of a benchmark, made by the program itself. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Entry } from '../../src/data/manifest.ts';
import { readDataset, readSplit } from '../../src/data/read-dataset.ts';

export type CopyName = 'gop' | 'jpeg';

const OPTIONS: Readonly<Record<CopyName, readonly string[]>> = { gop: ['--gop', '16'], jpeg: ['--jpeg'] };

/** Entries in the order of the originals, and the folder that their files are relative to; undefined where it fails. */
export async function prepareCopies(
  name: CopyName,
  root: string,
  originals: readonly Entry[],
  out: string,
): Promise<{ entries: Entry[]; root: string } | undefined> {
  const csv = `${out}.csv`;
  await writeFile(csv, originals.map(({ file }, i) => `${file},${i},test\n`).join(''));
  const program = path.resolve('dist', 'src', 'cli', 'main.js');
  const args = ['prepare', 'folder', '--source', root, '--csv', csv, '--out', out, ...OPTIONS[name]];
  try {
    await promisify(execFile)(process.execPath, [program, ...args]);
  } catch (thrown) {
    console.error(String((thrown as { stderr?: string }).stderr ?? thrown));
    return undefined;
  }
  const dataset = await readDataset(out);
  const prepared = await readSplit(out, dataset, 'test');
  const label = (entry: Entry): number => Number(dataset.classes[entry.label]);
  return { entries: [...prepared].sort((a, b) => label(a) - label(b)), root: dataset.root };
}
