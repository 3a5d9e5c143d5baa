/** What is drawn for a clip, before any pixel is read: as plain facts for a contact sheet and its JSON. */
import { rng } from '../../tensor/random.ts';
import { type Size, shortSideSize, type Window } from '../../video/window.ts';
import type { ClipOptions } from '../clip-source.ts';
import { drawCrop } from '../crop.ts';
import type { Views } from '../loader.ts';
import type { Entry } from '../manifest.ts';
import { samplers } from '../sampling/index.ts';
import { cropWindows } from '../views.ts';
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
}

export function trainDrawn(entry: Entry, index: number, epoch: number, clip: ClipOptions, seed: number): Drawn {
  const frames = samplers[clip.sampling].train(entry.frames, clip, rng(seed, 'frames', epoch, index));
  const random = rng(seed, 'crop', epoch, index);
  const crop = drawCrop(clip.crop, entry, clip.size, random, clip.cropScale);
  const flip = clip.flip && random.uniform() < 0.5;
  return { frames, crop, of: { width: entry.width, height: entry.height }, flip, augmented: [] };
}

/** Segments outermost, as a loader's views. */
export function testDrawn(entry: Entry, clip: ClipOptions, { segments, crops }: Views): Drawn[] {
  const of = shortSideSize(entry, clip.size);
  return samplers[clip.sampling].test(entry.frames, clip, segments).flatMap((frames, segment) =>
    cropWindows(of, clip.size, crops).map((window, crop) => ({
      frames,
      crop: window,
      of,
      flip: false,
      view: { segment, crop },
      augmented: [],
    })),
  );
}
