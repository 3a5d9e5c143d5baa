/** A thread's share of finding nearest neighbours; see `neighbours.ts`. */
import type { Kernels, Places } from './kernels.ts';
import { BLOCK, type Extent, roundingError } from './rounded.ts';
import type { Team } from './team.ts';

export interface NeighboursJob {
  readonly kind: 'neighbours';
  readonly extent: Extent;
  readonly k: number;
  /** Candidates a row. */
  readonly size: number;
  /** See `writeRounded`. */
  readonly scale: number;
  readonly places: Places<NeighbourPiece>;
}
/** `tops`, `near`, `owners` and `tiles` are there once a thread; the last two are the answer. */
export type NeighbourPiece =
  | ('exact' | 'rounded' | 'norms')
  | ('tops' | 'near' | 'owners' | 'tiles')
  | ('squares' | 'listed');

/** Rows a thread takes at once when it orders candidates. */
const ROWS = 64;

export function findNeighbours(kernels: Kernels, memory: SharedArrayBuffer, team: Team, job: NeighboursJob): void {
  const { extent, size, places } = job;
  const { blocks, rows, padded } = extent;
  const width = padded * 4;
  const own = (piece: 'tops' | 'near' | 'owners' | 'tiles', bytes: number): number =>
    places[piece] + team.thread * bytes;
  const tops = own('tops', rows * 4);
  const near = own('near', rows * size * 4);
  const owners = own('owners', rows * size * 4);
  const tile = own('tiles', BLOCK * BLOCK * 4);
  new Float32Array(memory, tops, rows).fill(Number.POSITIVE_INFINITY);
  new Float32Array(memory, near, rows * size).fill(Number.POSITIVE_INFINITY);

  for (let taken = team.take(blocks); taken >= 0; taken = team.take(blocks)) {
    // Longest first, so that the threads end together.
    const block = blocks - 1 - taken;
    kernels.offerBlock(places.rounded, places.norms, width, block, size, tops, near, owners, tile);
    // Pairs done of all: a block meets those before it.
    team.report(1 - (block / blocks) ** 2, 1);
  }
  team.meet();
  orderAll(kernels, memory, team, job);
}

function orderAll(kernels: Kernels, memory: SharedArrayBuffer, team: Team, job: NeighboursJob): void {
  const { extent, k, size, scale, places } = job;
  const { count, rows, padded } = extent;
  const width = padded * 4;
  const norms = new Float32Array(memory, places.norms, rows);
  const chunks = Math.ceil(count / ROWS);
  for (let chunk = team.take(chunks); chunk >= 0; chunk = team.take(chunks)) {
    for (let row = chunk * ROWS; row < Math.min((chunk + 1) * ROWS, count); row++) {
      const at = row * size * 4;
      let top = new Float32Array(memory, places.near + at, 1)[0] as number;
      for (let other = 1; other < team.threads; other++) {
        const far = at + other * rows * size * 4;
        top = kernels.joinHeaps(places.near + at, places.owners + at, places.near + far, places.owners + far, size);
      }
      const squares = places.squares + row * k * 8;
      const listed = places.listed + row * k * 4;
      const last = kernels.sortExactly(places.exact, width, row, places.owners + at, size, k, squares, listed);
      const squared = last * scale * scale;
      const error = roundingError(padded, norms[row] as number, squared);
      // Whoever is no candidate is at least `top` away, by a rounded distance.
      if (size >= count - 1 || squared + error < top) continue;
      kernels.scanExactly(places.exact, width, count, row, k, squares, listed);
    }
  }
}
