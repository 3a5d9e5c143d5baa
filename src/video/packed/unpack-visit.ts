/** A visit of a packed copy: no ffmpeg, no process, all clips from one reading of the file. */
import { decodedVisit, develop, isDeveloped } from '../augment/develop.ts';
import { openInput } from '../input.ts';
import { arrange, receiver } from '../receiver.ts';
import { type ClipRequest, distinctly, type Visit } from '../visit.ts';
import { cropInto } from '../window.ts';
import { PACKED_EXTENSION } from './layout.ts';
import { clipBytes, readPackedClips } from './read-clips.ts';

export const isPacked = ({ file }: { readonly file: string }): boolean => file.endsWith(PACKED_EXTENSION);

/**
 * All clips of the visit into the memory given.
 * @throws as `readPackedClips`; data error where the file is not what was prepared
 */
export async function unpackVisit(visit: Visit, into: Uint8Array, signal?: AbortSignal): Promise<void> {
  await openInput(visit.file, visit.bytes);
  if (!isDeveloped(visit)) return readClips(visit.file, visit.clips, into, signal);
  const { clips } = distinctly(decodedVisit(visit));
  const whole = new Uint8Array(clipBytes(clips));
  await readClips(visit.file, clips, whole, signal);
  const place = { visit, into };
  const pieces = receiver([place]);
  for (const bytes of develop(visit, whole)) pieces.put(bytes);
  arrange(place);
}

/** A clip that is cut out after it was resized is read whole. */
async function readClips(
  file: string,
  clips: readonly ClipRequest[],
  into: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (clips.every(({ cut }) => cut === undefined)) return readPackedClips(file, clips, into, { signal });
  const whole = clips.map((clip) => ({ ...clip, size: clip.cut?.of ?? clip.size }));
  const resized = new Uint8Array(clipBytes(whole));
  await readPackedClips(file, whole, resized, { signal });
  let [from, to] = [0, 0];
  for (const { frames, size, cut, flip = false } of clips) {
    const of = cut?.of ?? size;
    const { x, y } = cut ?? { x: 0, y: 0 };
    const data = resized.subarray(from);
    // It was mirrored as a whole.
    const window = { ...size, y, x: flip ? of.width - x - size.width : x };
    const positions = frames.map((_, t) => t);
    cropInto(into.subarray(to), { data, frames: frames.length, ...of }, window, positions);
    from += frames.length * of.width * of.height * 3;
    to += frames.length * size.width * size.height * 3;
  }
}
