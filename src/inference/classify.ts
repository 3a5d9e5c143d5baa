/** What a run says of one file. */
import type { Views } from '../data/loader.ts';
import type { Entry } from '../data/manifest.ts';
import { dataError, usageError } from '../errors/index.ts';
import { batchedForward, type ForwardRow, meanOf } from '../eval/evaluate.ts';
import { fuseViews, softmax, topClasses } from '../eval/metrics.ts';
import { entryOf } from './entry-of.ts';
import type { Answering, Run } from './run.ts';

export interface FileOptions {
  /** Temporal positions and crops. Default: those of the recipe's evaluation. */
  readonly views?: Views;
  readonly signal?: AbortSignal;
}

export interface ClassifyOptions extends FileOptions {
  /** Classes told, the best first. Default 5. */
  readonly top?: number;
}

export interface ClassScore {
  readonly class: string;
  readonly label: number;
  readonly probability: number;
}

export interface Classification {
  readonly file: string;
  readonly top: readonly ClassScore[];
  /** [K], of all classes; views are fused as the recipe's evaluation does. */
  readonly probabilities: Float64Array;
  readonly views: Views;
  /** The first view as the model saw it, uint8 [T, S, S, 3]. */
  readonly clip: { readonly data: Uint8Array; readonly frames: number; readonly size: number };
  /** Of the file: frames that decode, pixels as displayed, frames per second (0 of an image). */
  readonly facts: Pick<Entry, 'frames' | 'width' | 'height' | 'fps'>;
  /** What the decoder complained of, where the file is damaged. */
  readonly damage?: string;
}

/**
 * Classifies a video or an image.
 *
 * @throws PetlVideoError: data where nothing of the file can be decoded, usage for a `top` that is no number of classes; the
 *   signal's reason on abort
 */
export async function classify(run: Run, file: string, options: ClassifyOptions = {}): Promise<Classification> {
  const { top = 5 } = options;
  if (!Number.isInteger(top) || top < 1) throw usageError(`top ${top}: give a number of classes, 1 or more`);
  const { entry, rows, views, clip } = await look(run, file, options);
  const probabilities = probabilitiesOf(run, rows);
  const { frames, width, height, fps, verdict, reason } = entry;
  return {
    file,
    top: scoresOf(run, probabilities, top),
    probabilities,
    views,
    clip,
    facts: { frames, width, height, fps },
    ...(verdict === 'damaged' && reason !== undefined ? { damage: reason } : {}),
  };
}

/**
 * The features [D] of a video or an image: what the head of the run gets, the mean over the views.
 *
 * @throws as {@link classify} does
 */
export async function embed(run: Run, file: string, options: FileOptions = {}): Promise<Float32Array> {
  const { rows } = await look(run, file, options);
  return meanOf(rows.map(({ features }) => features));
}

/** Has the model look at a black clip: the first answer of a single view does not wait for its compilation then. */
export async function warmUp(run: Run): Promise<void> {
  const { frames, size } = run.model.backbone;
  await run.inTurn(async () => {
    const forward = await batchedForward(run.session, run.model, 1);
    await forward.add(new Uint8Array(frames * size * size * 3), () => {});
  });
}

/** The `top` best classes. @param probabilities [K] */
export function scoresOf(run: Pick<Run, 'classes'>, probabilities: ArrayLike<number>, top: number): ClassScore[] {
  return topClasses(probabilities, top).map((k) => ({
    class: run.classes[k] as string,
    label: k,
    probability: probabilities[k] as number,
  }));
}

/** [K], of the views of a file, fused as the recipe's evaluation does. */
export function probabilitiesOf({ recipe }: Pick<Run, 'recipe'>, rows: readonly ForwardRow[]): Float64Array {
  const { fuse } = recipe.eval;
  const fused = fuseViews(
    rows.map(({ logits }) => logits),
    fuse,
  );
  return fuse === 'softmax' ? fused : softmax(fused);
}

interface Looked extends Pick<Classification, 'views' | 'clip'> {
  /** One for each view, segments outermost. */
  readonly rows: readonly ForwardRow[];
}

async function look(run: Run, file: string, options: FileOptions): Promise<Looked & { readonly entry: Entry }> {
  const entry = await entryOf(run.ffmpeg, file, options.signal);
  const looked = await lookAt(run, entry, options);
  if (!('failure' in looked)) return { entry, ...looked };
  throw dataError(`not a video or image that can be read: ${looked.failure}`, {
    at: file,
    remedy: 'see whether it plays, and whether it came whole',
  });
}

/** All views of an entry through the model, or why there are none. @throws the signal's reason on abort */
export async function lookAt(
  run: Answering,
  entry: Entry,
  { views = viewsOf(run), signal }: FileOptions,
): Promise<Looked | { readonly failure: string }> {
  const loaded = await run.loader.viewsOf(entry, views);
  if ('failure' in loaded) return loaded;
  try {
    const count = views.segments * views.crops;
    const { frames, size } = run.model.backbone;
    const bytes = loaded.clips.length / count;
    const rows = await run.inTurn(async () => {
      signal?.throwIfAborted();
      const all: ForwardRow[] = [];
      const forward = await batchedForward(run.session, run.model, Math.min(run.recipe.eval.batch, count));
      for (let v = 0; v < count; v++) {
        await forward.add(loaded.clips.subarray(v * bytes, (v + 1) * bytes), (row) => all.push(row));
      }
      await forward.flush();
      return all;
    });
    return { rows, views, clip: { data: loaded.clips.slice(0, bytes), frames, size } };
  } finally {
    loaded.release();
  }
}

const viewsOf = ({ recipe }: Pick<Run, 'recipe'>): Views => ({
  segments: recipe.eval.segments,
  crops: recipe.eval.crops,
});
