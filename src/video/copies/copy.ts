/** What a prepared copy of a video is, whatever its kind. */
import { dataError } from '../../errors/index.ts';
import type { VideoFacts } from '../facts.ts';
import { type Size, shortSideSize } from '../window.ts';

/** Peak signal to noise, in dB, that every compared frame of a copy must reach. Good copies have 35 and more. */
export const LEAST_LIKENESS = 28;
/** Frames of each video that are compared, evenly spread, the first and the last among them. */
const COMPARED = 12;

export type CopyKind =
  | { readonly kind: 'jpeg'; readonly shortSide: number; readonly quality: number }
  | { readonly kind: 'gop'; readonly shortSide: number; readonly gop: number; readonly crf: number };

export interface CopyTask {
  /** Absolute paths; the folder of `copy` exists. */
  readonly file: string;
  readonly copy: string;
  readonly kind: CopyKind;
  /** What `probeVideo` said of the original. */
  readonly facts: Pick<VideoFacts, 'frames' | 'width' | 'height' | 'fps'>;
}

export interface Copied {
  /** Of the copy: its size, its verified key frames. */
  readonly facts: VideoFacts;
  readonly bytes: number;
  /** dB of the worst compared frame. */
  readonly likeness: number;
}

/** The copy's size: never enlarged, its short side at most `shortSide`. */
export function copySize(original: Size, shortSide: number): Size {
  const { width, height } = original;
  return Math.min(width, height) <= shortSide ? { width, height } : shortSideSize(original, shortSide);
}

/** The numbers of the frames to be compared, ascending. */
export function comparedFrames(frames: number): number[] {
  const count = Math.min(frames, COMPARED);
  if (count < 2) return [0];
  return Array.from({ length: count }, (_, i) => Math.round((i * (frames - 1)) / (count - 1)));
}

/** Peak signal to noise ratio of 8-bit values in dB; 99 where they are the same. */
export function likenessOf(a: Uint8Array, b: Uint8Array): number {
  let squares = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    squares += difference * difference;
  }
  return squares === 0 ? 99 : Math.min(99, 10 * Math.log10((255 * 255 * a.length) / squares));
}

/** @throws data error for a copy that may not be used */
export function checkLikeness(likeness: number, frame: number, file: string): void {
  if (likeness >= LEAST_LIKENESS) return;
  const found = `frame ${frame} of the copy differs from the original: ${likeness.toFixed(1)} dB`;
  throw dataError(`${found}, where ${LEAST_LIKENESS} are wanted`, { at: file, remedy: 'choose a better quality' });
}

export function wrongCount(got: number, wanted: number, why: string | undefined, file: string): Error {
  const reason = why === undefined ? '' : `: ${why}`;
  return dataError(`the copy has ${got} frames, the original ${wanted}${reason}`, { at: file });
}
