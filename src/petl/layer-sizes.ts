import type { BlockShape } from '../model/backbone.ts';
import type { LinearSite } from '../model/taps.ts';

/** All linear layers of a block. */
export const SITES = ['q', 'k', 'v', 'proj', 'fc1', 'fc2'] as const satisfies readonly LinearSite[];

/** Numbers of a token that a linear layer takes and makes. */
export function layerSize(site: LinearSite, { width, hidden }: BlockShape): { inputs: number; outputs: number } {
  if (site === 'fc1') return { inputs: width, outputs: hidden };
  if (site === 'fc2') return { inputs: hidden, outputs: width };
  return { inputs: width, outputs: width };
}
