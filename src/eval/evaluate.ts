/**
 * Top-1 and top-5 over videos: every view of every video through the model, the views of a video fused, ranked.
 *
 * The denominator is stated: videos that are not on disk are left out and counted; videos that are there but cannot be
 * decoded count as wrong, and are listed. Nothing is replaced by another video.
 */
import type { Loader, Views } from '../data/loader.ts';
import { type Entry, isUsable, type SplitName } from '../data/manifest.ts';
import { prefetch } from '../data/prefetch.ts';
import type { Session } from '../engine/engine.ts';
import { dataError } from '../errors/index.ts';
import type { Classifier } from '../petl/classifier.ts';
import { type HostTensor, sizeOf, uint8 } from '../tensor/host.ts';
import type { VideoCounts } from './counts.ts';
import { type Fusion, fuseViews, rankOf } from './metrics.ts';
import { compiledEvaluateStep } from './step.ts';

export interface EvaluateOptions {
  readonly split: SplitName;
  readonly entries: readonly Entry[];
  readonly views: Views;
  readonly fusion: Fusion;
  /** Clips of one forward pass. */
  readonly batch: number;
  /** Videos decoded ahead of the model. */
  readonly ahead: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
  /** Whether predictions have features. */
  readonly features?: boolean;
  /** Sees the views of each video, uint8 [V, T, S, S, 3], before they are given back: to draw them. */
  readonly onClips?: (entry: Entry, clips: Uint8Array) => void;
}

export interface VideoPrediction {
  readonly entry: Entry;
  /** Fused scores of the K classes; absent where the video could not be decoded. */
  readonly scores?: Float64Array;
  /** [D], what the head got, before its BatchNorm: the mean over the views. Present where asked for. */
  readonly features?: Float32Array;
  /** 0-based rank of the right class. */
  readonly rank: number;
  /** Views whose best class was right. */
  readonly rightViews: number;
  readonly failure?: string;
}

export interface Evaluation extends VideoCounts {
  /** Shares in [0, 1], over the counted videos. */
  readonly top1: number;
  readonly top5: number;
  /** 5, or K where there are fewer classes. */
  readonly k: number;
  /** Share of single views that were right, over decoded videos. */
  readonly viewTop1: number;
  readonly failed: readonly { readonly id: string; readonly reason: string }[];
  /** In the order of the entries. */
  readonly predictions: readonly VideoPrediction[];
}

/** @throws PetlVideoError (data) when a video of the split is on disk, but has no label */
export function requireLabels(split: SplitName, entries: readonly Entry[]): void {
  const unlabelled = entries.find(({ verdict, label }) => verdict !== 'missing' && label < 0);
  if (unlabelled === undefined) return;
  throw dataError(`the ${split} split has videos without a label`, {
    at: unlabelled.id,
    remedy: 'choose a labelled split (--split, data.validationSplit), or use predict',
  });
}

/** @throws PetlVideoError (data) when no labelled video of the split is on disk, or none of the sound ones decodes */
export async function evaluate(
  session: Session,
  model: Classifier,
  loader: Loader,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const { split, entries, views, signal } = options;
  const present = entries.flatMap((entry, index) => (entry.verdict === 'missing' ? [] : [{ entry, index }]));
  requireLabels(split, entries);
  if (present.length === 0) throw dataError(`no video of the ${split} split is on disk`);

  const perVideo = views.segments * views.crops;
  const load = async ({ entry, index }: (typeof present)[number]) => ({
    entry,
    views:
      entry.verdict === 'unreadable'
        ? { failure: entry.reason ?? 'unreadable' }
        : await loader.views(split, index, views),
  });

  const predictions: VideoPrediction[] = [];
  /** Videos whose views are in the model or wait for it, in the order of the entries, in which they are settled. */
  const waiting: { entry: Entry; rows: ForwardRow[]; failure?: string }[] = [];
  const forward = await batchedForward(session, model, options.batch);
  const settle = (): void => {
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      const { entry, rows, failure } = first;
      if (failure !== undefined) predictions.push({ entry, rank: model.head.classes, rightViews: 0, failure });
      else if (rows.length === perVideo) predictions.push(predictionOf(entry, rows, options));
      else break;
      waiting.shift();
    }
    options.onProgress?.(predictions.length, present.length);
  };

  for await (const { entry, views: loaded } of prefetch(present, options.ahead, load, signal)) {
    signal?.throwIfAborted();
    if ('failure' in loaded) {
      waiting.push({ entry, rows: [], failure: loaded.failure });
      settle();
      continue;
    }
    const slot = { entry, rows: [] as ForwardRow[] };
    waiting.push(slot);
    options.onClips?.(entry, loaded.clips);
    const bytes = loaded.clips.length / perVideo;
    for (let v = 0; v < perVideo; v++) {
      await forward.add(loaded.clips.subarray(v * bytes, (v + 1) * bytes), (row) => slot.rows.push(row));
    }
    loaded.release();
    settle();
  }
  await forward.flush();
  settle();
  requireDecoded(split, predictions);
  return summarise(predictions, entries.length - present.length, perVideo, model.head.classes);
}

