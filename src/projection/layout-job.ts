/**
 * UMAP's stochastic descent, on one thread: each step needs the one before, and a seed is to give one map. As in umap-learn
 * 0.5 (layouts.py): an edge is due as often as its weight says, pulls both ends together, and pushes its first end from five
 * points drawn at random.
 */
import { bulkBits, rng } from '../tensor/random.ts';
import type { Places } from './kernels.ts';
import type { Team } from './team.ts';

export interface LayoutJob {
  readonly kind: 'layout';
  readonly count: number;
  readonly edges: number;
  readonly epochs: number;
  /** Of the curve 1 / (1 + a d²ᵇ). */
  readonly a: number;
  readonly b: number;
  readonly seed: number;
  /** `heads`, `tails` int32 [edges]; `every` float64 [edges]: epochs from one time to the next; `map` float64 [count, 2]. */
  readonly places: Places<'heads' | 'tails' | 'every' | 'map'>;
}

const NEGATIVES = 5;

function clipped(value: number): number {
  return Math.max(-4, Math.min(4, value));
}

export function layOut(memory: SharedArrayBuffer, team: Team, job: LayoutJob): void {
  const { count, edges, epochs, places } = job;
  const every = new Float64Array(memory, places.every, edges);
  const due = every.slice();
  const negativeDue = every.map((period) => period / NEGATIVES);
  const move = mover(new Float64Array(memory, places.map, 2 * count), job);
  const bits = bulkBits(rng(job.seed, 'UMAP layout'));
  const heads = new Int32Array(memory, places.heads, edges);
  const tails = new Int32Array(memory, places.tails, edges);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const alpha = 1 - epoch / epochs;
    for (let edge = 0; edge < edges; edge++) {
      if ((due[edge] as number) > epoch) continue;
      const period = every[edge] as number;
      const head = heads[edge] as number;
      move.together(head, tails[edge] as number, alpha);
      due[edge] = (due[edge] as number) + period;
      const negatives = Math.floor(((epoch - (negativeDue[edge] as number)) * NEGATIVES) / period);
      for (let drawn = 0; drawn < negatives; drawn++) move.apart(head, bits() % count, alpha);
      negativeDue[edge] = (negativeDue[edge] as number) + (negatives * period) / NEGATIVES;
    }
    team.report(epoch + 1, epochs);
  }
}

function mover(map: Float64Array, { a, b }: LayoutJob) {
  return {
    together(head: number, tail: number, alpha: number): void {
      const dx = (map[2 * head] as number) - (map[2 * tail] as number);
      const dy = (map[2 * head + 1] as number) - (map[2 * tail + 1] as number);
      const d2 = dx * dx + dy * dy;
      if (!(d2 > 0)) return;
      const power = d2 ** b;
      const pull = (-2 * a * b * power) / (d2 * (a * power + 1));
      const x = clipped(pull * dx) * alpha;
      const y = clipped(pull * dy) * alpha;
      map[2 * head] = (map[2 * head] as number) + x;
      map[2 * head + 1] = (map[2 * head + 1] as number) + y;
      map[2 * tail] = (map[2 * tail] as number) - x;
      map[2 * tail + 1] = (map[2 * tail + 1] as number) - y;
    },
    apart(head: number, other: number, alpha: number): void {
      const dx = (map[2 * head] as number) - (map[2 * other] as number);
      const dy = (map[2 * head + 1] as number) - (map[2 * other + 1] as number);
      const d2 = dx * dx + dy * dy;
      if (!(d2 > 0)) return;
      const push = (2 * b) / ((0.001 + d2) * (a * d2 ** b + 1));
      map[2 * head] = (map[2 * head] as number) + clipped(push * dx) * alpha;
      map[2 * head + 1] = (map[2 * head + 1] as number) + clipped(push * dy) * alpha;
    },
  };
}
