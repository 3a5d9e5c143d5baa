/**
 * The same as `resizer.ts`, from luma and halved chroma to uint8 [H, W, 3]: planes are resized and become RGB at their
 * final size, which is less work than to resize RGB, and what ffmpeg does too.
 *
 * The picture lies on its side, cut into strips of 32 columns as in a packed file (see ../packed/layout.ts): a row of
 * memory is a column of the picture, luma first, chroma behind. In the rows of a strip, chroma has 16 columns of U, then
 * 16 of V. Colours are BT.601, limited range. A sample of chroma lies in the middle of its 2 x 2 pixels, as ffmpeg's
 * scaler has it where nothing is said; as there, two pixels of a row of the output share their chroma.
 */
import type { Size, Window } from '../window.ts';
import { addresses, type Kernels, makeKernels, memoryOf } from './kernels.ts';
import { checkTask, type ResizeTask } from './resizer.ts';
import { type AcrossTable, acrossTable, type DownTable, downTable } from './tables.ts';
import { makeTaps, tapsAround } from './taps.ts';

export const STRIP_COLUMNS = 32;
const LUMA_BLOCK = 5;
const CHROMA_BLOCK = 4;

export interface PlaneLayout {
  /** The picture's size. */
  readonly source: Size;
  /** Bytes of a row of memory, and where in it chroma begins. */
  readonly stride: number;
  readonly chromaAt: number;
}

export interface PlaneResizings {
  /** Room for the strips, to be filled before `run`; good, as `run` is, until the next are made. */
  readonly source: Buffer;
  /** Does the task of that number on the strips from `firstStrip` on, and writes to the start of `into`: uint8 [H, W, 3]. */
  run(task: number, firstStrip: number, into: Uint8Array): void;
}

export type PlaneTask = Omit<ResizeTask, 'source'>;

interface Plane {
  /** First row and column of the plane that have a part in the window, and how many. */
  readonly window: Window;
  readonly across: AcrossTable;
  readonly down: DownTable;
}

let kernels: Kernels | undefined;

/** @throws RangeError as `makeResizing` */
export function makePlaneResizings(layout: PlaneLayout, tasks: readonly PlaneTask[]): PlaneResizings {
  const { source, stride, chromaAt } = layout;
  kernels ??= makeKernels();
  const { resize, toRgb } = kernels;
  const place = addresses();
  const sourceBytes = Math.ceil(source.width / STRIP_COLUMNS) * STRIP_COLUMNS * stride;
  const sourceAt = place(sourceBytes);
  const tables: [address: number, bytes: Uint8Array][] = [];
  const placeTable = ({ bytes }: AcrossTable | DownTable): number => {
    const address = place(bytes.length);
    tables.push([address, bytes]);
    return address;
  };
  const scratch = { lines: 0, luma: 0, out: 0 };
  const planned = tasks.map(({ crop, size, flip = false }) => {
    const window = crop ?? { x: 0, y: 0, ...source };
    checkTask(source, window, size);
    // Whole blocks of 16 x 16 pixels become RGB at once.
    const length = 16 * Math.ceil(size.height / 16);
    const columns = 16 * Math.ceil(size.width / 16);
    const lineStride = 2 * length + 64;
    const planes = [lumaPlane(window, size, flip), chromaPlane(window, size, flip)] as const;
    for (const plane of planes) {
      const lines = lineStride * (plane.window.width + 2 * plane.down.pairs);
      scratch.lines = Math.max(scratch.lines, lines);
    }
    scratch.luma = Math.max(scratch.luma, columns * length);
    scratch.out = Math.max(scratch.out, size.width * size.height * 3);
    const [luma, chroma] = planes.map((plane) => ({
      ...plane,
      acrossAt: placeTable(plane.across),
      downAt: placeTable(plane.down),
    })) as [PlacedPlane, PlacedPlane];
    return { size, length, lineStride, luma, chroma };
  });
  const linesAt = place(scratch.lines);
  const [yAt, uAt, vAt] = [place(scratch.luma), place(scratch.luma / 2), place(scratch.luma / 2)];
  const outAt = place(scratch.out);
  const blockAt = place(1040);
  const bytes = memoryOf(kernels, place(0));
  for (const [address, table] of tables) bytes.set(table, address);

  function resizePlane(plane: PlacedPlane, blockAt: number, blockShift: number, outAt: number, task: Placed): void {
    const { window, across, down, acrossAt, downAt } = plane;
    const firstRow = window.x & ((1 << blockShift) - 1);
    resize(
      ...([blockAt + window.y, stride, firstRow, blockShift, STRIP_COLUMNS * stride] as const),
      ...([window.width, acrossAt, across.groups, across.pairs, across.advance] as const),
      ...([linesAt, task.lineStride] as const),
      ...([downAt, down.outputs, down.pairs, outAt, task.length] as const),
    );
  }

  return {
    source: Buffer.from(bytes.buffer, sourceAt, sourceBytes),
    run(number, firstStrip, into) {
      const task = planned[number] as Placed;
      const { luma, chroma, size, length } = task;
      const stripAt = (strip: number): number => sourceAt + (strip - firstStrip) * STRIP_COLUMNS * stride;
      const chromaStrip = stripAt(chroma.window.x >> CHROMA_BLOCK) + chromaAt;
      resizePlane(luma, stripAt(luma.window.x >> LUMA_BLOCK), LUMA_BLOCK, yAt, task);
      resizePlane(chroma, chromaStrip, CHROMA_BLOCK, uAt, task);
      resizePlane(chroma, chromaStrip + (STRIP_COLUMNS / 2) * stride, CHROMA_BLOCK, vAt, task);
      toRgb(yAt, uAt, vAt, length, size.width, size.height, outAt, blockAt);
      into.set(bytes.subarray(outAt, outAt + size.width * size.height * 3));
    },
  };
}

