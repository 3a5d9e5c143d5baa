/** What the scatter page shows. */
import type { Panel } from '../../figures/panels.ts';

export interface ScatterPanel extends Omit<Panel, 'labels'> {
  /** [n]: the class that the run said, below 0 where it said none. */
  readonly predictions?: Int32Array;
}

export interface Thumbnail {
  /** A data URL of a picture, `frames` frames side by side, each a square. */
  readonly url: string;
  readonly frames: number;
}

export interface ScatterOptions {
  readonly title: string;
  readonly heading: string;
  /** One at least; the points of each are those of the same n videos. */
  readonly panels: readonly ScatterPanel[];
  /** [n]. */
  readonly ids: readonly string[];
  /** [n]: below 0 where a video has none. */
  readonly labels: Int32Array;
  readonly classes: readonly string[];
  /** By index of the video; those that have none are shown without a picture. */
  readonly thumbnails: ReadonlyMap<number, Thumbnail>;
  readonly footnote?: string;
  /** What an entry is. Default `video`. */
  readonly noun?: 'video' | 'image';
  /** As in `PanelsOptions`. */
  readonly named?: number;
  readonly colorAll?: boolean;
}
