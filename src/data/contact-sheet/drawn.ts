/** What was drawn for a clip, as facts for a contact sheet and its JSON. */
import type { Visit } from '../../video/visit.ts';
import type { Size, Window } from '../../video/window.ts';
import { type Draw, testVisit, trainVisit } from '../draw.ts';
import type { Views } from '../loader.ts';
import type { Entry } from '../manifest.ts';
import type { Fact } from './sheet.ts';

export interface Drawn {
  /** Numbers of the T frames in the video. */
  readonly frames: readonly number[];
  readonly crop: Window;
  /** The picture that the crop is cut from: the video as displayed, or at test the video at the clip's short side. */
  readonly of: Size;
  readonly flip: boolean;
  /** From 0; absent in training. */
  readonly view?: { readonly segment: number; readonly crop: number };
  /** What else was drawn, in the order it is done. */
  readonly augmented: readonly Fact[];
  /** What is decoded for it, but for the clips. */
  readonly from: Omit<Visit, 'clips'>;
}

export function trainDrawn(draw: Draw, entry: Entry, index: number, epoch: number): Drawn {
  const { clips, ...from } = trainVisit(draw, entry, index, epoch);
  const [{ frames, crop, flip = false }] = clips;
  const of = { width: entry.width, height: entry.height };
  return { frames, crop: crop ?? { x: 0, y: 0, ...of }, of, flip, augmented: [], from };
}

/** Segments outermost, as a loader's views. */
export function testDrawn(draw: Draw, entry: Entry, asked: Views): Drawn[] {
  const { visit, views } = testVisit(draw, entry, asked);
  const { clips, ...from } = visit;
  return views.map(({ frames, crop }, i) => ({
    frames,
    crop,
    of: clips[0].size,
    flip: false,
    view: { segment: Math.floor(i / asked.crops), crop: i % asked.crops },
    augmented: [],
    from,
  }));
}
