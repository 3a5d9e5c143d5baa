/**
 * One frame in the memory of the WebAssembly module whose loops run over it:
 *
 *   counts of values | tables | the frame | room for what it becomes | scratch
 *
 * All frames of a thread pass through one memory, one at a time.
 */
import { readFileSync } from 'node:fs';
import type { Size } from '../window.ts';

/** Of the global, what is used here: TypeScript has it in its library for browsers only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

type Warping = [number, number, number, number, number, number, number];

/** `assembly/augment.ts`. */
interface Kernels {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  histograms(frame: number, pixels: number, counts: number): void;
  lumaSum(frame: number, pixels: number): number;
  look(frame: number, pixels: number, tables: number): void;
  blendWithGrey(from: number, to: number, pixels: number, factor: number): void;
  sharpen(from: number, to: number, width: number, height: number, factor: number): void;
  warpAcross(...fromToSizeFactorOffsetScratch: Warping): void;
  warpDown(...fromToSizeFactorOffsetScratch: Warping): void;
  warp(from: number, to: number, width: number, height: number, ...matrix: Matrix): void;
}

const PAGE = 65_536;
const COUNTS_AT = 0;
const TABLES_AT = 4096;
const FRAMES_AT = 8192;
/** What vectors read and write on either side of a frame at most. */
const SLACK = 64;

/** From pixel centres of the result to those of the source: x' = a·x + b·y + c, y' = d·x + e·y + f. */
export type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

export interface Picture extends Size {
  /** Takes a frame in, uint8 [H, W, 3]. */
  read(frame: Uint8Array): void;
  /** Gives it back as it is now. */
  write(frame: Uint8Array): void;
  /** How often each value is there: of red, of green, of blue. */
  histograms(): Uint32Array[];
  /** Mean grey (ITU-R 601-2) of the pixels, each rounded. */
  meanGrey(): number;
  /** Maps values by a table of 256: one for all channels, or three. */
  look(tables: readonly Uint8Array[]): void;
  /** grey + factor · (value − grey). */
  blendWithGrey(factor: number): void;
  /** smoothed + factor · (value − smoothed), but for the pixels of the edge. */
  sharpen(factor: number): void;
  /** x' = x + factor · (y + 0.5) + offset: shears and translates rows. */
  warpAcross(factor: number, offset: number): void;
  /** y' = y + factor · (x + 0.5) + offset: shears and translates columns. */
  warpDown(factor: number, offset: number): void;
  warp(matrix: Matrix): void;
}

let kernels: Kernels | undefined;

function loadKernels(): Kernels {
  const module = new WebAssembly.Module(readFileSync(new URL('./augment.wasm', import.meta.url)));
  kernels = new WebAssembly.Instance(module).exports as Kernels;
  return kernels;
}

/** Good until the next picture is opened. */
export function openPicture({ width, height }: Size): Picture {
  const loops = kernels ?? loadKernels();
  const pixels = width * height;
  const room = Math.ceil((pixels * 3 + SLACK) / 16) * 16;
  const scratch = FRAMES_AT + 2 * room;
  const end = scratch + 28 * width + 2 * SLACK;
  const missing = end - loops.memory.buffer.byteLength;
  if (missing > 0) loops.memory.grow(Math.ceil(missing / PAGE));
  const bytes = new Uint8Array(loops.memory.buffer);
  const counts = new Uint32Array(loops.memory.buffer, COUNTS_AT, 3 * 256);
  let [front, back] = [FRAMES_AT, FRAMES_AT + room];
  const swap = (): void => {
    [front, back] = [back, front];
  };
  return {
    width,
    height,
    read: (frame) => bytes.set(frame, front),
    write: (frame) => frame.set(bytes.subarray(front, front + pixels * 3)),
    histograms() {
      loops.histograms(front, pixels, COUNTS_AT);
      return [0, 256, 512].map((from) => counts.slice(from, from + 256));
    },
    meanGrey: () => loops.lumaSum(front, pixels) / pixels,
    look(tables) {
      for (let channel = 0; channel < 3; channel++) {
        bytes.set(tables[tables.length === 1 ? 0 : channel] as Uint8Array, TABLES_AT + 256 * channel);
      }
      loops.look(front, pixels, TABLES_AT);
    },
    blendWithGrey(factor) {
      loops.blendWithGrey(front, back, pixels, factor);
      swap();
    },
    sharpen(factor) {
      loops.sharpen(front, back, width, height, factor);
      swap();
    },
    warpAcross(factor, offset) {
      loops.warpAcross(front, back, width, height, factor, offset, scratch);
      swap();
    },
    warpDown(factor, offset) {
      loops.warpDown(front, back, width, height, factor, offset, scratch);
      swap();
    },
    warp(matrix) {
      loops.warp(front, back, width, height, ...matrix);
      swap();
    },
  };
}
