/** Members of a zip archive, in the order of its directory. */
import { openZip } from '../zip.ts';
import type { Member, ReadOptions } from './member.ts';

/** @throws `fault` when it has no directory at its end, as one that was cut off, or a member is damaged */
export async function* zipMembers(file: string, { signal, fault, onPosition }: ReadOptions): AsyncGenerator<Member> {
  const zip = await openZip(file, { fault });
  try {
    let position = 0;
    for (const { name, size, packedSize, link } of zip.entries.values()) {
      signal.throwIfAborted();
      const kind = name.endsWith('/') ? 'folder' : link ? 'other' : 'file';
      yield { name, kind, size, chunks: () => zip.chunks(name) };
      position += packedSize;
      onPosition?.(position);
    }
  } finally {
    await zip.close();
  }
}
