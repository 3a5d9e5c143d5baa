/** The WebAssembly module of `assembly/`, which `npm run build` compiles; each instance has a memory of its own. */
import { readFileSync } from 'node:fs';

/** Of the global, what is used here: TypeScript has it in its library for browsers only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

const PAGE = 65_536;

/** See the functions of the same names in `assembly/`. */
export interface Kernels {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  resize(
    ...addressesAndCounts: [
      ...source: [source: number, stride: number, firstRow: number, blockShift: number, blockStride: number],
      ...across: [rows: number, table: number, groups: number, pairs: number, advance: number],
      ...lines: [lines: number, lineStride: number],
      ...down: [table: number, outRows: number, pairs: number, out: number, length: number],
    ]
  ): void;
  toRgb(
    ...addressesAndCounts: [
      ...planes: [y: number, u: number, v: number, stride: number],
      ...rest: [width: number, height: number, out: number, scratch: number],
    ]
  ): void;
  pillowAcross(
    ...addressesAndCounts: [
      ...source: [source: number, stride: number, rows: number],
      ...across: [table: number, outputs: number, pairs: number, out: number, outStride: number],
    ]
  ): void;
  pillowDown(
    ...addressesAndCounts: [
      ...lines: [lines: number, lineStride: number],
      ...down: [table: number, outRows: number, pairs: number, out: number, length: number],
    ]
  ): void;
}

export function makeKernels(): Kernels {
  const module = new WebAssembly.Module(readFileSync(new URL('./kernels.wasm', import.meta.url)));
  return new WebAssembly.Instance(module).exports as Kernels;
}

/** The kernels' memory, grown to at least so many bytes; what was taken of it before is good no longer. */
export function memoryOf({ memory }: Kernels, bytes: number): Uint8Array<ArrayBuffer> {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  return new Uint8Array(memory.buffer);
}

/** Gives out addresses one behind the other. The vectors read and write up to 63 bytes behind what they are about. */
export function addresses(): (bytes: number) => number {
  let end = 0;
  return (bytes) => {
    const start = end;
    end += 64 * Math.ceil((bytes + 64) / 64);
    return start;
  };
}
