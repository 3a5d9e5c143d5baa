/** The WebAssembly module of `assembly/`, which `npm run build` compiles, over a memory that threads share. */
import { readFileSync } from 'node:fs';
import { dataError } from '../errors/index.ts';

export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
}

/** Of the global, what is used here: TypeScript has it in its library for browsers only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  readonly Memory: new (size: { initial: number; maximum: number; shared: true }) => SharedMemory;
};

const PAGE = 65_536;
/** 4 GiB: what 32 bits of address reach. */
const MOST_PAGES = 65_536;

/** See the functions of the same names in `assembly/`; all are addresses, counts and numbers in their order there. */
export interface Kernels {
  dots(...args: number[]): void;
  squaredDistance(a: number, b: number, width: number, limit: number): number;
  offerBlock(...args: number[]): void;
  joinHeaps(...args: number[]): number;
  sortExactly(...args: number[]): number;
  scanExactly(...args: number[]): void;
  countCloser(...args: number[]): void;
  buildTree(...args: number[]): number;
  repel(...args: number[]): number;
  attract(...args: number[]): void;
  descend(...args: number[]): void;
}

export function makeKernels(memory: SharedMemory): Kernels {
  const module = new WebAssembly.Module(readFileSync(new URL('./projection.wasm', import.meta.url)));
  return new WebAssembly.Instance(module, { env: { memory } }).exports as Kernels;
}

/** Address of each named piece of a memory. */
export type Places<Name extends string> = Readonly<Record<Name, number>>;

/**
 * A memory with room for pieces of so many bytes, each at a multiple of 64 with 64 spare bytes behind, all zero.
 *
 * @throws PetlVideoError (data) above 4 GiB
 */
export function makeMemory<Name extends string>(
  bytes: Readonly<Record<Name, number>>,
): { readonly memory: SharedMemory; readonly places: Places<Name> } {
  const places = {} as Record<Name, number>;
  // The first page stays out of use: AssemblyScript keeps its constants there.
  let end = PAGE;
  for (const [name, size] of Object.entries(bytes) as [Name, number][]) {
    places[name] = end;
    end += 64 * Math.ceil((size + 64) / 64);
  }
  const pages = Math.ceil(end / PAGE);
  if (pages > MOST_PAGES) {
    throw dataError(`so many features need ${(end / 2 ** 30).toFixed(1)} GiB at once; 4 can be had`, {
      remedy: 'take fewer videos per class',
    });
  }
  return { memory: new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }), places };
}
