/** A thread's share of moving a t-SNE map down its gradient; see `tsne.ts` and `assembly/forces.ts`. */
import type { Kernels, Places } from './kernels.ts';
import type { Team } from './team.ts';

export interface DescentJob {
  readonly kind: 'descent';
  readonly count: number;
  readonly iterations: number;
  /** Of the iterations, those first ones with all affinities so many times larger and a momentum of 0.5. */
  readonly exaggerated: number;
  readonly exaggeration: number;
  readonly rate: number;
  readonly theta: number;
  readonly places: Places<DescentPiece>;
}
/** `state` float64 [3, count, 2]: map, velocity, gains. */
export type DescentPiece =
  | ('starts' | 'columns' | 'weights' | 'state' | 'copy' | 'attraction' | 'repulsion')
  | ('sorted' | 'scratch' | 'x' | 'y' | 'tree' | 'counts' | 'shared');

/** Points a thread takes at once. */
const POINTS = 256;
const GROUPS = POINTS / 4;

/** Bytes of each piece but those of the affinities. */
export function descentBytes(count: number): Record<Exclude<DescentPiece, 'starts' | 'columns' | 'weights'>, number> {
  return {
    ...{ state: count * 48, copy: count * 8, attraction: count * 8, repulsion: count * 8 },
    ...{ sorted: count * 8, scratch: count * 8, x: count * 4 + 16, y: count * 4 + 16 },
    ...{ tree: 2 * count * 28, counts: 1024, shared: 8 + 8 * Math.ceil(count / POINTS) },
  };
}

/** Computes both forces of the map in `copy`. @returns Z, the sum of all q */
export function computeForces(
  kernels: Kernels,
  memory: SharedArrayBuffer,
  team: Team,
  { count, theta, places }: Pick<DescentJob, 'count' | 'theta' | 'places'>,
): number {
  const { copy, starts, columns, weights, attraction, repulsion, sorted, scratch, x, y, tree, counts } = places;
  const blocks = Math.ceil(count / POINTS);
  const nodes = new Int32Array(memory, places.shared, 1);
  const sums = new Float64Array(memory, places.shared + 8, blocks);
  // The tree is one thread's work; the others begin with the attraction.
  if (team.thread === 0) nodes[0] = kernels.buildTree(copy, count, sorted, scratch, x, y, tree, counts);
  for (let block = team.take(blocks); block >= 0; block = team.take(blocks)) {
    const end = Math.min((block + 1) * POINTS, count);
    kernels.attract(copy, starts, columns, weights, block * POINTS, end, attraction);
  }
  team.meet();
  const groups = Math.ceil(count / 4);
  for (let block = team.take(blocks); block >= 0; block = team.take(blocks)) {
    const end = Math.min((block + 1) * GROUPS, groups);
    sums[block] = kernels.repel(
      ...[tree, nodes[0] as number, sorted, x, y, count, block * GROUPS, end, theta * theta, repulsion],
    );
  }
  team.meet();
  // In order, whoever computed them.
  return Math.max(
    sums.reduce((sum, value) => sum + value, 0),
    1e-300,
  );
}

export function descend(kernels: Kernels, memory: SharedArrayBuffer, team: Team, job: DescentJob): void {
  const { count, iterations, exaggerated, exaggeration, rate, places } = job;
  const { state, copy, attraction, repulsion } = places;
  const first = Math.floor((2 * count * team.thread) / team.threads);
  const end = Math.floor((2 * count * (team.thread + 1)) / team.threads);
  const velocities = new Float64Array(memory, state + count * 16, 2 * count);
  const gains = new Float64Array(memory, state + count * 32, 2 * count);
  for (let iteration = 0; iteration < iterations; iteration++) {
    const z = computeForces(kernels, memory, team, job);
    if (iteration === 0 || iteration === exaggerated) {
      velocities.fill(0, first, end);
      gains.fill(1, first, end);
    }
    const [factor, momentum] = iteration < exaggerated ? [exaggeration, 0.5] : [1, 0.8];
    kernels.descend(state, 2 * count, copy, attraction, repulsion, first, end, factor, z, momentum, rate);
    team.meet();
    if (team.thread === 0 && (iteration + 1) % 10 === 0) team.report(iteration + 1, iterations);
  }
}
