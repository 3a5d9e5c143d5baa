import type { BlockShape } from '../../model/backbone.ts';
import type { LinearSite } from '../../model/taps.ts';
import type { HostTensors } from '../../tensor/host.ts';
import { addToLayer, addToQkv } from './block-layers.ts';
import { type Matrix, matrix } from './matrix.ts';

const THIRDS: readonly LinearSite[] = ['q', 'k', 'v'];
const LAYERS = { proj: 'attn.proj', fc1: 'mlp.fc1', fc2: 'mlp.fc2' } as const;

/**
 * Adds a change to the weight of each chosen linear layer.
 * @param changeOf the change of a site's weight, [out, in]
 * @returns the changed tensors by name
 */
export function foldAtSites(
  tensors: HostTensors,
  chosen: ReadonlyMap<number, BlockShape>,
  sites: readonly LinearSite[],
  changeOf: (block: number, site: LinearSite) => Matrix,
): HostTensors {
  const merged: HostTensors = {};
  for (const [i, { width: D }] of chosen) {
    if (sites.some((site) => THIRDS.includes(site))) {
      const whole = new Float64Array(3 * D * D);
      THIRDS.forEach((site, third) => {
        if (sites.includes(site)) whole.set(changeOf(i, site).data, third * D * D);
      });
      Object.assign(
        merged,
        addToQkv(tensors, i, () => ({ weight: matrix(3 * D, D, whole) })),
      );
    }
    for (const [site, layer] of Object.entries(LAYERS) as [keyof typeof LAYERS, string][]) {
      if (!sites.includes(site)) continue;
      Object.assign(
        merged,
        addToLayer(tensors, `blocks.${i}.${layer}`, () => ({ weight: changeOf(i, site) })),
      );
    }
  }
  return merged;
}
