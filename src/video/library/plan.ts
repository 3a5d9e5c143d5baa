/**
 * Which packets of a video have to be decoded for some of its frames, found from their time stamps alone. A frame's number is
 * the rank of its time among those shown. What the decoder then delivers is held against the plan (`decode-visit.ts`).
 */

export interface Listed {
  /** In units of the stream's time base; undefined where it has none. */
  readonly pts: number | undefined;
  readonly key: boolean;
  /** Decoded, but never shown. */
  readonly discard: boolean;
}

/** Where decoding starts: the number of the first frame whose time is not before `time`. */
export interface Start {
  readonly frame: number;
  readonly time: number;
}

export interface Plan {
  /** By time stamp: the number of each frame wanted. */
  readonly frames: ReadonlyMap<number, number>;
  /** The last packet needed, by its place in the list. */
  readonly last: number;
}

/**
 * How far a packet lies at most from the place of its picture among those shown: H.264 and HEVC hold back no more than 16
 * pictures. So much must be read beyond the last frame wanted.
 */
export const REORDERED = 17;

/**
 * @param packets in the order of decoding, from the start of the video or a key frame on; all, or `REORDERED` more than there
 *   are frames up to the last one wanted
 * @param wanted ascending
 * @returns undefined where time stamps do not tell: missing, repeated, beside edit lists, or pictures shown before the first
 *   key frame, which may not decode
 */
export function planDecoding(
  packets: readonly Listed[],
  wanted: readonly number[],
  start: Start | undefined,
): Plan | undefined {
  const first = packets[0];
  if (first?.pts === undefined || !first.key) return undefined;
  const times: number[] = [];
  for (const { pts, discard } of packets) {
    if (pts === undefined || discard) return undefined;
    if (start === undefined && pts < first.pts) return undefined;
    if (start === undefined || pts >= start.time) times.push(pts);
  }
  times.sort((a, b) => a - b);
  if (times.some((time, i) => i > 0 && time === times[i - 1])) return undefined;
  const from = start?.frame ?? 0;
  const frames = new Map<number, number>();
  for (const frame of wanted) {
    const time = times[frame - from];
    if (time === undefined) return undefined;
    frames.set(time, frame);
  }
  return { frames, last: packets.findLastIndex(({ pts }) => frames.has(pts as number)) };
}
