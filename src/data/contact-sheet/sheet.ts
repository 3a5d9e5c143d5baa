/**
 * What a contact sheet shows, as plain values: clips frame by frame, each with its class, id and facts. `layout.ts` says where
 * everything stands, `paint.ts` draws it.
 */
import type { Frames, Window } from '../../video/window.ts';

export interface Sheet {
  readonly heading: string;
  /** Below it, in small print. */
  readonly notes: readonly string[];
  /** T of the clips, and their side: decide the layout even where no clip could be decoded. */
  readonly frames: number;
  readonly size: number;
  readonly cards: readonly Card[];
}

/** One video and what is shown of it. */
export interface Card {
  /** Of its class. */
  readonly title: string;
  readonly id: string;
  /** In the order shown; any number of them. */
  readonly facts: readonly Fact[];
  /** What a person should look at: the verdict of `prepare`, the decoder's complaint, that another video stands in. */
  readonly warnings: readonly string[];
  /** Why there is nothing to show. */
  readonly failure?: string;
  readonly strips: readonly Strip[];
}

export type Fact = readonly [name: string, value: string];

/** Frames of a clip in order. */
export interface Strip {
  /** Which view or stage it is, where a card has several. */
  readonly caption?: string;
  readonly clip: Frames;
  /** Frames of the video, below each; absent for an image. */
  readonly numbers?: readonly number[];
  /** Drawn on each frame, in pixels of the clip; what lies outside is paled. */
  readonly window?: Window;
}
