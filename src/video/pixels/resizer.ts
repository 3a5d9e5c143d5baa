/**
 * Cutting a window out of a frame, resizing it and mirroring it: uint8 [h, w, 3] to uint8 [H, W, 3], by the definition
 * in `taps.ts`. A WebAssembly module with 128-bit vectors does the work; this file lays out its memory:
 *
 *   the frame | table across | table down | lines of 16 bits | the resized frame
 */
import { readFileSync } from 'node:fs';
import type { Size, Window } from '../window.ts';
import { acrossTable, downTable } from './tables.ts';
import { makeTaps } from './taps.ts';

const CHANNELS = 3;
/** The vectors read and write up to so many bytes behind what they are about. */
const SLACK = 64;
const PAGE = 65_536;

export interface ResizeTask {
  /** Size of the frames that come. */
  readonly source: Size;
  /** What to cut out; the whole frame where absent. Nothing outside it has a part in the result. */
  readonly crop?: Window | undefined;
  /** The size delivered. */
  readonly size: Size;
  /** Mirror left and right. */
  readonly flip?: boolean | undefined;
}

export interface Resizing {
  /**
   * The frame, uint8 [h, w, 3], to be filled before each `run`. All resizings of a thread share one memory: `source` and
   * `run` are good until the next resizing is made.
   */
  readonly source: Buffer;
  /** Resizes what is in `source` and writes it to the start of `into`: uint8 [H, W, 3]. */
  run(into: Uint8Array): void;
}

/** Of the global, what is used here: TypeScript has it in its library for browsers only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

interface Kernels {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly resize: (...addressesAndCounts: number[]) => void;
}

let kernels: Kernels | undefined;

function loadKernels(): Kernels {
  const module = new WebAssembly.Module(readFileSync(new URL('./resize.wasm', import.meta.url)));
  kernels = new WebAssembly.Instance(module).exports as Kernels;
  return kernels;
}

/** @throws RangeError where the window reaches over the frame or something has no size: mistakes of the caller. */
export function makeResizing({ source, crop, size, flip = false }: ResizeTask): Resizing {
  const window = crop ?? { x: 0, y: 0, ...source };
  checkTask(source, window, size);
  const { memory, resize } = kernels ?? loadKernels();

  const across = acrossTable(makeTaps(window.width, size.width), CHANNELS, flip);
  const down = downTable(makeTaps(window.height, size.height));
  const stride = source.width * CHANNELS;
  const lineStride = align(size.width * CHANNELS * 2 + SLACK);
  const frameBytes = size.width * size.height * CHANNELS;

  const acrossAt = align(stride * source.height + SLACK);
  const downAt = acrossAt + align(across.bytes.length);
  const linesAt = downAt + align(down.bytes.length);
  const outAt = linesAt + lineStride * (window.height + 2 * down.pairs);
  const end = outAt + frameBytes + SLACK;
  if (end > memory.buffer.byteLength) memory.grow(Math.ceil((end - memory.buffer.byteLength) / PAGE));
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(across.bytes, acrossAt);
  bytes.set(down.bytes, downAt);
  const out = bytes.subarray(outAt, outAt + frameBytes);

  return {
    source: Buffer.from(memory.buffer, 0, stride * source.height),
    run(into) {
      resize(
        ...[window.y * stride + window.x * CHANNELS, stride, window.height],
        ...[acrossAt, across.groups, across.pairs, across.advance],
        ...[linesAt, lineStride, downAt, size.height, down.pairs],
        ...[outAt, size.width * CHANNELS],
      );
      into.set(out);
    },
  };
}

const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;

function checkTask(source: Size, { x, y, width, height }: Window, size: Size): void {
  if (![size.width, size.height, width, height].every((side) => Number.isInteger(side) && side > 0)) {
    throw new RangeError(`cannot resize ${width}x${height} to ${size.width}x${size.height}`);
  }
  if (!(Number.isInteger(x) && Number.isInteger(y) && x >= 0 && y >= 0)) throw new RangeError(`window at ${x}, ${y}`);
  if (x + width > source.width || y + height > source.height) {
    throw new RangeError(`window ${width}x${height}+${x}+${y} lies outside ${source.width}x${source.height}`);
  }
}
