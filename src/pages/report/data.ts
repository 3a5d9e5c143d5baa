/** What a report is made from: plain values; the page reads no file. */
import type { Comparison, RunResults } from '../../results/index.ts';
import type { ChosenVideos } from './choose-videos.ts';

export interface PagePicture {
  /** `image/jpeg`, `image/png` */
  readonly type: string;
  readonly bytes: Uint8Array;
}

export interface SizedPicture extends PagePicture {
  readonly width: number;
  readonly height: number;
}

/** A clip as the model sees it, its frames side by side. */
export interface ClipPicture {
  readonly picture: PagePicture;
  /** T. */
  readonly frames: number;
}

export interface RunReport {
  /** What tells it from the others of the page. */
  readonly name: string;
  readonly results: RunResults;
  /** Absent where none were asked for, and where the run was not evaluated. */
  readonly videos?: {
    readonly chosen: ChosenVideos;
    /** By id; a video without one is shown without. */
    readonly pictures: ReadonlyMap<string, ClipPicture>;
    /** Why there are none, or not all. */
    readonly remark?: string;
  };
  /** Clips of the first batch; why not, where they are there and left out. */
  readonly firstBatch?: SizedPicture | { readonly leftOut: string };
}

export interface ReportData {
  /** In the order shown; at least one. */
  readonly runs: readonly RunReport[];
  /** For several. Its rows name their runs by folder. */
  readonly comparison?: Comparison;
  /** Of petl-video. */
  readonly version: string;
  /** When the report was made. */
  readonly made: Date;
}
