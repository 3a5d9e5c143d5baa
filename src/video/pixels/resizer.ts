/**
 * Cutting a window out of a frame, resizing it and mirroring it: uint8 [h, w, 3] to uint8 [H, W, 3], by the definition
 * in `taps.ts`, in WebAssembly.
 */
import type { Size, Window } from '../window.ts';
import { addresses, type Kernels, makeKernels, memoryOf } from './kernels.ts';
import { acrossTable, downTable } from './tables.ts';
import { makeTaps } from './taps.ts';

const CHANNELS = 3;
/** All rows of the frame are one block. */
const ONE_BLOCK = 30;

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

let kernels: Kernels | undefined;

/** @throws RangeError where the window reaches over the frame or something has no size: mistakes of the caller. */
export function makeResizing({ source, crop, size, flip = false }: ResizeTask): Resizing {
  const window = crop ?? { x: 0, y: 0, ...source };
  checkTask(source, window, size);
  kernels ??= makeKernels();
  const { resize } = kernels;

  const across = acrossTable(makeTaps(window.width, size.width, flip), CHANNELS);
  const down = downTable(makeTaps(window.height, size.height));
  const stride = source.width * CHANNELS;
  const lineStride = 2 * size.width * CHANNELS + 64;
  const frameBytes = size.width * size.height * CHANNELS;

  const place = addresses();
  const sourceAt = place(stride * source.height);
  const acrossAt = place(across.bytes.length);
  const downAt = place(down.bytes.length);
  const linesAt = place(lineStride * (window.height + 2 * down.pairs));
  const outAt = place(frameBytes);
  const bytes = memoryOf(kernels, place(0));
  bytes.set(across.bytes, acrossAt);
  bytes.set(down.bytes, downAt);
  const out = bytes.subarray(outAt, outAt + frameBytes);

  return {
    source: Buffer.from(bytes.buffer, sourceAt, stride * source.height),
    run(into) {
      resize(
        ...([sourceAt + window.y * stride + window.x * CHANNELS, stride, 0, ONE_BLOCK, 0] as const),
        ...([window.height, acrossAt, across.groups, across.pairs, across.advance] as const),
        ...([linesAt, lineStride] as const),
        ...([downAt, size.height, down.pairs, outAt, size.width * CHANNELS] as const),
      );
      into.set(out);
    },
  };
}

export function checkTask(source: Size, { x, y, width, height }: Window, size: Size): void {
  if (![size.width, size.height, width, height].every((side) => Number.isInteger(side) && side > 0)) {
    throw new RangeError(`cannot resize ${width}x${height} to ${size.width}x${size.height}`);
  }
  if (!(Number.isInteger(x) && Number.isInteger(y) && x >= 0 && y >= 0)) throw new RangeError(`window at ${x}, ${y}`);
  if (x + width > source.width || y + height > source.height) {
    throw new RangeError(`window ${width}x${height}+${x}+${y} lies outside ${source.width}x${source.height}`);
  }
}
