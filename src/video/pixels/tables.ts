/** Taps laid out as the kernels in `assembly/lines.ts` read them. */
import type { Taps } from './taps.ts';

/** Values that a group makes at once, and the bytes that it can pick from. */
const LANES = 4;
const REACH = 16;
const ENTRY_BYTES = 48;
/** A lane number that picks nothing, four times over. */
const NONE = 0x80808080;

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
export function acrossTable(taps: Taps, channels: number): AcrossTable {
  return layAcross(taps, channels, LANES) ?? (layAcross(taps, channels, channels) as AcrossTable);
}

/** @returns undefined where the taps of a group lie too far apart */
function layAcross({ outputs, count, first, weights }: Taps, channels: number, used: number): AcrossTable | undefined {
  const values = outputs * channels;
  const groups = Math.ceil(values / used);
  const pairs = count / 2;
  // Words and halves are laid as this machine has them; WebAssembly is little-endian, as all machines are that run this.
  const memory = new ArrayBuffer(groups * pairs * ENTRY_BYTES);
  const bytes = new Uint8Array(memory);
  const halves = new Int16Array(memory);
  const words = new Uint32Array(memory);
  const position = (value: number): number => {
    const pixel = Math.floor(value / channels);
    return (first[pixel] as number) * channels + value - pixel * channels;
  };
  for (let group = 0, at = 0; group < groups; group++) {
    const start = group * used;
    const end = Math.min(start + used, values);
    let nearest = Number.POSITIVE_INFINITY;
    for (let value = start; value < end; value++) nearest = Math.min(nearest, position(value));
    for (let pair = 0; pair < pairs; pair++, at += ENTRY_BYTES) {
      words[at / 4] = nearest + 2 * pair * channels;
      words.fill(NONE, at / 4 + 4, at / 4 + 8);
      for (let value = start; value < end; value++) {
        const from = position(value) - nearest;
        const weightAt = Math.floor(value / channels) * count + 2 * pair;
        const lane = value - start;
        for (let tap = 0; tap < 2; tap++) {
          const weight = weights[weightAt + tap] as number;
          if (weight === 0) continue;
          if (from + tap * channels >= REACH) return undefined;
          bytes[at + 16 + 4 * lane + 2 * tap] = from + tap * channels;
          halves[at / 2 + 16 + 2 * lane + tap] = weight;
        }
      }
    }
  }
  return { bytes, groups, pairs, advance: 2 * used };
}

export interface DownTable {
  readonly bytes: Uint8Array;
  readonly outputs: number;
  /** Pairs of lines that make a row. */
  readonly pairs: number;
}

export function downTable({ outputs, count, first, weights }: Taps): DownTable {
  const entry = 4 + 2 * count;
  const memory = new ArrayBuffer(outputs * entry);
  const words = new Int32Array(memory);
  const halves = new Int16Array(memory);
  for (let row = 0; row < outputs; row++) {
    words[(row * entry) / 4] = first[row] as number;
    halves.set(weights.subarray(row * count, (row + 1) * count), (row * entry) / 2 + 2);
  }
  return { bytes: new Uint8Array(memory), outputs, pairs: count / 2 };
}
