/** The table of kernels: what a step may be made of, for every runtime. */
import { convolutions } from './convolutions.ts';
import { elementwise } from './elementwise.ts';
import { indexing } from './indexing.ts';
import type { Kernel } from './kernel.ts';
import { layout } from './layout.ts';
import { products } from './products.ts';
import { reductions } from './reductions.ts';

export const KERNELS: ReadonlyMap<string, Kernel> = new Map(
  [...elementwise, ...layout, ...indexing, ...reductions, ...products, ...convolutions].map((kernel) => [
    kernel.name,
    kernel,
  ]),
);

/** @throws TypeError for a kernel that is not in the table */
export function kernelOf(name: string): Kernel {
  const kernel = KERNELS.get(name);
  if (kernel === undefined) throw new TypeError(`${name} is not in the kernel table (src/graph/kernels)`);
  return kernel;
}
