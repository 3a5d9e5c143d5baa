/** Clips one by one with the facts behind them, as a contact sheet wants them: nothing replaced, every failure kept. */
import path from 'node:path';
import { PetlVideoError, usageError } from '../errors/index.ts';
import { nearest } from '../errors/nearest.ts';
import type { DecodeRequest } from '../video/decode.ts';
import type { Frames } from '../video/window.ts';
import type { ClipOptions } from './clip-source.ts';
import { describeVerdict, type Shown, type Stage } from './contact-sheet/cards.ts';
import { type Drawn, testDrawn, trainDrawn } from './contact-sheet/drawn.ts';
import type { Loader, Views } from './loader.ts';
import { type Entry, isUsable, type SplitName } from './manifest.ts';

export interface InspectOptions {
  /** One that stops at a video that fails (`onError: 'fail'`): the failure belongs to its row. */
  readonly loader: Loader;
  readonly split: SplitName;
  /** Those that the loader was opened with. */
  readonly entries: readonly Entry[];
  readonly root: string;
  readonly clip: ClipOptions;
  readonly seed: number;
  /** Of a training clip; the views of a test. */
  readonly as: { readonly epoch: number } | { readonly views: Views };
  /** Decodes whole frames and crops for the stages; absent where no stages are wanted. */
  readonly decode?: (request: DecodeRequest) => Promise<Frames>;
  readonly signal?: AbortSignal;
}

/** @throws environment errors and the signal's reason; what is wrong with a video becomes its failure */
export async function inspectClip(index: number, options: InspectOptions): Promise<Shown> {
  const { loader, split, entries, as, clip, seed, signal } = options;
  signal?.throwIfAborted();
  const entry = entries[index] as Entry;
  const blank = { index, entry, drawn: [], warnings: [] };
  if (!isUsable(entry)) return { ...blank, failure: describeVerdict(entry) };
  const drawn = 'views' in as ? testDrawn(entry, clip, as.views) : [trainDrawn(entry, index, as.epoch, clip, seed)];
  try {
    const clips = await read();
    if (options.decode === undefined) return { ...blank, drawn, clips };
    const stages: Stage[][] = [];
    for (const one of drawn) stages.push(await stagesOf(one, path.resolve(options.root, entry.file), options));
    return { ...blank, drawn, clips, stages };
  } catch (thrown) {
    signal?.throwIfAborted();
    if (!(thrown instanceof PetlVideoError) || thrown.kind !== 'data') throw thrown;
    return { ...blank, drawn, failure: thrown.what };
  }

  async function read(): Promise<Uint8Array> {
    if (!('views' in as)) return (await loader.trainBatch(split, Uint32Array.of(index), as.epoch)).clips;
    const found = await loader.views(split, index, as.views);
    if ('failure' in found) throw new PetlVideoError('data', found.failure);
    return found.clips;
  }
}

/** The whole frames with the crop on them, and where the clip is mirrored or augmented, the crop before that. */
async function stagesOf(drawn: Drawn, file: string, { decode, clip }: InspectOptions): Promise<Stage[]> {
  if (decode === undefined) return [];
  const { frames, crop, of, flip, augmented } = drawn;
  const whole = await decode({ file, frames, size: of });
  const stages: Stage[] = [{ name: `decoded, ${of.width}×${of.height}, with the crop`, clip: whole, marksCrop: true }];
  if (!flip && augmented.length === 0) return stages;
  const size = { width: clip.size, height: clip.size };
  const cropped = await decode({ file, frames, crop, size });
  return [...stages, { name: `cropped and resized to ${clip.size}×${clip.size}`, clip: cropped, marksCrop: false }];
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
