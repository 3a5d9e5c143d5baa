/** Clips one by one with the facts behind them, as a contact sheet wants them: nothing replaced, every failure kept. */
import { isDataError, PetlVideoError, usageError } from '../errors/index.ts';
import { nearest } from '../errors/nearest.ts';
import { type ClipRequest, type Visit, visitBytes } from '../video/visit.ts';
import { describeVerdict, type Shown, type Stage } from './contact-sheet/cards.ts';
import { type Drawn, type Erasing, testDrawn, trainDrawn } from './contact-sheet/drawn.ts';
import type { Draw } from './draw.ts';
import type { Loader, Views } from './loader.ts';
import { type Entry, isUsable, type SplitName } from './manifest.ts';
import { type EpochOptions, updatesOf } from './order.ts';

export interface InspectOptions extends Draw {
  /** One that stops at a video that fails (`onError: 'fail'`): the failure belongs to its row. */
  readonly loader: Loader;
  readonly split: SplitName;
  /** Those that the loader was opened with. */
  readonly entries: readonly Entry[];
  /** Of a training clip; the views of a test. */
  readonly as: { readonly epoch: number } | { readonly views: Views };
  /** Where an entry's training clips are erased; absent where none are. */
  readonly erasingOf?: (index: number) => Erasing | undefined;
  /** Decodes what is on the way to a clip; absent where no stages are wanted. */
  readonly decode?: (visit: Visit, into: Uint8Array) => Promise<unknown>;
  readonly signal?: AbortSignal;
}

/** @throws environment errors and the signal's reason; what is wrong with a video becomes its failure */
export async function inspectClip(index: number, options: InspectOptions): Promise<Shown> {
  const { entries, as, signal, decode } = options;
  signal?.throwIfAborted();
  const entry = entries[index] as Entry;
  if (!isUsable(entry)) return unusableClip(entry, index);
  const drawn =
    'views' in as
      ? testDrawn(options, entry, as.views)
      : trainDrawn(options, entry, index, as.epoch, options.erasingOf?.(index));
  const blank = { index, entry, drawn, warnings: [] };
  try {
    const clips = await readClips(index, options);
    if (decode === undefined) return { ...blank, clips };
    const stages: Stage[][] = [];
    for (const one of drawn) stages.push(await stagesOf(one, decode));
    return { ...blank, clips, stages };
  } catch (thrown) {
    signal?.throwIfAborted();
    if (!isDataError(thrown)) throw thrown;
    return { ...blank, failure: thrown.what };
  }
}

/** A copy of its own: the loader has its memory back. */
async function readClips(index: number, { loader, split, as }: InspectOptions): Promise<Uint8Array> {
  const found =
    'views' in as
      ? await loader.views(split, index, as.views)
      : await loader.trainBatch(split, Uint32Array.of(index), as.epoch);
  if ('failure' in found) throw new PetlVideoError('data', found.failure);
  const clips = found.clips.slice();
  found.release();
  return clips;
}

/** The whole frames with the crop on them, the same augmented, and the crop before it is mirrored: as far as there are such. */
async function stagesOf(
  { of, flip, request, from }: Drawn,
  decode: NonNullable<InspectOptions['decode']>,
): Promise<Stage[]> {
  const stage = async (name: string, clip: ClipRequest, marksCrop = false): Promise<Stage> => {
    const visit: Visit = { ...from, clips: [clip] };
    const data = new Uint8Array(new SharedArrayBuffer(visitBytes(visit)));
    await decode(visit, data);
    return { name, clip: { data, frames: clip.frames.length, ...clip.size }, marksCrop };
  };
  const { frames, size } = request;
  const plain: ClipRequest = { ...request, flip: false, finish: undefined };
  const whole: ClipRequest = { ...plain, crop: undefined, cut: undefined, size: of };
  return [
    await stage(`decoded, ${of.width}×${of.height}, with the crop`, { frames, size: of }, true),
    ...(request.augment?.length ? [await stage('augmented', whole, true)] : []),
    ...(flip || request.finish?.length
      ? [await stage(`cropped and resized to ${size.width}×${size.height}`, plain)]
      : []),
  ];
}

/** The places of an epoch's clips; a video that the epoch leaves out has none. */
export function erasingPlaces(
  options: EpochOptions,
  { seed, clip }: Draw,
  epoch: number,
  probability: number,
): (index: number) => Erasing | undefined {
  const places = updatesOf(options, seed, epoch)
    .flat()
    .flatMap((entries, batchOfEpoch) =>
      Array.from(entries, (entry, i) => [entry, { probability, batchOfEpoch, first: i * clip.repeats }] as const),
    );
  const byEntry = new Map(places);
  return (index) => byEntry.get(index);
}

/** A listed video that training never sees: its verdict is all there is to show. */
export function unusableClip(entry: Entry, index: number): Shown {
  return { index, entry, drawn: [], warnings: [], failure: describeVerdict(entry) };
}

/**
 * The entries with these ids, as `a,b`; an id that has a comma itself is known whole.
 * @throws usage error for an id that is not there
 */
export function entriesNamed(ids: string, entries: readonly Entry[]): Entry[] {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const wanted = byId.has(ids) ? [ids] : ids.split(',').map((id) => id.trim());
  return wanted.map((id) => {
    const found = byId.get(id);
    if (found !== undefined) return found;
    const near = entries.length > SEARCHED ? undefined : nearest(id, byId.keys());
    throw usageError(`no entry of the split has the id '${id}'${near === undefined ? '' : `; did you mean ${near}?`}`, {
      remedy: 'ids stand in the .jsonl files of the prepared folder',
    });
  });
}

/** Ids beyond which looking for a similar one takes too long. */
const SEARCHED = 20_000;

/** `count` indices evenly spread over `total`: official lists are often sorted by class. */
export function spread(total: number, count: number): number[] {
  const taken = Math.min(total, count);
  return Array.from({ length: taken }, (_, i) => Math.floor((i * total) / taken));
}
