/**
 * What the loop asks of the data: batches of training clips, and all test views of a video. The work is done by a
 * `clipSource`, in this thread or in one of its own (`loader-thread.ts`).
 */
import type { Entry, SplitName } from './manifest.ts';

/** A video that could not be decoded in training, and the entry whose clip stands in for it. */
export interface Replacement {
  /** Index of the entry in its split. */
  readonly entry: number;
  readonly id: string;
  readonly reason: string;
  readonly by: number;
}

export interface TrainBatch {
  /** uint8 [B, T, S, S, 3]; the clips of a video lie side by side. */
  readonly clips: Uint8Array;
  /** [B]. */
  readonly labels: Int32Array;
  readonly replaced: readonly Replacement[];
  /** Gives the memory of the clips back: they are not to be read after it. */
  release(): void;
}

/** All views of a video, uint8 [V, T, S, S, 3], segments outermost; or why there are none. */
export type EntryViews = { readonly clips: Uint8Array; release(): void } | { readonly failure: string };

export interface Loader {
  /**
   * The clips of these entries, as drawn for this epoch: B = entries × `ClipOptions.repeats`.
   * @throws data error when a video fails and `onError` is `fail`
   */
  trainBatch(split: SplitName, entries: Uint32Array, epoch: number): Promise<TrainBatch>;
  views(split: SplitName, entry: number, views: Views): Promise<EntryViews>;
  /** Stops what runs; every ffmpeg process is gone when it returns. */
  close(): Promise<void>;
}

/** A loader that also takes entries of no split: files that somebody brings. */
export interface EntryLoader extends Loader {
  viewsOf(entry: Entry, views: Views): Promise<EntryViews>;
}

/** Temporal positions × spatial crops at test. */
export interface Views {
  readonly segments: number;
  readonly crops: number;
}