/** Where every video that was sound fails, the disk is gone and not the model wrong. */
function requireDecoded(split: SplitName, predictions: readonly VideoPrediction[]): void {
  const sound = predictions.filter(({ entry }) => isUsable(entry));
  const [first] = sound;
  if (first === undefined || sound.some(({ failure }) => failure === undefined)) return;
  throw dataError(`none of the ${sound.length} videos of the ${split} split could be decoded: ${first.failure}`, {
    at: first.entry.id,
    remedy: 'see whether the disk with the videos is there, or run petl-video prepare again',
  });
}

function predictionOf(
  entry: Entry,
  rows: readonly ForwardRow[],
  { fusion, features = false }: EvaluateOptions,
): VideoPrediction {
  const logits = rows.map((row) => row.logits);
  const scores = fuseViews(logits, fusion);
  const rightViews = logits.filter((view) => rankOf(view, entry.label) === 0).length;
  const prediction = { entry, scores, rank: rankOf(scores, entry.label), rightViews };
  return features ? { ...prediction, features: meanOf(rows.map((row) => row.features)) } : prediction;
}

/** The mean of vectors of one length, added up in float64. */
export function meanOf(vectors: readonly Float32Array[]): Float32Array {
  const sums = new Float64Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) {
    for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + (vector[i] as number);
  }
  return Float32Array.from(sums, (sum) => sum / vectors.length);
}

function summarise(predictions: VideoPrediction[], missing: number, perVideo: number, classes: number): Evaluation {
  const k = Math.min(5, classes);
  const counted = predictions.length;
  const share = (right: number, of: number): number => (of === 0 ? 0 : right / of);
  const decoded = predictions.filter(({ scores }) => scores !== undefined);
  const rightViews = decoded.reduce((sum, { rightViews: right }) => sum + right, 0);
  return {
    top1: share(predictions.filter(({ rank }) => rank < 1).length, counted),
    top5: share(predictions.filter(({ rank }) => rank < k).length, counted),
    k,
    viewTop1: share(rightViews, decoded.length * perVideo),
    listed: counted + missing,
    counted,
    missing,
    unreadable: predictions.filter(({ entry }) => entry.verdict === 'unreadable').length,
    undecoded: predictions.filter(({ entry, failure }) => isUsable(entry) && failure !== undefined).length,
    damaged: decoded.filter(({ entry }) => entry.verdict === 'damaged').length,
    failed: predictions.flatMap(({ entry, failure }) =>
      failure === undefined ? [] : [{ id: entry.id, reason: failure }],
    ),
    predictions,
  };
}

/** What the model says of one clip. */
export interface ForwardRow {
  /** [K]. */
  readonly logits: Float32Array;
  /** [D], what the head got, before its BatchNorm. */
  readonly features: Float32Array;
}

interface BatchedForward {
  /** Queues one clip; `deliver` gets its row when its batch has run. */
  add(clip: Uint8Array, deliver: (row: ForwardRow) => void): Promise<void>;
  flush(): Promise<void>;
}

/** Collects clips to full batches, across videos. The last one is padded, so that one form of the step serves all. */
export async function batchedForward(session: Session, model: Classifier, batch: number): Promise<BatchedForward> {
  const step = await compiledEvaluateStep(session, model, batch);
  const { frames, size } = model.backbone;
  const shape = [batch, frames, size, size, 3];
  const clips = new Uint8Array(sizeOf(shape));
  const clipBytes = clips.length / batch;
  let waiting: ((row: ForwardRow) => void)[] = [];
  const flush = async (): Promise<void> => {
    if (waiting.length === 0) return;
    clips.fill(0, waiting.length * clipBytes);
    const { logits, features } = await step.run({ clips: uint8(shape, clips) });
    const row = (output: HostTensor | undefined, i: number): Float32Array => {
      const { data } = output as HostTensor;
      const width = data.length / batch;
      return (data as Float32Array).slice(i * width, (i + 1) * width);
    };
    waiting.forEach((deliver, i) => {
      deliver({ logits: row(logits, i), features: row(features, i) });
    });
    waiting = [];
  };
  return {
    async add(clip, deliver) {
      clips.set(clip, waiting.length * clipBytes);
      waiting.push(deliver);
      if (waiting.length === batch) await flush();
    },
    flush,
  };
}
