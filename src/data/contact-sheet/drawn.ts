/** What was drawn for a clip, as facts for a contact sheet and its JSON. */
import type { Operation } from '../../video/augment/operations.ts';
import type { ClipRequest, Visit } from '../../video/visit.ts';
import type { Size, Window } from '../../video/window.ts';
import { drawErasing, erasingRandom } from '../augment/erasing.ts';
import { type Draw, testVisit, trainVisit } from '../draw.ts';
import type { Views } from '../loader.ts';
import type { Entry } from '../manifest.ts';
import type { Fact } from './sheet.ts';

export interface Drawn {
  /** Numbers of the T frames in the video. */
  readonly frames: readonly number[];
  readonly crop: Window;
  /** The picture that the crop is cut from: the video as displayed, or resized first, as at test. */
  readonly of: Size;
  readonly flip: boolean;
  /** From 0; absent in training. */
  readonly view?: { readonly segment: number; readonly crop: number };
  /** From 0; present where a video has several training clips in its batch. */
  readonly repeat?: number;
  /** What else was drawn, in the order it is done. */
  readonly augmented: readonly Fact[];
  /** The rectangle that becomes noise, in pixels of the clip. */
  readonly erased?: Window | undefined;
  /** How the clip is asked for, and of which video. */
  readonly request: ClipRequest;
  readonly from: Omit<Visit, 'clips'>;
}

/** Where in its epoch a video's clips are erased: that is drawn by their place in the batch. */
export interface Erasing {
  readonly probability: number;
  readonly batchOfEpoch: number;
  /** Number of its first clip in the batch. */
  readonly first: number;
}

/** The clips that a batch has of an entry, in their order. */
export function trainDrawn(draw: Draw, entry: Entry, index: number, epoch: number, erasing?: Erasing): Drawn[] {
  const { clips, ...from } = trainVisit(draw, entry, index, epoch);
  const whole = { width: entry.width, height: entry.height };
  return clips.map((request, repeat) => ({
    frames: request.frames,
    ...placeOf(request, whole),
    flip: request.flip ?? false,
    ...(clips.length > 1 ? { repeat } : {}),
    augmented: augmentedFacts(request),
    erased: erasing && erasedWindow(draw, epoch, erasing, repeat),
    request,
    from,
  }));
}

/** Where the clip lies in the picture that it is cut from. */
function placeOf({ crop, cut, size }: ClipRequest, whole: Size): Pick<Drawn, 'crop' | 'of'> {
  if (cut === undefined) return { crop: crop ?? { x: 0, y: 0, ...whole }, of: whole };
  return { crop: { x: cut.x, y: cut.y, ...size }, of: cut.of };
}

/** What is done to the pixels of a clip beyond crop, size and mirroring. */
function augmentedFacts({ augment, finish }: ClipRequest): Fact[] {
  const operations = augment ?? finish;
  if (operations === undefined) return [];
  return [['augmented', operations.length === 0 ? 'no' : operations.map(operationText).join(', ')]];
}

/** `rotate -12.5`, `invert`. */
function operationText({ name, ...numbers }: Operation): string {
  return [name, ...Object.values(numbers).map((number) => Number(number.toFixed(2)))].join(' ');
}

function erasedWindow(
  { seed, clip }: Draw,
  epoch: number,
  { probability, batchOfEpoch, first }: Erasing,
  repeat: number,
) {
  if (probability === 0) return undefined;
  return drawErasing(probability, clip.size, erasingRandom(seed, epoch, batchOfEpoch, first + repeat));
}

/** Segments outermost, as a loader's views. */
export function testDrawn(draw: Draw, entry: Entry, asked: Views): Drawn[] {
  const { visit, size, views } = testVisit(draw, entry, asked);
  const { clips: _, ...from } = visit;
  return views.map(({ frames, crop }, i) => ({
    frames,
    crop,
    of: size,
    flip: false,
    view: { segment: Math.floor(i / asked.crops), crop: i % asked.crops },
    augmented: [],
    request: { frames, crop, size: crop },
    from,
  }));
}
