/** Taps laid out as the kernels in `assembly/resize.ts` read them. */
import type { Taps } from './taps.ts';

/** Values that a group makes at once, and the bytes that it can pick from. */
const LANES = 4;
const REACH = 16;
const ENTRY_BYTES = 48;
/** A lane number that picks nothing. */
const NONE = 0x80;

export interface AcrossTable {
  readonly bytes: Uint8Array;
  readonly groups: number;
  /** Entries of a group: two taps each. */
  readonly pairs: number;
  /** Bytes of 16-bit values from one group to the next. */
  readonly advance: number;
}

/**
 * For rows of `channels` interleaved bytes. Values of neighbouring pixels share a group where all their taps lie within
 * 16 bytes; where a picture is shrunk so much that they do not, each pixel has a group of its own.
 */
export function acrossTable(taps: Taps, channels: number, flip: boolean): AcrossTable {
  return layAcross(taps, channels, flip, LANES) ?? (layAcross(taps, channels, flip, channels) as AcrossTable);
}

/** @returns undefined where the taps of a group lie too far apart */
function layAcross(taps: Taps, channels: number, flip: boolean, used: number): AcrossTable | undefined {
  const { outputs, count, first, weights } = taps;
  const values = outputs * channels;
  const groups = Math.ceil(values / used);
  const pairs = count / 2;
  const view = new DataView(new ArrayBuffer(groups * pairs * ENTRY_BYTES));
  const bytes = new Uint8Array(view.buffer);
  for (let group = 0, at = 0; group < groups; group++) {
    for (let pair = 0; pair < pairs; pair++, at += ENTRY_BYTES) {
      bytes.fill(NONE, at + 16, at + 32);
      let offset = Number.POSITIVE_INFINITY;
      for (let lane = 0; lane < used && group * used + lane < values; lane++) {
        const value = group * used + lane;
        const pixel = flip ? outputs - 1 - Math.floor(value / channels) : Math.floor(value / channels);
        offset = Math.min(offset, ((first[pixel] as number) + 2 * pair) * channels + (value % channels));
      }
      view.setUint32(at, offset, true);
      for (let lane = 0; lane < used && group * used + lane < values; lane++) {
        const value = group * used + lane;
        const pixel = flip ? outputs - 1 - Math.floor(value / channels) : Math.floor(value / channels);
        const position = ((first[pixel] as number) + 2 * pair) * channels + (value % channels) - offset;
        for (let tap = 0; tap < 2; tap++) {
          const weight = weights[pixel * count + 2 * pair + tap] as number;
          if (weight === 0) continue;
          if (position + tap * channels >= REACH) return undefined;
          bytes[at + 16 + 4 * lane + 2 * tap] = position + tap * channels;
          view.setInt16(at + 32 + 4 * lane + 2 * tap, weight, true);
        }
      }
    }
  }
  return { bytes, groups, pairs, advance: 2 * used };
}

export interface DownTable {
  readonly bytes: Uint8Array;
  /** Pairs of lines that make a row. */
  readonly pairs: number;
}

export function downTable({ outputs, count, first, weights }: Taps): DownTable {
  const view = new DataView(new ArrayBuffer(outputs * (4 + 2 * count)));
  for (let row = 0, at = 0; row < outputs; row++) {
    view.setInt32(at, first[row] as number, true);
    at += 4;
    for (let tap = 0; tap < count; tap++, at += 2) view.setInt16(at, weights[row * count + tap] as number, true);
  }
  return { bytes: new Uint8Array(view.buffer), pairs: count / 2 };
}
