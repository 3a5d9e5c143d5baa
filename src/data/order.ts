/** Which entries an epoch sees, in which order, in which batches: a function of seed and epoch alone. */
import { rng } from '../tensor/random.ts';

export interface EpochOptions {
  /** Number of entries. */
  readonly entries: number;
  readonly batch: number;
  /** Batches whose gradients make one update. */
  readonly accumulate: number;
  /** Whether an incomplete last update is left out, as AdaptFormer does. */
  readonly dropLast: boolean;
}

/** Updates of one epoch. */
export function updatesPerEpoch({ entries, batch, accumulate, dropLast }: EpochOptions): number {
  const clips = batch * accumulate;
  return dropLast ? Math.floor(entries / clips) : Math.ceil(entries / clips);
}

/** The updates of an epoch: for each, its batches of indices into the entries. */
export function updatesOf(options: EpochOptions, seed: number, epoch: number): Uint32Array[][] {
  const { entries, batch, accumulate } = options;
  const order = rng(seed, 'order', epoch).permutation(entries);
  return Array.from({ length: updatesPerEpoch(options) }, (_, update) => {
    const start = update * batch * accumulate;
    const end = Math.min(entries, start + batch * accumulate);
    const batches: Uint32Array[] = [];
    for (let at = start; at < end; at += batch) batches.push(order.subarray(at, Math.min(end, at + batch)));
    return batches;
  });
}