function lumaPlane(window: Window, { width, height }: Size, flip: boolean): Plane {
  return {
    window,
    across: acrossTable(makeTaps(window.height, height), 1),
    down: downTable(makeTaps(window.width, width, flip)),
  };
}

/** Distances are in pixels of the picture until they are halved; edges lie at whole numbers, centres at halves. */
function chromaPlane({ x, y, width, height }: Window, size: Size, flip: boolean): Plane {
  const [left, top] = [x >> 1, y >> 1];
  const [columns, rows] = [((x + width - 1) >> 1) - left + 1, ((y + height - 1) >> 1) - top + 1];
  // The kernel reads four columns at once, which must lie in one strip.
  const start = left - (left % 4);
  const [scaleX, scaleY] = [width / size.width, height / size.height];
  const centerX = (i: number): number => {
    const edge = flip ? size.width - 2 * i - 1 : 2 * i + 1;
    return (x + edge * scaleX) / 2 - 0.5 - left;
  };
  const centerY = (i: number): number => (y + (i + 0.5) * scaleY) / 2 - 0.5 - top;
  const across = tapsAround(centerY, size.height, Math.max(scaleY / 2, 1), rows);
  const down = tapsAround(centerX, Math.ceil(size.width / 2), Math.max(scaleX, 1), columns);
  return {
    window: { x: start, y: top, width: left + columns - start, height: rows },
    across: acrossTable(across, 1),
    down: downTable({ ...down, first: down.first.map((column) => column + left - start) }),
  };
}

type PlacedPlane = Plane & { readonly acrossAt: number; readonly downAt: number };
interface Placed {
  readonly size: Size;
  readonly length: number;
  readonly lineStride: number;
  readonly luma: PlacedPlane;
  readonly chroma: PlacedPlane;
}

/** Strips, from the first and how many, that a window has a part in. */
export function stripsOf({ x, width }: Pick<Window, 'x' | 'width'>): { first: number; count: number } {
  const first = Math.floor(x / STRIP_COLUMNS);
  return { first, count: Math.floor((x + width - 1) / STRIP_COLUMNS) - first + 1 };
}
