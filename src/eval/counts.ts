/** Over how many videos a top-1 is: it is never printed without what is missing, unreadable and damaged. */

export interface VideoCounts {
  /** Entries of the split. */
  readonly listed: number;
  /** The denominator: those on disk. */
  readonly counted: number;
  /** Not on disk when it was prepared: not counted. */
  readonly missing: number;
  /** No frame could be read when it was prepared: counted as wrong. */
  readonly unreadable: number;
  /** Sound when it was prepared, and could not be decoded now: counted as wrong. */
  readonly undecoded: number;
  /** Decoded, though the decoder complained when it was prepared: counted like any other. */
  readonly damaged: number;
}

/** `1530 videos`, or `90 of 100 listed videos: 10 missing, not counted; 2 unreadable, counted as wrong; 3 damaged`. */
export function countsText(counts: VideoCounts, noun: 'video' | 'image' = 'video'): string {
  const { listed, counted, missing, unreadable, undecoded, damaged } = counts;
  const remarks = [
    missing > 0 && `${missing} missing, not counted`,
    unreadable > 0 && `${unreadable} unreadable, counted as wrong`,
    undecoded > 0 && `${undecoded} could not be decoded, counted as wrong`,
    damaged > 0 && `${damaged} damaged`,
  ].filter((remark) => remark !== false);
  const all =
    counted === listed ? `${counted} ${noun}${counted === 1 ? '' : 's'}` : `${counted} of ${listed} listed ${noun}s`;
  return remarks.length === 0 ? all : `${all}: ${remarks.join('; ')}`;
}
