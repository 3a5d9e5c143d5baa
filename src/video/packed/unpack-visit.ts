/** A visit of a packed copy: no ffmpeg, no process, all clips from one reading of the file. */
import { decodedVisit, develop, isDeveloped } from '../augment/develop.ts';
import { openInput } from '../input.ts';
import { arrange, receiver } from '../receiver.ts';
import { distinctly, type Visit } from '../visit.ts';
import { PACKED_EXTENSION } from './layout.ts';
import { clipBytes, readPackedClips } from './read-clips.ts';

export const isPacked = ({ file }: { readonly file: string }): boolean => file.endsWith(PACKED_EXTENSION);

/**
 * All clips of the visit into the memory given.
 * @throws as `readPackedClips`; data error where the file is not what was prepared
 */
export async function unpackVisit(visit: Visit, into: Uint8Array, signal?: AbortSignal): Promise<void> {
  await openInput(visit.file, visit.bytes);
  if (!isDeveloped(visit)) return readPackedClips(visit.file, visit.clips, into, { signal });
  const { clips } = distinctly(decodedVisit(visit));
  const whole = new Uint8Array(clipBytes(clips));
  await readPackedClips(visit.file, clips, whole, { signal });
  const place = { visit, into };
  const pieces = receiver([place]);
  for (const bytes of develop(visit, whole)) pieces.put(bytes);
  arrange(place);
}
