/** Makes batches and views: has what was drawn decoded, and deals with videos that cannot be. */
import { setTimeout as sleep } from 'node:timers/promises';
import { dataError, isDataError } from '../errors/index.ts';
import { rng } from '../tensor/random.ts';
import type { Decoders } from '../video/decoders.ts';
import { type Visit, visitBytes } from '../video/visit.ts';
import { clipMemory } from './clip-memory.ts';
import { clipBytes, type Draw, fileOf, testVisit, trainVisit } from './draw.ts';
import type { EntryLoader, EntryViews, Replacement, Views } from './loader.ts';
import { type Entry, isUsable, type SplitName } from './manifest.ts';

export interface ClipSourceOptions extends Draw {
  readonly splits: Readonly<Partial<Record<SplitName, readonly Entry[]>>>;
  /** How often a video that cannot be decoded is tried again, after 0.5 s, 1 s, 2 s, …: a disk in the network may recover. */
  readonly retries: number;
  /** What then happens to it in training: another stands in, or the run stops. */
  readonly onError: 'skip' | 'fail';
}

/** Videos that are tried in place of one before the data set is given up. */
const STAND_INS = 10;
const FIRST_PAUSE_MS = 500;

export function clipSource(decoders: Decoders, options: ClipSourceOptions): EntryLoader {
  const { root, splits, clip, seed } = options;
  const bytes = clipBytes(clip);
  const memory = clipMemory();
  const entryOf = (split: SplitName, index: number): Entry => {
    const entry = splits[split]?.[index];
    if (entry === undefined) throw new RangeError(`the loader has no entry ${index} in split ${split}`);
    return entry;
  };

  const lent = (clips: Uint8Array) => ({ clips, release: () => memory.give(clips) });

  async function decode(entry: Entry, visit: Visit, into: Uint8Array): Promise<void> {
    for (let tried = 0; ; tried++) {
      try {
        return await decodeOnce(entry, visit, into);
      } catch (thrown) {
        if (!isDataError(thrown) || tried >= options.retries) throw thrown;
        await sleep(FIRST_PAUSE_MS * 2 ** tried);
      }
    }
  }

  /** Pictures that ffmpeg made up are taken from videos that are known to be damaged, never from those that were sound. */
  async function decodeOnce(entry: Entry, visit: Visit, into: Uint8Array): Promise<void> {
    const { warning } = await decoders.visit(visit, into);
    if (warning === undefined || entry.verdict === 'damaged') return;
    const whole = await decoders.visit({ ...visit, seeks: undefined, disposable: undefined, alone: true }, into);
    if (whole.warning === undefined) return;
    throw dataError(`damaged since it was prepared: ${whole.warning}`, { at: visit.file });
  }

  async function clipOrStandIn(
    split: SplitName,
    index: number,
    epoch: number,
    into: Uint8Array,
  ): Promise<{ label: number; replaced: Replacement | undefined }> {
    const entries = splits[split] ?? [];
    const wanted = entryOf(split, index);
    const draw = rng(seed, 'stand-in', epoch, index);
    let at = index;
    let reason: string | undefined;
    for (let attempt = 0; attempt <= STAND_INS; attempt++) {
      const entry = entryOf(split, at);
      try {
        await decode(entry, trainVisit(options, entry, at, epoch), into);
        const replaced = reason === undefined ? undefined : { entry: index, id: wanted.id, reason, by: at };
        return { label: entry.label, replaced };
      } catch (thrown) {
        if (!isDataError(thrown)) throw thrown;
        if (options.onError === 'fail') {
          throw dataError(`${entry.id} could not be decoded: ${thrown.what}`, {
            at: fileOf(root, entry),
            remedy: 'run petl-video prepare again to find and mark such files, or set data.onError=skip',
            cause: thrown,
          });
        }
        reason ??= thrown.what;
      }
      at = draw.integer(entries.length);
    }
    throw dataError(`${wanted.id} and ${STAND_INS} videos in its place could not be decoded: ${reason}`, {
      at: fileOf(root, wanted),
      remedy: 'run petl-video prepare again: the files have changed or the disk fails',
    });
  }

  async function viewsOf(entry: Entry, views: Views): Promise<EntryViews> {
    if (!isUsable(entry)) return { failure: entry.reason ?? entry.verdict };
    const { visit, cut } = testVisit(options, entry, views);
    const decoded = memory.take(visitBytes(visit));
    try {
      await decode(entry, visit, decoded);
      if (cut === undefined) return lent(decoded);
      const clips = memory.take(views.segments * views.crops * bytes);
      cut(decoded, clips);
      memory.give(decoded);
      return lent(clips);
    } catch (thrown) {
      memory.give(decoded);
      if (!isDataError(thrown)) throw thrown;
      return { failure: thrown.what };
    }
  }

  return {
    async trainBatch(split, indices, epoch) {
      const perVideo = clip.repeats * bytes;
      const clips = memory.take(indices.length * perVideo);
      const labels = new Int32Array(indices.length * clip.repeats);
      const replaced: Replacement[] = [];
      // All settle before the memory may be used again.
      const made = await Promise.allSettled(
        Array.from(indices, async (index, i) => {
          const one = await clipOrStandIn(split, index, epoch, clips.subarray(i * perVideo, (i + 1) * perVideo));
          labels.fill(one.label, i * clip.repeats, (i + 1) * clip.repeats);
          if (one.replaced !== undefined) replaced.push(one.replaced);
        }),
      );
      const failed = made.find((one) => one.status === 'rejected');
      if (failed !== undefined) {
        memory.give(clips);
        throw failed.reason;
      }
      replaced.sort((a, b) => a.entry - b.entry);
      return { clips, labels, replaced, release: () => memory.give(clips) };
    },

    views: async (split, index, views) => viewsOf(entryOf(split, index), views),
    viewsOf,

    close: () => decoders.close(),
  };
}
