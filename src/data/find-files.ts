/** Finding the files that a list names by paths relative to some folder or other. */
import path from 'node:path';

const lastTwo = (file: string): string => file.split('/').slice(-2).join('/');

/**
 * By the file's name and its folder's; by its name alone where no other file has that. Lists of one data set name their files
 * from different folders up, but the last two parts do not change.
 */
export function fileFinder(files: readonly string[]): (listed: string) => string | undefined {
  const byTwo = new Map<string, string>();
  const byName = new Map<string, string | undefined>();
  for (const file of files) {
    if (!byTwo.has(lastTwo(file))) byTwo.set(lastTwo(file), file);
    const name = path.posix.basename(file);
    byName.set(name, byName.has(name) ? undefined : file);
  }
  return (listed) => byTwo.get(lastTwo(listed)) ?? (listed.includes('/') ? undefined : byName.get(listed));
}
