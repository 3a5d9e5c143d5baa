/**
 * Windows of one picture, resized as Pillow does it, to the byte: uint8 [h, w, 3] to uint8 [H, W, 3]. Across, then down,
 * each rounded to bytes (`pillow-taps.ts`), in WebAssembly. All pictures of a thread share one memory.
 */
import type { Size, Window } from '../window.ts';
import { addresses, type Kernels, makeKernels, memoryOf } from './kernels.ts';
import { type Filter, type PillowTaps, pillowTaps } from './pillow-taps.ts';
import { checkTask } from './resizer.ts';

export interface PictureTask {
  /** What to cut out first; the whole picture where absent. Nothing outside it has a part in the result. */
  readonly crop?: Window | undefined;
  /** The size delivered. */
  readonly size: Size;
  /** The size resized to, and where in it what is delivered lies; all of it where absent. */
  readonly cut?: { readonly of: Size; readonly x: number; readonly y: number } | undefined;
  /** Mirror left and right, at last. */
  readonly flip?: boolean | undefined;
  /** Default bilinear. */
  readonly interpolation?: Filter | undefined;
}

export interface ResizablePicture {
  /** uint8 [h, w, 3], to be filled before `resize`; good, as that is, until another picture is opened. */
  readonly source: Buffer;
  /** Writes to the start of `into`: uint8 [H, W, 3]. */
  resize(task: PictureTask, into: Uint8Array): void;
}

const CHANNELS = 3;
/** Bytes of a table before the weights, and of two weights. */
const FIRST = 4;
const PAIR = 8;

let kernels: Kernels | undefined;

export function openResizable(source: Size): ResizablePicture {
  kernels ??= makeKernels();
  const { pillowAcross, pillowDown } = kernels;
  const own = kernels;
  const stride = source.width * CHANNELS;
  const sourceBytes = stride * source.height;
  memoryOf(own, sourceBytes);
  return {
    get source() {
      return Buffer.from(own.memory.buffer, 0, sourceBytes);
    },
    resize({ crop, size, cut, flip = false, interpolation = 'bilinear' }, into) {
      const window = crop ?? { x: 0, y: 0, ...source };
      checkTask(source, window, size);
      const { of, x, y } = cut ?? { of: size, x: 0, y: 0 };
      checkTask(of, { x, y, ...size }, size);
      const across = tableOf(interpolation, window.width, of.width, x, size.width, flip, CHANNELS);
      const down = tableOf(interpolation, window.height, of.height, y, size.height, false, 1);
      // Only the rows that have a part are made.
      const rows = Math.min(down.end, window.height) - down.start;

      const lineStride = size.width * CHANNELS + 16;
      const place = addresses();
      place(sourceBytes + CHANNELS * across.count);
      const acrossAt = place(across.bytes.length);
      const downAt = place(down.bytes.length);
      const linesAt = place(lineStride * (rows + down.count));
      const outBytes = size.width * size.height * CHANNELS;
      const outAt = place(outBytes);
      const bytes = memoryOf(own, place(0));
      bytes.set(across.bytes, acrossAt);
      bytes.set(down.bytes, downAt);
      pillowAcross(
        ...([(window.y + down.start) * stride + (window.x + across.start) * CHANNELS, stride, rows] as const),
        ...([acrossAt, across.outputs, across.count / 2, linesAt, lineStride] as const),
      );
      pillowDown(linesAt, lineStride, downAt, down.outputs, down.count / 2, outAt, size.width * CHANNELS);
      into.set(bytes.subarray(outAt, outAt + outBytes));
    },
  };
}

interface Table {
  /** As the kernels read it: firsts from `start` on. */
  readonly bytes: Uint8Array;
  readonly outputs: number;
  /** Weights of an output. */
  readonly count: number;
  /** The first input that has a part, and the one behind the last that is looked at. */
  readonly start: number;
  readonly end: number;
}

/** Those made last: many pictures are resized alike. */
const tables = new Map<string, Table>();
const KEPT = 64;

/** @param unit what a first is counted in */
function tableOf(
  filter: Filter,
  inputs: number,
  total: number,
  from: number,
  outputs: number,
  flip: boolean,
  unit: number,
): Table {
  const key = [filter, inputs, total, from, outputs, flip, unit].join();
  const known = tables.get(key);
  if (known !== undefined) return known;
  const made = layTaps(pillowTaps(filter, inputs, total, { from, outputs, flip }), unit);
  if (tables.size >= KEPT) tables.delete(tables.keys().next().value as string);
  tables.set(key, made);
  return made;
}

/** Weights in two parts. */
function layTaps({ outputs, count, first, weights }: PillowTaps, unit: number): Table {
  const entry = FIRST + (count / 2) * PAIR;
  const memory = new ArrayBuffer(outputs * entry);
  const words = new Uint32Array(memory);
  const halves = new Int16Array(memory);
  const start = Math.min(...first);
  for (let i = 0; i < outputs; i++) {
    const at = i * entry;
    words[at / 4] = ((first[i] as number) - start) * unit;
    for (let k = 0; k < count; k++) {
      const weight = weights[i * count + k] as number;
      const half = (at + FIRST + (k >> 1) * PAIR) / 2 + (k & 1);
      halves[half] = weight >> 11;
      halves[half + 2] = weight & 2047;
    }
  }
  return { bytes: new Uint8Array(memory), outputs, count, start, end: Math.max(...first) + count };
}
