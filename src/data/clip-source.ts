/** Makes clips: decides which frames and which window, and has them decoded. */
import path from 'node:path';
import { dataError, PetlVideoError } from '../errors/index.ts';
import { rng } from '../tensor/random.ts';
import type { Decoders } from '../video/decoders.ts';
import { cropClip } from '../video/window.ts';
import { type CropName, drawCrop } from './crop.ts';
import type { EntryViews, Loader, Replacement, Views } from './loader.ts';
import { type Entry, isUsable, type SplitName } from './manifest.ts';
import { type SamplerName, samplers } from './sampling/index.ts';
import { cropWindows } from './views.ts';

export interface ClipOptions {
  /** T. */
  readonly frames: number;
  /** Frames of the video between two sampled ones. */
  readonly stride: number;
  /** S, side of the clip in pixels. */
  readonly size: number;
  readonly sampling: SamplerName;
  readonly crop: CropName;
  /** Range of the area that a random-resized crop takes. */
  readonly cropScale: readonly [number, number];
  /** Whether training clips are mirrored half of the time. */
  readonly flip: boolean;
}

export interface ClipSourceOptions {
  /** Absolute folder of the entries' files. */
  readonly root: string;
  readonly splits: Readonly<Partial<Record<SplitName, readonly Entry[]>>>;
  readonly clip: ClipOptions;
  readonly seed: number;
  /** What happens to a video that cannot be decoded in training: another stands in, or the run stops. */
  readonly onError: 'skip' | 'fail';
}

/** Videos that are tried in place of one before the data set is given up. */
const STAND_INS = 10;

export function clipSource(decoders: Decoders, options: ClipSourceOptions): Loader {
  const { root, splits, clip, seed } = options;
  const { frames: T, size: S } = clip;
  const bytes = T * S * S * 3;
  const fileOf = ({ file }: Entry): string => path.resolve(root, file);
  const entryOf = (split: SplitName, index: number): Entry => {
    const entry = splits[split]?.[index];
    if (entry === undefined) throw new RangeError(`the loader has no entry ${index} in split ${split}`);
    return entry;
  };

  async function trainClip(entry: Entry, index: number, epoch: number): Promise<Uint8Array> {
    const frames = samplers[clip.sampling].train(entry.frames, clip, rng(seed, 'frames', epoch, index));
    const random = rng(seed, 'crop', epoch, index);
    const crop = drawCrop(clip.crop, entry, S, random, clip.cropScale);
    const flip = clip.flip && random.uniform() < 0.5;
    const decoded = await decoders.decode({ file: fileOf(entry), frames, crop, size: { width: S, height: S }, flip });
    return decoded.data;
  }

  async function clipOrStandIn(
    split: SplitName,
    index: number,
    epoch: number,
  ): Promise<{ data: Uint8Array; label: number; replaced: Replacement | undefined }> {
    const entries = splits[split] ?? [];
    const wanted = entryOf(split, index);
    const draw = rng(seed, 'stand-in', epoch, index);
    let at = index;
    let reason: string | undefined;
    for (let attempt = 0; attempt <= STAND_INS; attempt++) {
      const entry = entryOf(split, at);
      try {
        const data = await trainClip(entry, at, epoch);
        const replaced = reason === undefined ? undefined : { entry: index, id: wanted.id, reason, by: at };
        return { data, label: entry.label, replaced };
      } catch (thrown) {
        if (!isDataFault(thrown)) throw thrown;
        if (options.onError === 'fail') {
          throw dataError(`${entry.id} could not be decoded: ${thrown.what}`, {
            at: fileOf(entry),
            remedy: 'run petl-video prepare again to find and mark such files, or set data.onError=skip',
            cause: thrown,
          });
        }
        reason ??= thrown.what;
      }
      at = draw.integer(entries.length);
    }
    throw dataError(`${wanted.id} and ${STAND_INS} videos in its place could not be decoded: ${reason}`, {
      at: fileOf(wanted),
      remedy: 'run petl-video prepare again: the files have changed or the disk fails',
    });
  }

  return {
    async trainBatch(split, indices, epoch) {
      const clips = new Uint8Array(indices.length * bytes);
      const labels = new Int32Array(indices.length);
      const replaced: Replacement[] = [];
      await Promise.all(
        Array.from(indices, async (index, i) => {
          const made = await clipOrStandIn(split, index, epoch);
          clips.set(made.data, i * bytes);
          labels[i] = made.label;
          if (made.replaced !== undefined) replaced.push(made.replaced);
        }),
      );
      replaced.sort((a, b) => a.entry - b.entry);
      return { clips, labels, replaced };
    },

    async views(split, index, views): Promise<EntryViews> {
      const entry = entryOf(split, index);
      if (!isUsable(entry)) return { failure: entry.reason ?? entry.verdict };
      try {
        return { clips: await decodeViews(entry, views) };
      } catch (thrown) {
        if (!isDataFault(thrown)) throw thrown;
        return { failure: thrown.what };
      }
    },

    close: () => decoders.close(),
  };

  /** One decode of all frames that any view needs; the crops are cut from it. */
  async function decodeViews(entry: Entry, { segments, crops }: Views): Promise<Uint8Array> {
    const perSegment = samplers[clip.sampling].test(entry.frames, clip, segments);
    const union = [...new Set(perSegment.flat())].sort((a, b) => a - b);
    const position = new Map(union.map((frame, i) => [frame, i]));
    const decoded = await decoders.decodeAtShortSide({
      file: fileOf(entry),
      frames: union,
      source: entry,
      shortSide: S,
    });
    const clips = new Uint8Array(segments * crops * bytes);
    let at = 0;
    for (const frames of perSegment) {
      const positions = frames.map((frame) => position.get(frame) as number);
      for (const window of cropWindows(decoded, S, crops)) {
        clips.set(cropClip(decoded, window, positions), at);
        at += bytes;
      }
    }
    return clips;
  }
}

/** Whether the video is to blame, and not the environment or a bug. */
function isDataFault(thrown: unknown): thrown is PetlVideoError {
  return thrown instanceof PetlVideoError && thrown.kind === 'data';
}
