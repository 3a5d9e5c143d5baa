/**
 * A prepared data set: a folder with `dataset.json` and one `.jsonl` manifest per split.
 *
 *   dataset.json                 what it is: name, classes in label order, root of the files, flip, splits
 *   train.jsonl, validation.jsonl, …          one entry per line
 *   fold1-train.jsonl, fold1-test.jsonl, …    where the data set has folds
 *   report.json                  what `prepare` found
 */

import type { CopyKind } from '../video/copies/copy.ts';
import type { Disposable } from '../video/disposable.ts';
import type { Seek } from '../video/seeks.ts';

/**
 * Official subsets. `trainval` is training and validation together, where a protocol chooses on the one and then trains
 * on both: it must not be measured on `validation`.
 */
export const SPLIT_NAMES = ['train', 'validation', 'trainval', 'test'] as const;
export type SplitName = (typeof SPLIT_NAMES)[number];

/** One video or image as the official annotation names it, before anything was read. */
export interface Listed {
  readonly id: string;
  /** Path relative to the data set's root, with forward slashes. */
  readonly file: string;
  /** Index into the classes; -1 where the official test set hides the label. */
  readonly label: number;
}

/**
 * - `ok`: every frame decodes, nothing to remark.
 * - `damaged`: frames decode but the decoder complained; usable, reported.
 * - `unreadable`: no frame decodes, the file is empty, or it is no video.
 * - `missing`: the annotation names it, the disk lacks it.
 */
export type Verdict = 'ok' | 'damaged' | 'unreadable' | 'missing';

export interface Entry extends Listed {
  /** Frames that really decode (not the container's claim); 1 for an image, 0 where unreadable or missing. */
  readonly frames: number;
  /** Pixels as displayed, after rotation. */
  readonly width: number;
  readonly height: number;
  /** Mean frames per second; 0 for an image. */
  readonly fps: number;
  readonly verdict: Verdict;
  /** Why the verdict is not `ok`, in the decoder's or our words. */
  readonly reason?: string;
  /** Size of the file when it was read. A file of another size is not the one that this entry speaks of. */
  readonly bytes?: number;
  /** Present where the size of the picture changes on the way. */
  readonly changesSize?: true;
  /** Key frames that decoding may start from. */
  readonly seeks?: readonly Seek[];
  /** Pictures that need not be decoded unless they are wanted. */
  readonly disposable?: Disposable;
}

export interface Split {
  readonly name: SplitName;
  /** 1-3 for HMDB51 and UCF101, 10 × shots + seed for few-shot lists; absent where the split serves every fold. */
  readonly fold?: number;
  /** The manifest's file name in the prepared folder. */
  readonly manifest: string;
  /** Entries of the official list. */
  readonly listed: number;
  /** Entries with verdict `ok` or `damaged`. */
  readonly usable: number;
}

/** Copies that stand in for the originals (see copies.ts). */
export type DatasetCopies = CopyKind & {
  readonly videos: number;
  /** Of the copies, and of the videos they were made from. */
  readonly bytes: number;
  readonly originalBytes: number;
  /** dB of the worst of all frames that were compared with the original. */
  readonly leastLikeness: number;
  /** Absolute folder of the originals. */
  readonly originals: string;
};

export interface Dataset {
  /** `ssv2`, `hmdb51`, `kinetics400`, …, or the name given to a `folder` data set. */
  readonly name: string;
  /** Label → class name. */
  readonly classes: readonly string[];
  /** Absolute folder that the entries' files are relative to. */
  readonly root: string;
  /** Whether a mirrored clip keeps its class. */
  readonly flip: boolean;
  /** What lists and pixels came from, where a data set goes about in several forms: `lists` → `VPT's JSON files`. */
  readonly origin?: Readonly<Record<string, string>>;
  readonly splits: readonly Split[];
  /** Absent where the entries name the originals. */
  readonly copies?: DatasetCopies;
}

export function isUsable(entry: Entry): boolean {
  return entry.verdict === 'ok' || entry.verdict === 'damaged';
}

export function isImage({ frames, fps }: Entry): boolean {
  return frames === 1 && fps === 0;
}
