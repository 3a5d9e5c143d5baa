/** A batch of training clips as a contact sheet, from the bytes that the model gets. */
import { clipBytes, type Draw } from '../draw.ts';
import type { TrainBatch } from '../loader.ts';
import type { Entry, SplitName } from '../manifest.ts';
import { cardOf, type Shown } from './cards.ts';
import { trainDrawn } from './drawn.ts';
import { sheetPng } from './paint.ts';
import type { Sheet } from './sheet.ts';
import { describeClips, sheetHeading } from './sheet-words.ts';

/** Clips on the sheet at most: drawing them takes less than a second. */
export const MOST_CLIPS = 16;

export interface BatchOrigin extends Draw {
  readonly dataset: string;
  readonly classes: readonly string[];
  readonly split: SplitName;
  readonly fold?: number | undefined;
  /** Those that are trained on. */
  readonly entries: readonly Entry[];
  /** Probability that a rectangle of a clip is erased. */
  readonly erasing: number;
}

/** A batch, and the indices of the entries that it was asked for. */
export type DrawnBatch = Omit<TrainBatch, 'release'> & {
  readonly entries: Uint32Array;
  readonly epoch: number;
  readonly batchOfEpoch: number;
};

export function batchSheet(batch: DrawnBatch, origin: BatchOrigin): Sheet {
  const { dataset, classes, split, fold, clip, seed } = origin;
  const clips = batch.labels.length;
  const perVideo = clips / batch.entries.length;
  const videos = Math.max(1, Math.floor(MOST_CLIPS / perVideo));
  const shown = Array.from(batch.entries.subarray(0, videos), (_, i) => shownOf(batch, i, origin));
  return {
    heading: `${sheetHeading(dataset, split, fold, { epoch: batch.epoch })} · first batch`,
    notes: [
      describeClips(clip, { epoch: batch.epoch }, seed),
      `${shown.length * perVideo < clips ? `The first ${shown.length * perVideo} of ${clips} clips` : `${clips} clips`}, before any are mixed (mixup, CutMix).`,
    ],
    frames: clip.frames,
    size: clip.size,
    cards: shown.map((one) => cardOf(one, clip, classes)),
  };
}

/** The sheet as a PNG file. */
export function batchPng(batch: DrawnBatch, origin: BatchOrigin): Promise<Uint8Array> {
  return sheetPng(batchSheet(batch, origin));
}

function shownOf(batch: DrawnBatch, i: number, origin: BatchOrigin): Shown {
  const { entries, clip } = origin;
  const wanted = batch.entries[i] as number;
  const replaced = batch.replaced.find(({ entry }) => entry === wanted);
  const index = replaced?.by ?? wanted;
  const entry = entries[index] as Entry;
  const { epoch, batchOfEpoch } = batch;
  const place = { probability: origin.erasing, batchOfEpoch, first: i * clip.repeats };
  const drawn = trainDrawn(origin, entry, index, epoch, place);
  const bytes = drawn.length * clipBytes(clip);
  return {
    index,
    entry,
    drawn,
    clips: batch.clips.subarray(i * bytes, (i + 1) * bytes),
    warnings: replaced === undefined ? [] : [`stands in for ${replaced.id}: ${replaced.reason}`],
  };
}
