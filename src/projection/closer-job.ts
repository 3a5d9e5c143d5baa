/** A thread's share of ranking the neighbours that points have in a map; see `trustworthiness.ts`. */
import type { Kernels, Places } from './kernels.ts';
import { BLOCK, type Extent, roundingError } from './rounded.ts';
import type { Team } from './team.ts';

export interface CloserJob {
  readonly kind: 'closer';
  readonly extent: Extent;
  readonly k: number;
  readonly scale: number;
  readonly places: Places<CloserPiece>;
}
/**
 * `holders` int32 [rows, k]: the map's neighbours, sorted here by (exact squared distance, index); `limits` float64 [rows, k];
 * `closer` int32 [threads, rows, k]; `tiles` once a thread.
 */
export type CloserPiece =
  | ('exact' | 'rounded' | 'norms')
  | ('holders' | 'limits' | 'reach' | 'errors' | 'closer' | 'tiles');

export function countCloser(kernels: Kernels, memory: SharedArrayBuffer, team: Team, job: CloserJob): void {
  const { extent, k, scale, places } = job;
  const { rows, padded, blocks } = extent;
  const width = padded * 4;
  for (let block = team.take(blocks); block >= 0; block = team.take(blocks)) setLimits(kernels, memory, block, job);
  team.meet();
  const closer = places.closer + team.thread * rows * k * 4;
  const tile = places.tiles + team.thread * BLOCK * BLOCK * 4;
  for (let taken = team.take(blocks); taken >= 0; taken = team.take(blocks)) {
    const block = blocks - 1 - taken;
    kernels.countCloser(
      ...[places.rounded, places.norms, places.exact, width, block, k],
      ...[places.limits, places.holders, places.reach, closer, scale ** -2, places.errors, tile],
    );
    team.report(1 - (block / blocks) ** 2, 1);
  }
}

function setLimits(kernels: Kernels, memory: SharedArrayBuffer, block: number, job: CloserJob): void {
  const { extent, k, scale, places } = job;
  const { count, rows, padded } = extent;
  const width = padded * 4;
  const norms = new Float32Array(memory, places.norms, rows);
  const reach = new Float32Array(memory, places.reach, rows);
  const errors = new Float32Array(memory, places.errors, rows);
  const limits = new Float64Array(memory, places.limits, rows * k);
  const holders = new Int32Array(memory, places.holders, rows * k);
  for (let row = block * BLOCK; row < (block + 1) * BLOCK; row++) {
    if (row >= count) {
      reach[row] = -1;
      continue;
    }
    const sorted = Array.from(holders.subarray(row * k, (row + 1) * k), (holder) => {
      const [a, b] = [places.exact + row * width, places.exact + holder * width];
      return { holder, squared: kernels.squaredDistance(a, b, width, Number.POSITIVE_INFINITY) };
    }).sort((a, b) => a.squared - b.squared || a.holder - b.holder);
    for (const [at, { holder, squared }] of sorted.entries()) {
      holders[row * k + at] = holder;
      limits[row * k + at] = squared;
    }
    const largest = (sorted.at(-1)?.squared ?? 0) * scale * scale;
    const norm = norms[row] as number;
    const rough = roundingError(padded, norm, largest);
    // What is reached may be as much farther as its own rounding hid.
    const error = 1.001 * roundingError(padded, norm, largest + 4 * rough);
    errors[row] = error;
    reach[row] = 1.001 * (largest + error);
  }
}
