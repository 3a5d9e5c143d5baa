/** Windows over a video that comes frame by frame: a clip of T frames, every s-th, and a new one every so many frames. */
import { usageError } from '../errors/index.ts';
import type { StreamEnd, StreamedFrame } from '../video/stream.ts';

export interface WindowShape {
  /** T, frames of a clip. */
  readonly frames: number;
  /** Frames of the video from one of its frames to the next. */
  readonly stride: number;
  /** Frames of the video from the start of one window to the start of the next. */
  readonly step: number;
}

/** Where in the video a window lies. */
export interface WindowPlace {
  /** First and last frame that the clip has of the video, counted from 0. */
  readonly start: number;
  readonly end: number;
  /** When these two are shown, in seconds from the beginning; absent where nothing tells it. */
  readonly startSeconds?: number;
  readonly endSeconds?: number;
  /** Where that is known from: the time stamps of both frames, or their numbers over the frame rate that the file claims. */
  readonly timing?: 'presentation' | 'rate';
}

export interface WindowClip {
  readonly place: WindowPlace;
  /** Writes the clip, uint8 [T, S, S, 3]; before the next window is asked for. */
  write(into: Uint8Array): void;
}

/**
 * `16x4` → 16 frames, every 4th.
 * @throws usage error for anything else
 */
export function parseWindow(text: string): Pick<WindowShape, 'frames' | 'stride'> {
  const [, frames = 0, stride = 0] = text.match(/^([1-9]\d{0,3})\s*[x×]\s*([1-9]\d{0,3})$/i)?.map(Number) ?? [];
  if (frames > 0 && stride > 0) return { frames, stride };
  throw usageError(`window "${text}" is not of the form FRAMESxSTRIDE`, {
    remedy: 'write 16x4 for 16 frames, every 4th of the video; or recipe for those of the run',
  });
}

/** All frames that any window has are multiples of this. */
export function everyOf({ frames, stride, step }: WindowShape): number {
  return frames === 1 ? step : greatestDivisor(stride, step);
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

/**
 * The windows that lie whole in the video, as soon as their last frame is there. Where windows leave no gaps (step ≤ T·s), the
 * frames that are left over at the end get one more, which ends with the video. A video shorter than a window gives one, its
 * last frame repeated: the clip that evaluation has of it (`stridedClips`).
 *
 * Keeps the frames of one window, no matter how many windows they are part of.
 * @param frames every `everyOf(shape)`-th of a video
 */
export async function* windowClips(
  frames: AsyncGenerator<StreamedFrame, StreamEnd>,
  frameBytes: number,
  shape: WindowShape,
): AsyncGenerator<WindowClip, StreamEnd> {
  const { frames: T, stride, step } = shape;
  const every = everyOf(shape);
  const reach = (T - 1) * stride;
  const kept = ring(reach / every + 1, frameBytes);
  let last: StreamedFrame | undefined;
  let answered: number | undefined;
  const windowAt = (start: number, shown: number): WindowClip => {
    const positions = Array.from({ length: T }, (_, i) => (start + Math.min(i, shown - 1) * stride) / every);
    const [first, final] = [positions[0], positions[T - 1]] as [number, number];
    return {
      place: placeOf(kept.frame(first), kept.frame(final)),
      write(into) {
        positions.forEach((position, i) => {
          into.set(kept.bytes(position), i * frameBytes);
        });
      },
    };
  };
  try {
    for (;;) {
      const next = await frames.next();
      if (next.done) {
        if (last !== undefined && answered === undefined && last.number < reach) {
          yield windowAt(0, Math.floor(last.number / stride) + 1);
        } else if (last !== undefined && answered !== undefined && answered < last.number && step <= T * stride) {
          yield windowAt(last.number - reach, T);
        }
        return next.value;
      }
      last = next.value;
      kept.put(last);
      const start = last.number - reach;
      if (start < 0 || start % step !== 0) continue;
      answered = last.number;
      yield windowAt(start, T);
    }
  } finally {
    await frames.return({ frames: 0 });
  }
}

/** The last `capacity` frames, by how many came before them. */
function ring(capacity: number, frameBytes: number) {
  const memory = new Uint8Array(capacity * frameBytes);
  const facts: Omit<StreamedFrame, 'data'>[] = [];
  let count = 0;
  const slotOf = (position: number): number => {
    if (position < count - capacity || position >= count) throw new RangeError(`frame ${position} is not kept`);
    return position % capacity;
  };
  return {
    put({ data, ...own }: StreamedFrame): void {
      const slot = count++ % capacity;
      memory.set(data, slot * frameBytes);
      facts[slot] = own;
    },
    frame: (position: number) => facts[slotOf(position)] as Omit<StreamedFrame, 'data'>,
    bytes(position: number): Uint8Array {
      const at = slotOf(position) * frameBytes;
      return memory.subarray(at, at + frameBytes);
    },
  };
}

type Shown = Omit<StreamedFrame, 'data'>;

function placeOf(first: Shown, final: Shown): WindowPlace {
  const place = { start: first.number, end: final.number };
  const { rate } = final;
  if (first.seconds !== undefined && final.seconds !== undefined) {
    return { ...place, startSeconds: first.seconds, endSeconds: final.seconds, timing: 'presentation' };
  }
  if (rate === undefined) return place;
  return { ...place, startSeconds: first.number / rate, endSeconds: final.number / rate, timing: 'rate' };
}
