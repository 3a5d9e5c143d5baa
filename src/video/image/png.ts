/**
 * PNG of 8 bits, not interlaced (W3C PNG, third edition): what image sets hold that were taken apart into files, thousands
 * of 32 x 32 pixels. libvips takes a millisecond to begin; zlib and these loops are done in a tenth of it. Larger ones, all
 * others, and any that is not in order, are for libvips.
 */
import { inflateSync } from 'node:zlib';

export interface Png {
  readonly width: number;
  readonly height: number;
  /** Writes uint8 [H, W, 3], RGB; alpha is dropped. */
  read(into: Buffer): void;
}

/** libvips takes less for a pixel: beyond so many it is the faster one. */
const MOST_PIXELS = 65_536;

/** Samples of a pixel by color type. */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const PALETTE = 3;
/** Where the chunks begin, and bytes of a chunk beside its data: length, name, checksum. */
const FIRST_CHUNK = 8;
const FRAME = 12;

/** @returns undefined where it is not of the kind, cut off, or its pixels do not agree with their checksum */
export function openPng(file: Buffer): Png | undefined {
  if (file.length < 33 || file.toString('latin1', 12, 16) !== 'IHDR') return undefined;
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)];
  const [depth, color, compression, filter, interlace] = file.subarray(24, 29) as unknown as number[];
  const samples = SAMPLES[color ?? -1];
  if (samples === undefined || depth !== 8 || compression !== 0 || filter !== 0 || interlace !== 0) return undefined;
  const stride = width * samples;
  const bytes = height * (stride + 1);
  if (bytes === 0 || width * height > MOST_PIXELS) return undefined;
  const { pixels, palette } = chunksOf(file);
  if (color === PALETTE && palette === undefined) return undefined;
  let raw: Buffer;
  try {
    raw = inflateSync(pixels, { maxOutputLength: bytes });
  } catch {
    return undefined;
  }
  if (raw.length !== bytes || !unfilter(raw, height, stride, samples)) return undefined;
  if (palette !== undefined && color === PALETTE && beyond(raw, height, stride, palette.length / 3)) return undefined;
  return {
    width,
    height,
    read(into) {
      for (let y = 0, to = 0; y < height; y++) {
        let from = y * (stride + 1) + 1;
        if (samples === 3) {
          raw.copy(into, to, from, from + stride);
          to += stride;
          continue;
        }
        for (let x = 0; x < width; x++, from += samples, to += 3) {
          const value = raw[from] as number;
          if (color === PALETTE) palette?.copy(into, to, 3 * value, 3 * value + 3);
          else {
            into[to] = value;
            into[to + 1] = samples === 4 ? (raw[from + 1] as number) : value;
            into[to + 2] = samples === 4 ? (raw[from + 2] as number) : value;
          }
        }
      }
    },
  };
}

function chunksOf(file: Buffer): { pixels: Buffer; palette: Buffer | undefined } {
  const parts: Buffer[] = [];
  let palette: Buffer | undefined;
  for (let at = FIRST_CHUNK; at + FRAME <= file.length; ) {
    const length = file.readUInt32BE(at);
    const name = file.toString('latin1', at + 4, at + 8);
    const data = file.subarray(at + 8, at + 8 + length);
    if (name === 'IDAT') parts.push(data);
    else if (name === 'PLTE') palette = data;
    else if (name === 'IEND') break;
    at += FRAME + length;
  }
  return { pixels: parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts), palette };
}

const beyond = (raw: Buffer, height: number, stride: number, colors: number): boolean => {
  for (let y = 0; y < height; y++) {
    const start = y * (stride + 1) + 1;
    for (let at = start; at < start + stride; at++) if ((raw[at] as number) >= colors) return true;
  }
  return false;
};

/** In place; each row has its filter's number before it. @returns false for a filter that does not exist */
function unfilter(raw: Uint8Array, height: number, stride: number, step: number): boolean {
  const row = stride + 1;
  for (let y = 0; y < height; y++) {
    const start = y * row + 1;
    const filter = raw[start - 1] as number;
    if (filter > 4) return false;
    if (filter === 0) continue;
    const end = start + stride;
    // The first pixel has none to its left, the first row none above.
    const inner = Math.min(start + step, end);
    if (filter === 1 || (filter === 4 && y === 0)) {
      for (let at = inner; at < end; at++) raw[at] = (raw[at] as number) + (raw[at - step] as number);
    } else if (filter === 2) {
      if (y > 0) for (let at = start; at < end; at++) raw[at] = (raw[at] as number) + (raw[at - row] as number);
    } else if (filter === 3) {
      if (y > 0)
        for (let at = start; at < inner; at++) raw[at] = (raw[at] as number) + ((raw[at - row] as number) >> 1);
      const above = y > 0 ? row : 0;
      for (let at = inner; at < end; at++) {
        const up = above === 0 ? 0 : (raw[at - above] as number);
        raw[at] = (raw[at] as number) + (((raw[at - step] as number) + up) >> 1);
      }
    } else {
      for (let at = start; at < inner; at++) raw[at] = (raw[at] as number) + (raw[at - row] as number);
      for (let at = inner; at < end; at++) {
        const left = raw[at - step] as number;
        const up = raw[at - row] as number;
        const corner = raw[at - row - step] as number;
        const toLeft = Math.abs(up - corner);
        const toUp = Math.abs(left - corner);
        const toCorner = Math.abs(left + up - 2 * corner);
        const nearest = toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
        raw[at] = (raw[at] as number) + nearest;
      }
    }
  }
  return true;
}
