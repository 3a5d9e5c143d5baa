/** Operations that map each value by itself: a table of 256 for the clip, for each frame, or for each of its channels. */
import type { Frames } from '../window.ts';
import { blended, luma } from './blend.ts';

type Clip = Frames;

/** The frames one after the other, uint8 [H, W, 3] each. */
export function framesOf({ data, frames, width, height }: Clip): Uint8Array[] {
  const bytes = width * height * 3;
  return Array.from({ length: frames }, (_, t) => data.subarray(t * bytes, (t + 1) * bytes));
}

function table(value: (i: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, i) => value(i));
}

function look(pixels: Uint8Array, values: Uint8Array): void {
  for (let i = 0; i < pixels.length; i++) pixels[i] = values[pixels[i] as number] as number;
}

function wholeClip({ data, frames, width, height }: Clip, value: (i: number) => number): void {
  look(data.subarray(0, frames * width * height * 3), table(value));
}

export function invert(clip: Clip): void {
  wholeClip(clip, (i) => 255 - i);
}

export function posterize(clip: Clip, bits: number): void {
  const mask = 0xff & ~(2 ** (8 - bits) - 1);
  wholeClip(clip, (i) => i & mask);
}

export function solarize(clip: Clip, threshold: number): void {
  wholeClip(clip, (i) => (i < threshold ? i : 255 - i));
}

export function solarizeAdd(clip: Clip, add: number): void {
  wholeClip(clip, (i) => (i < 128 ? Math.min(i + add, 255) : i));
}

/** Towards black, or away from it. */
export function brightness(clip: Clip, factor: number): void {
  wholeClip(clip, (i) => blended(0, i, factor));
}

/** Towards the mean grey of the frame, rounded, or away from it. */
export function contrast(clip: Clip, factor: number): void {
  for (const frame of framesOf(clip)) {
    let sum = 0;
    for (let i = 0; i < frame.length; i += 3) {
      sum += luma(frame[i] as number, frame[i + 1] as number, frame[i + 2] as number);
    }
    const mean = Math.floor(sum / (frame.length / 3) + 0.5);
    look(
      frame,
      table((i) => blended(mean, i, factor)),
    );
  }
}

type Histogram = Uint32Array;

function histograms(frame: Uint8Array): [Histogram, Histogram, Histogram] {
  const counts = [new Uint32Array(256), new Uint32Array(256), new Uint32Array(256)] as [
    Histogram,
    Histogram,
    Histogram,
  ];
  const [red, green, blue] = counts;
  for (let i = 0; i < frame.length; i += 3) {
    const [r, g, b] = [frame[i] as number, frame[i + 1] as number, frame[i + 2] as number];
    red[r] = (red[r] as number) + 1;
    green[g] = (green[g] as number) + 1;
    blue[b] = (blue[b] as number) + 1;
  }
  return counts;
}

function byChannel(clip: Clip, tableOf: (histogram: Histogram) => Uint8Array): void {
  for (const frame of framesOf(clip)) {
    const [red, green, blue] = histograms(frame).map(tableOf) as [Uint8Array, Uint8Array, Uint8Array];
    for (let i = 0; i < frame.length; i += 3) {
      frame[i] = red[frame[i] as number] as number;
      frame[i + 1] = green[frame[i + 1] as number] as number;
      frame[i + 2] = blue[frame[i + 2] as number] as number;
    }
  }
}

/** A channel of a single value stays as it is. */
export function autoContrast(clip: Clip): void {
  byChannel(clip, (histogram) => {
    const low = histogram.findIndex((count) => count > 0);
    const high = histogram.findLastIndex((count) => count > 0);
    const scale = high > low ? 255 / (high - low) : 1;
    const offset = high > low ? -low * scale : 0;
    return table((i) => Math.min(Math.max(Math.trunc(i * scale + offset), 0), 255));
  });
}

/** The step of the cumulated histogram leaves its last value out; a channel too small for a step of 1 stays as it is. */
export function equalize(clip: Clip): void {
  const pixels = clip.width * clip.height;
  byChannel(clip, (histogram) => {
    const last = histogram[histogram.findLastIndex((count) => count > 0)] as number;
    const step = Math.floor((pixels - last) / 255);
    if (step === 0) return table((i) => i);
    let below = Math.floor(step / 2);
    return table((i) => {
      const value = Math.min(Math.floor(below / step), 255);
      below += histogram[i] as number;
      return value;
    });
  });
}
