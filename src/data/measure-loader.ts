/** How fast a loader delivers to one who only takes: training batches as training asks for them, or the views of a test. */
import type { Loader, Views } from './loader.ts';
import type { SplitName } from './manifest.ts';
import { type EpochOptions, updatesOf } from './order.ts';
import { prefetch } from './prefetch.ts';
import { treeSeconds, watchMemory } from './process-tree.ts';

export interface Limits {
  /** Clips to measure at most, or videos. */
  readonly most?: number | undefined;
  /** Time to measure at most; the first one to be reached counts. */
  readonly seconds: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((clips: number) => void) | undefined;
  /** Milliseconds. */
  readonly now?: (() => number) | undefined;
}

export interface TrainingOptions extends Limits {
  readonly split: SplitName;
  readonly epoch: EpochOptions;
  readonly seed: number;
  /** Batches asked for ahead. */
  readonly ahead: number;
}

export interface Delivered {
  /** From asking until the first batch, or video, is there. */
  readonly firstMs: number;
  /** Measured: those behind the ones that were asked for at the start. */
  readonly items: number;
  readonly clips: number;
  readonly seconds: number;
  /** Videos that others stood in for, or that failed. */
  readonly failed: number;
  /** Processor seconds of all processes; undefined where the system does not tell. */
  readonly cpuSeconds: number | undefined;
  /** Resident memory of all processes together at most; undefined where the system does not tell. */
  readonly peakBytes: number | undefined;
}

/** Batch after batch, epoch after epoch. @throws the signal's reason; as the loader */
export function measureTraining(loader: Loader, options: TrainingOptions): Promise<Delivered> {
  const { split, seed, ahead } = options;
  const load = async ({ entries, epoch }: Batch) => {
    const { labels, replaced, release } = await loader.trainBatch(split, entries, epoch);
    release();
    return { clips: labels.length, failed: replaced.length };
  };
  return measure(prefetch(batches(options.epoch, seed), ahead, load, options.signal), ahead, options);
}

/** All views of video after video, as an evaluation asks for them. */
export function measureViews(
  loader: Loader,
  options: Limits & {
    readonly split: SplitName;
    readonly entries: number;
    readonly views: Views;
    /** Videos asked for ahead. */
    readonly ahead: number;
  },
): Promise<Delivered> {
  const { split, entries, views, ahead, signal } = options;
  const load = async (entry: number) => {
    const found = await loader.views(split, entry, views);
    if ('failure' in found) return { clips: 0, failed: 1 };
    found.release();
    return { clips: views.segments * views.crops, failed: 0 };
  };
  return measure(prefetch(round(entries), ahead, load, signal), ahead, options);
}

interface Batch {
  readonly entries: Uint32Array;
  readonly epoch: number;
}

/** Without an end: what is in flight at the end of the measurement is as much as at its beginning. */
function* batches(options: EpochOptions, seed: number): Generator<Batch> {
  for (let epoch = 0; ; epoch++) {
    for (const entries of updatesOf(options, seed, epoch).flat()) yield { entries, epoch };
  }
}

function* round(entries: number): Generator<number> {
  for (;;) for (let entry = 0; entry < entries; entry++) yield entry;
}

/** The time from the arrival of the last item that was asked for at once to the arrival of the last item of all. */
async function measure(
  source: AsyncIterable<{ readonly clips: number; readonly failed: number }>,
  ahead: number,
  { most = Number.POSITIVE_INFINITY, seconds, onProgress, now = () => performance.now() }: Limits,
): Promise<Delivered> {
  const asked = now();
  const memory = watchMemory();
  let firstMs = Number.NaN;
  let [seen, items, clips, failed] = [0, 0, 0, 0];
  let [start, end] = [asked, asked];
  let before: number | undefined;
  try {
    for await (const item of source) {
      end = now();
      if (++seen === 1) firstMs = end - asked;
      if (seen === ahead) {
        start = end;
        before = treeSeconds();
      }
      if (seen <= ahead) continue;
      items++;
      clips += item.clips;
      failed += item.failed;
      onProgress?.(clips);
      if (clips >= most || end - start >= 1000 * seconds) break;
    }
  } finally {
    memory.stop();
  }
  const after = treeSeconds();
  return {
    firstMs,
    items,
    clips,
    failed,
    seconds: (end - start) / 1000,
    cpuSeconds: before === undefined || after === undefined ? undefined : after - before,
    peakBytes: memory.peakBytes(),
  };
}
