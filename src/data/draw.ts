/**
 * What is drawn for an entry: which frames, which windows, whether mirrored, which operations. A function of seed, epoch and entry alone, so that
 * it does not matter who asks, in which order, and how many decoders there are.
 */
import path from 'node:path';
import { type Random, rng } from '../tensor/random.ts';
import { type ClipRequest, frameBytes, type Interpolation, type Visit } from '../video/visit.ts';
import { cropInto, type Size, shortSideSize, type Window } from '../video/window.ts';
import { drawColorJitter } from './augment/color-jitter.ts';
import { drawOperations, type RandAugment } from './augment/rand-augment.ts';
import { type CropName, drawCrop, drawPlace } from './crop.ts';
import type { Views } from './loader.ts';
import { type Entry, isImage } from './manifest.ts';
import { type SamplerName, samplers } from './sampling/index.ts';
import { type TestResize, testWindows } from './views.ts';

export interface ClipOptions {
  /** T. */
  readonly frames: number;
  /** Frames of the video between two sampled ones. */
  readonly stride: number;
  /** S, side of the clip in pixels. */
  readonly size: number;
  readonly sampling: SamplerName;
  readonly crop: CropName;
  /** The short side that the crop `random` is cut from; default `size`. */
  readonly resize?: number | undefined;
  /** Default bilinear. */
  readonly interpolation?: Interpolation | undefined;
  /** Range of the area that a random-resized crop takes. */
  readonly cropScale: readonly [number, number];
  /** Whether training clips are mirrored half of the time. */
  readonly flip: boolean;
  /** What RandAugment draws for training clips; none where undefined. */
  readonly randAugment?: RandAugment | undefined;
  /** Brightness, contrast and saturation of training clips change by up to that share; not where undefined. */
  readonly colorJitter?: number | undefined;
  /** What both work on: the whole picture before the crop, or what is delivered. Default the picture. */
  readonly augmentOn?: 'picture' | 'crop' | undefined;
  /** How test views are made of the picture; default: with its short side at `size`. */
  readonly testResize?: TestResize | undefined;
  /** Training clips of each video in its batch, of the same frames, all else drawn anew. */
  readonly repeats: number;
}

export interface Draw {
  /** Absolute folder of the entries' files. */
  readonly root: string;
  readonly clip: ClipOptions;
  readonly seed: number;
}

export const fileOf = (root: string, { file }: Pick<Entry, 'file'>): string => path.resolve(root, file);

/** Bytes of one clip, uint8 [T, S, S, 3]. */
export const clipBytes = ({ frames, size }: ClipOptions): number => frames * frameBytes({ width: size, height: size });

/** The training clips of an entry in an epoch, `repeats` of them. @param index of the entry in its split */
export function trainVisit({ root, clip, seed }: Draw, entry: Entry, index: number, epoch: number): Visit {
  const { size: S, augmentOn = 'picture' } = clip;
  const frames = samplers[clip.sampling].train(entry.frames, clip, rng(seed, 'frames', epoch, index));
  const augments = clip.randAugment !== undefined || clip.colorJitter !== undefined;
  const clips = Array.from({ length: clip.repeats }, (_, repeat): ClipRequest => {
    const random = rng(seed, 'crop', epoch, index, repeat);
    const place = placeOf(clip, entry, random);
    const flip = clip.flip && random.uniform() < 0.5;
    const request = { frames, ...place, size: { width: S, height: S }, flip, ...interpolationOf(clip) };
    if (!augments) return request;
    const operations = [
      ...(clip.randAugment ? drawOperations(clip.randAugment, rng(seed, 'rand-augment', epoch, index, repeat)) : []),
      ...(clip.colorJitter ? drawColorJitter(clip.colorJitter, rng(seed, 'color-jitter', epoch, index, repeat)) : []),
    ];
    return { ...request, [augmentOn === 'crop' ? 'finish' : 'augment']: operations };
  });
  const { width, height } = entry;
  return {
    ...visitOf(root, entry),
    ...(augments && { source: { width, height } }),
    clips: clips as [ClipRequest, ...ClipRequest[]],
  };
}

function placeOf(clip: ClipOptions, entry: Entry, random: Random): Pick<ClipRequest, 'crop' | 'cut'> {
  if (clip.crop !== 'random') return { crop: drawCrop(clip.crop, entry, clip.size, random, clip.cropScale) };
  const of = shortSideSize(entry, clip.resize ?? clip.size);
  return { cut: { of, ...drawPlace(of, clip.size, random) } };
}

const interpolationOf = ({ interpolation }: ClipOptions) => (interpolation === undefined ? {} : { interpolation });

export interface TestVisit {
  /** All frames that any view needs, each once, resized as the views want it: one decode for all views. */
  readonly visit: Visit;
  /** Segments outermost: frames of the video, and the window in pixels of the visit's frames. */
  readonly views: readonly TestView[];
  /** The size of the pictures that the windows lie in. */
  readonly size: Size;
  /** Cuts the views out of what the visit gave: uint8 [V, T, S, S, 3], segments outermost. Absent where it gave just them. */
  cut?(decoded: Uint8Array, into: Uint8Array): void;
}

export interface TestView {
  readonly frames: readonly number[];
  readonly crop: Window;
}

/** The test views of an entry. */
export function testVisit({ root, clip }: Draw, entry: Entry, { segments, crops }: Views): TestVisit {
  const perSegment = samplers[clip.sampling].test(entry.frames, clip, segments);
  const union = [...new Set(perSegment.flat())].sort((a, b) => a - b);
  const position = new Map(union.map((frame, i) => [frame, i]));
  const { size, windows } = testWindows(entry, clip.size, crops, clip.testResize);
  const views = perSegment.flatMap((frames) => windows.map((crop) => ({ frames, crop })));
  const from = visitOf(root, entry);
  const [only] = views;
  if (isImage(entry) && views.length === 1 && only !== undefined) {
    const { x, y, ...own } = only.crop;
    const request = { frames: only.frames, size: own, cut: { of: size, x, y }, ...interpolationOf(clip) };
    return { visit: { ...from, clips: [request] }, size, views };
  }
  return {
    visit: { ...from, clips: [{ frames: union, size, ...interpolationOf(clip) }] },
    size,
    views,
    cut(decoded, into) {
      const pictures = { data: decoded, frames: union.length, ...size };
      for (const [i, { frames, crop }] of views.entries()) {
        const positions = frames.map((frame) => position.get(frame) as number);
        cropInto(into.subarray(i * clipBytes(clip)), pictures, crop, positions);
      }
    },
  };
}

function visitOf(root: string, entry: Entry): Omit<Visit, 'clips'> {
  const { bytes, seeks, disposable, verdict, changesSize = false } = entry;
  // Without the file's size nobody knows whether it is still what was read.
  const steady = bytes !== undefined && !changesSize;
  const image = isImage(entry) && { image: true, source: { width: entry.width, height: entry.height } };
  return { file: fileOf(root, entry), bytes, seeks, disposable, steady, alone: verdict === 'damaged', ...image };
}
