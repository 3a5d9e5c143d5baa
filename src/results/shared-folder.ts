import path from 'node:path';

/** Where what is made of several runs goes: the deepest folder that holds them all; the folder itself of a single one. */
export function sharedFolder(folders: readonly string[]): string {
  const [first = '.', ...others] = folders.map((folder) => path.resolve(folder));
  let common = first;
  for (const other of others) while (!isWithin(other, common)) common = path.dirname(common);
  if (others.length > 0 && folders.some((folder) => path.resolve(folder) === common)) common = path.dirname(common);
  return path.relative('', common) || '.';
}

const isWithin = (file: string, folder: string): boolean =>
  file === folder || file.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep);
