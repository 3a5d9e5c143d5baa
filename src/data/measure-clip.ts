/** Where the time of one training clip goes, alone on the machine: ffmpeg's stages, and all of it through the loader. */
import { isDataError } from '../errors/index.ts';
import type { Ffmpeg } from '../video/ffmpeg.ts';
import { measureStages, type StageMs } from '../video/measure-stages.ts';
import { type Draw, trainVisit } from './draw.ts';
import type { Loader } from './loader.ts';
import type { Entry, SplitName } from './manifest.ts';

/** Of images, which no ffmpeg decodes, only the whole. */
export interface ClipStageMs extends Partial<StageMs> {
  /**
   * The whole of it as training gets it, from asking the loader: its hosts start ffmpeg faster than a large process does, so
   * it can be less than the stages together.
   */
  readonly throughLoader: number;
}

export interface ClipStages {
  /** Median over the videos. */
  readonly ms: ClipStageMs;
  readonly videos: number;
}

const RUNS = 5;
const STAGES = ['processStart', 'openAndDecode', 'cropAndResize', 'transfer'] as const;

/**
 * Of the clips that epoch 0 draws of these entries; those that fail are passed over.
 * @returns undefined where all of them failed
 * @throws environment errors, and the signal's reason
 */
export async function measureClip(
  loader: Loader,
  indices: readonly number[],
  options: Draw & {
    readonly ffmpeg: Ffmpeg;
    readonly split: SplitName;
    readonly entries: readonly Entry[];
    readonly signal?: AbortSignal;
  },
): Promise<ClipStages | undefined> {
  const { ffmpeg, split, entries, signal } = options;
  const measured: ClipStageMs[] = [];
  for (const index of indices) {
    signal?.throwIfAborted();
    const entry = entries[index] as Entry;
    const visit = trainVisit(options, entry, index, 0);
    try {
      const stages = visit.image ? {} : await measureStages(ffmpeg, visit, { signal });
      measured.push({ ...stages, throughLoader: await fastestClip(loader, split, index) });
    } catch (thrown) {
      if (!isDataError(thrown)) throw thrown;
    }
  }
  if (measured.length === 0) return undefined;
  const middle = (stage: keyof ClipStageMs): number | undefined => {
    const known = measured.flatMap((ms) => ms[stage] ?? []);
    return known.length === 0 ? undefined : median(known);
  };
  const stages = STAGES.flatMap((stage) => {
    const ms = middle(stage);
    return ms === undefined ? [] : [[stage, ms] as const];
  });
  const throughLoader = median(measured.map((ms) => ms.throughLoader));
  return { videos: measured.length, ms: { ...Object.fromEntries(stages), throughLoader } };
}

async function fastestClip(loader: Loader, split: SplitName, index: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    (await loader.trainBatch(split, Uint32Array.of(index), 0)).release();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2;
}
