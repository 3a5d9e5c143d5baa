/** Where the bytes of visits go as they arrive: straight to their place in the memory of the clips. */
import { dataError } from '../errors/index.ts';
import { distinctFrames, frameBytes, type Visit } from './visit.ts';

export interface Place {
  readonly visit: Visit;
  /** uint8, room for all clips of the visit. */
  readonly into: Uint8Array;
}

export interface Receiver {
  /** Bytes that arrive when nothing is missing. */
  readonly expected: number;
  readonly received: number;
  /** What the next bytes are to be written to; empty when all have arrived. */
  room(): Uint8Array;
  /** So many bytes were written to it. */
  took(bytes: number): void;
  /** Copies bytes that arrived elsewhere; says how many found no room. */
  put(bytes: Uint8Array): number;
}

/** ffmpeg delivers each distinct frame of a clip once; they are received at the front of the clip's own memory. */
export function receiver(places: readonly Place[]): Receiver {
  const rooms = places.flatMap(({ visit, into }) => clipRooms(visit, into).map(({ arriving }) => arriving));
  let at = 0;
  let offset = 0;
  let received = 0;
  const room = (): Uint8Array => rooms[at]?.subarray(offset) ?? new Uint8Array(0);
  const took = (bytes: number): void => {
    received += bytes;
    offset += bytes;
    for (let own = rooms[at]; own !== undefined && offset >= own.length; own = rooms[++at]) offset -= own.length;
  };
  return {
    expected: rooms.reduce((sum, { length }) => sum + length, 0),
    get received() {
      return received;
    },
    room,
    took,
    put(bytes) {
      let rest = bytes;
      for (let place = room(); rest.length > 0 && place.length > 0; place = room()) {
        const fits = rest.subarray(0, place.length);
        place.set(fits);
        took(fits.length);
        rest = rest.subarray(fits.length);
      }
      return rest.length;
    },
  };
}

/** Repeats and other orders are made in place once the distinct frames are there. */
export function arrange({ visit, into }: Place): void {
  for (const { clip, arriving, order } of clipRooms(visit, into)) {
    if (order === undefined) continue;
    const bytes = clip.length / order.length;
    const distinct = arriving.slice();
    order.forEach((position, i) => {
      clip.set(distinct.subarray(position * bytes, (position + 1) * bytes), i * bytes);
    });
  }
}

interface ClipRoom {
  readonly clip: Uint8Array;
  readonly arriving: Uint8Array;
  /** For each frame of the clip its position among the distinct ones; undefined where they are the clip. */
  readonly order: readonly number[] | undefined;
}

function clipRooms({ clips }: Visit, into: Uint8Array): ClipRoom[] {
  let start = 0;
  return clips.map(({ frames, size }) => {
    const bytes = frameBytes(size);
    const distinct = distinctFrames(frames);
    const clip = into.subarray(start, start + frames.length * bytes);
    start += clip.length;
    const inOrder = frames.length === distinct.length && frames.every((frame, i) => frame === distinct[i]);
    const position = new Map(distinct.map((frame, i) => [frame, i]));
    const order = inOrder ? undefined : frames.map((frame) => position.get(frame) as number);
    return { clip, arriving: clip.subarray(0, distinct.length * bytes), order };
  });
}

/** The error for a visit of which fewer frames came than were asked for. */
export function shortage({ file, clips }: Visit, received: number, why: string | undefined) {
  const wanted = distinctFrames(clips.flatMap(({ frames }) => frames));
  const delivered = clips.reduce((sum, { frames }) => sum + new Set(frames).size, 0);
  const got = Math.floor(received / frameBytes(clips[0].size));
  const which = `${wanted.length} frames (${wanted[0]}-${wanted.at(-1)})`;
  const asked =
    delivered === 1 ? `frame ${wanted[0]}` : clips.length === 1 ? which : `${which} for ${clips.length} clips`;
  return dataError(`asked for ${asked}, got ${got}${why === undefined ? '' : `: ${why}`}`, { at: file });
}
