/** A training run that takes a second: the tiny backbone, made-up clips, the cpu engine. */
import type { Loader, Replacement } from '../../src/data/loader.ts';
import type { Entry, SplitName } from '../../src/data/manifest.ts';
import { cpuEngine } from '../../src/engine/cpu.ts';
import type { Classifier } from '../../src/petl/classifier.ts';
import { rng } from '../../src/tensor/random.ts';
import type { TrainEvent, TrainMeans, TrainPlan } from '../../src/train/plan.ts';
import { tinyVit } from '../model/tiny-vit.ts';
import { startOf, tinyModel } from '../petl/tiny-model.ts';

const CLASSES = 3;

export function entriesOf(split: SplitName, count: number): Entry[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${split}/${i}`,
    file: `${split}/${i}.mp4`,
    label: i % CLASSES,
    frames: 20,
    width: 8,
    height: 8,
    fps: 25,
    verdict: 'ok',
  }));
}

/** Clips that depend on split, entry and epoch alone; brighter for higher labels, so that there is something to learn. */
function clipOf(split: SplitName, entry: Entry, index: number, draw: number, repeat = 0): Uint8Array {
  const random = rng(11, `clip/${split}`, index, draw, repeat);
  const { frames, size } = tinyVit;
  return Uint8Array.from({ length: frames * size * size * 3 }, () => 100 * entry.label + random.integer(50));
}

function concat(clips: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(clips));
}

export interface Faults {
  /** Stand-ins reported for a training batch. */
  readonly replaced?: (entries: Uint32Array, epoch: number) => Replacement[];
  /** Called before a training batch is made; may throw. */
  readonly onBatch?: (entries: Uint32Array, epoch: number) => void;
}

export function tinyLoader(plan: TrainPlan, faults: Faults = {}): Loader {
  const entries = (split: SplitName): readonly Entry[] =>
    split === plan.train.split ? plan.train.entries : plan.validation.entries;
  const repeats = Array.from({ length: plan.train.repeats }, (_, repeat) => repeat);
  return {
    async trainBatch(split, indices, epoch) {
      faults.onBatch?.(indices, epoch);
      // Batches end in another order than they were asked for.
      await new Promise((resolve) => setTimeout(resolve, (indices[0] as number) % 3));
      const chosen = [...indices].map((index) => ({ entry: entries(split)[index] as Entry, index }));
      return {
        clips: concat(
          chosen.flatMap(({ entry, index }) => repeats.map((repeat) => clipOf(split, entry, index, epoch, repeat))),
        ),
        labels: Int32Array.from(chosen.flatMap(({ entry }) => repeats.map(() => entry.label))),
        replaced: faults.replaced?.(indices, epoch) ?? [],
        release: () => {},
      };
    },
    async views(split, index, { segments, crops }) {
      const entry = entries(split)[index] as Entry;
      return {
        clips: concat(Array.from({ length: segments * crops }, (_, v) => clipOf(split, entry, index, v))),
        release: () => {},
      };
    },
    async close() {},
  };
}

export function tinyPlan(
  changed: Partial<TrainPlan> = {},
  model: Classifier = tinyModel(tinyVit, 'adaptformer'),
): TrainPlan {
  return {
    model,
    start: () => startOf(model),
    adapted: [],
    backbone: 'fingerprint',
    seed: 4,
    epochs: 3,
    epoch: { entries: 10, batch: 2, accumulate: 2, dropLast: false },
    schedule: { lr: 0.1, minLr: 0, warmup: 1, epochs: 3 },
    update: { optimizer: { name: 'sgd', momentum: 0.9, weightDecay: 0 }, layerDecay: 1, clipNorm: 0 },
    labelSmoothing: 0.1,
    scalesLoss: false,
    mixing: { mixup: 0, cutmix: 0, probability: 1, switchToCutmix: 0.5 },
    erasing: 0,
    train: { split: 'train', entries: entriesOf('train', 10), repeats: 1 },
    maxReplaced: 0.2,
    validation: {
      split: 'validation',
      entries: entriesOf('validation', 5),
      every: 1,
      views: { segments: 1, crops: 1 },
      fusion: 'logits',
      batch: 2,
    },
    ahead: 2,
    checkpointEveryMs: Number.POSITIVE_INFINITY,
    logEvery: 2,
    method: { name: 'adaptformer' },
    classes: ['a', 'b', 'c'],
    recipe: 'data: { path: x }\n',
    ...changed,
  };
}

export interface Watched extends TrainMeans {
  readonly events: TrainEvent[];
}

export function meansOf(
  plan: TrainPlan,
  folder: string,
  {
    faults,
    onEvent,
    signal = new AbortController().signal,
  }: { faults?: Faults; onEvent?: (event: TrainEvent) => void; signal?: AbortSignal } = {},
): Watched {
  const events: TrainEvent[] = [];
  return {
    engine: cpuEngine(),
    loader: tinyLoader(plan, faults),
    folder,
    signal,
    events,
    onEvent(event) {
      events.push(event);
      onEvent?.(event);
    },
  };
}
