/**
 * Pictures that no other picture is decoded from (most B-frames), so that they need not be decoded unless they are wanted:
 * about half of a typical H.264 video. ffmpeg drops their packets in front of the decoder.
 */
import type { Ffmpeg } from './ffmpeg.ts';
import { isSince } from './input.ts';
import { selectExpression } from './select.ts';

/**
 * A character for each frame in display order: `-` where others need it, else how many places later its packet stands among
 * the packets than the frame among the frames, as a letter, `M` for 0, `L` for -1, `N` for 1.
 */
export type Disposable = string;

const NEEDED = '-';
const ZERO = 'M'.charCodeAt(0);
const FARTHEST = 12;

/** @param packetOf the number of the packet of each disposable frame, in decoding order; undefined for frames that others need */
export function writeDisposable(packetOf: readonly (number | undefined)[]): Disposable {
  return packetOf
    .map((packet, frame) => {
      const places = packet === undefined ? Number.NaN : packet - frame;
      return Math.abs(places) <= FARTHEST ? String.fromCharCode(ZERO + places) : NEEDED;
    })
    .join('');
}

export function isDisposable(value: unknown): value is Disposable {
  return typeof value === 'string' && /^[-A-Y]*$/.test(value);
}

export interface Dropped {
  /** Options before `-i`. */
  readonly options: readonly string[];
  /** The number of a frame among those that are left. */
  rank(frame: number): number;
}

/** Since 7.0 ffmpeg lets packets through a filter before it decodes them. */
export const canDrop = (ffmpeg: Ffmpeg): boolean => isSince(ffmpeg, 7, 0);

/**
 * Drops the disposable frames before the last wanted one that are not wanted themselves. Packets are counted from the start of
 * the video: not together with a seek.
 * @param wanted ascending
 */
export function dropUnwanted(disposable: Disposable, wanted: readonly number[]): Dropped | undefined {
  const keep = new Set(wanted);
  const last = wanted.at(-1) as number;
  const dropped: number[] = [];
  for (let frame = 0; frame < last; frame++) {
    if (!keep.has(frame) && (disposable[frame] ?? NEEDED) !== NEEDED) dropped.push(frame);
  }
  if (dropped.length === 0) return undefined;
  const packets = dropped.map((frame) => frame + disposable.charCodeAt(frame) - ZERO).sort((a, b) => a - b);
  return {
    options: ['-bsf:v', `noise=drop='${selectExpression(packets)}'`],
    rank: (frame) => frame - dropped.filter((other) => other < frame).length,
  };
}
