/** What a run says of a long video, window by window, in one pass and in the memory of a few windows. */
import type { Readable } from 'node:stream';
import { clipMemory } from '../data/clip-memory.ts';
import { testSquare } from '../data/views.ts';
import { everyOf, type WindowPlace, type WindowShape, windowClips } from '../data/window-clips.ts';
import { usageError } from '../errors/index.ts';
import { batchedForward } from '../eval/evaluate.ts';
import { softmax } from '../eval/metrics.ts';
import { type StreamEnd, streamFrames } from '../video/stream.ts';
import { frameBytes } from '../video/visit.ts';
import { type ClassScore, scoresOf } from './classify.ts';
import { inBatches } from './in-batches.ts';
import type { Run } from './run.ts';

/** What windows need of a `Run`. */
export type WindowsRun = Pick<Run, 'recipe' | 'model' | 'classes' | 'session' | 'ffmpeg' | 'inTurn'>;

export interface WindowsOptions {
  /** T, which must be what the model takes, and the frames of the video between two of them. Default: the recipe's. */
  readonly window?: Pick<WindowShape, 'frames' | 'stride'> | undefined;
  /** Frames of the video from one window to the next. Default T × stride: windows that neither overlap nor leave a gap. */
  readonly step?: number | undefined;
  /** Classes of each answer, best first. Default 5. */
  readonly top?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told at the end, before the iteration ends: whether all that was sent decoded. */
  readonly onEnd?: ((end: StreamEnd) => void) | undefined;
}

export interface WindowAnswer extends WindowPlace {
  readonly top: readonly ClassScore[];
}

/**
 * How long a window may wait for others to share its forward pass: short beside what a live source takes from window to window,
 * long beside what a file takes.
 */
const PATIENCE_MS = 200;

/**
 * The shape of windows that a run can answer.
 * @throws usage error where the model takes another number of frames, or where nothing says how far apart they are
 */
export function windowShape(
  { recipe: { data }, model: { backbone } }: Pick<WindowsRun, 'recipe' | 'model'>,
  { window, step }: Pick<WindowsOptions, 'window' | 'step'> = {},
): WindowShape {
  if (window === undefined && data.sampling === 'segments') {
    throw usageError('the run samples segments of whole videos: its recipe has no stride for windows', {
      remedy: `say how far apart the frames of a window are: ${backbone.frames}x4 takes every 4th`,
    });
  }
  const { frames, stride } = window ?? data;
  if (frames !== backbone.frames) {
    throw usageError(`a window of ${frames} frames: the model of this run takes ${backbone.frames}`, {
      remedy: `ask for ${backbone.frames}x${stride}`,
    });
  }
  const shape = { frames, stride, step: step ?? frames * stride };
  const wrong = Object.entries(shape).find(([, count]) => !Number.isSafeInteger(count) || count < 1);
  if (wrong !== undefined) throw usageError(`${wrong[0]} of windows: ${wrong[1]} is no number of frames`);
  return shape;
}

/**
 * The windows of a video, in order, each as soon as it is answered. Its frames are resized and cut as evaluation does with a
 * single crop; `windowClips` says where windows lie. While the model works, the video is decoded on by two batches at most.
 *
 * @param source a file, or a stream that may still be growing, in a container that is read from front to back
 * @throws as `windowShape`, and as `streamFrames`: after the windows that could be answered
 */
export async function* windows(
  run: WindowsRun,
  source: string | Readable,
  options: WindowsOptions = {},
): AsyncGenerator<WindowAnswer> {
  const { recipe, ffmpeg } = run;
  const shape = windowShape(run, options);
  const { top = 5, signal, onEnd } = options;
  const { size, interpolation } = recipe.data;
  const stop = new AbortController();
  const square = testSquare(size, recipe.eval.resize);
  const frames = streamFrames(
    ffmpeg,
    { source, every: everyOf(shape), interpolation, ...square },
    { signal: signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]) },
  );
  const bytes = frameBytes({ width: size, height: size });
  const memory = clipMemory();
  const clips = copied(windowClips(frames, bytes, shape), () => memory.take(shape.frames * bytes));
  const forward = forwardPasses(run);
  const batches = inBatches(clips, { most: recipe.eval.batch, patienceMs: PATIENCE_MS });
  try {
    for (;;) {
      const next = await batches.next();
      signal?.throwIfAborted();
      if (next.done) {
        onEnd?.(next.value);
        return;
      }
      const ready = next.value;
      const rows = await run.inTurn(() => forward(ready.map(({ clip }) => clip)));
      for (const { clip } of ready) memory.give(clip);
      for (const [i, { place }] of ready.entries()) {
        yield { ...place, top: scoresOf(run, softmax(rows[i] as Float32Array), top) };
      }
    }
  } finally {
    stop.abort();
    await batches.return({ frames: 0 });
    await clips.return({ frames: 0 });
  }
}

interface CopiedClip {
  readonly place: WindowPlace;
  readonly clip: Uint8Array;
}

async function* copied(
  clips: ReturnType<typeof windowClips>,
  room: () => Uint8Array,
): AsyncGenerator<CopiedClip, StreamEnd> {
  try {
    for (;;) {
      const next = await clips.next();
      if (next.done) return next.value;
      const clip = room();
      next.value.write(clip);
      yield { place: next.value.place, clip };
    }
  } finally {
    await clips.return({ frames: 0 });
  }
}

/** Logits of up to a batch of clips. A clip by itself does not pay for a whole batch. */
function forwardPasses({ session, model, recipe }: WindowsRun) {
  const passes = new Map<number, ReturnType<typeof batchedForward>>();
  return async (clips: readonly Uint8Array[]): Promise<Float32Array[]> => {
    const size = clips.length === 1 ? 1 : recipe.eval.batch;
    const pass = passes.get(size) ?? batchedForward(session, model, size);
    passes.set(size, pass);
    const forward = await pass;
    const rows: Float32Array[] = [];
    for (const clip of clips) await forward.add(clip, ({ logits }) => rows.push(logits));
    await forward.flush();
    return rows;
  };
}
