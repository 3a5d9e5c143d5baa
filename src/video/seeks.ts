/** Key frames that decoding may start from. */

/**
 * A key frame by its number in the whole video, and what `-ss` must say so that the first frame decoded is this one: its
 * time after the start of the file less a quarter of the gap to the frame before it. `prepare` has decoded from there and
 * found the same pictures as in the whole video.
 */
export type Seek = readonly [frame: number, seconds: number];

/** The last one at or before a frame. */
export function seekBefore(seeks: readonly Seek[] | undefined, frame: number): Seek | undefined {
  return seeks?.findLast(([keyFrame]) => keyFrame <= frame);
}

export function isSeeks(value: unknown): value is readonly Seek[] {
  return (
    Array.isArray(value) &&
    value.every((seek, i) => {
      if (!Array.isArray(seek) || seek.length !== 2) return false;
      const [frame, seconds] = seek;
      return Number.isSafeInteger(frame) && Number.isFinite(seconds) && frame > (i === 0 ? 0 : value[i - 1][0]);
    })
  );
}
