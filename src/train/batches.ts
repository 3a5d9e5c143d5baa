import type { Loader, TrainBatch } from '../data/loader.ts';
import { updatesOf } from '../data/order.ts';
import { prefetch } from '../data/prefetch.ts';
import type { TrainPlan } from './plan.ts';

export interface LoadedBatch extends TrainBatch {
  readonly epoch: number;
  /** Its number in the epoch, from 0: names its random masks and mix. */
  readonly batchOfEpoch: number;
  /** Indices into the training entries. */
  readonly entries: Uint32Array;
  /** Its part of the clips of its update. */
  readonly share: number;
  /** Whether the update is due after it. */
  readonly endsUpdate: boolean;
}

/** The batches of an epoch from its update `from` on, loaded ahead. @throws the signal's reason as soon as it aborts */
export async function* batchesFrom(
  plan: TrainPlan,
  loader: Loader,
  epoch: number,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<LoadedBatch> {
  const { accumulate } = plan.epoch;
  const items = updatesOf(plan.epoch, plan.seed, epoch).flatMap((batches, update) => {
    const clips = batches.reduce((sum, entries) => sum + entries.length, 0);
    return batches.map((entries, i) => ({
      epoch,
      batchOfEpoch: update * accumulate + i,
      entries,
      share: entries.length / clips,
      endsUpdate: i === batches.length - 1,
    }));
  });
  const load = async (item: (typeof items)[number]): Promise<LoadedBatch> => ({
    ...item,
    ...(await loader.trainBatch(plan.train.split, item.entries, epoch)),
  });
  yield* prefetch(items.slice(from * accumulate), plan.ahead, load, signal);
}
