/** Clips out of a packed file: each frame that any of them wants is decoded once, as far as their windows reach. */
import { setImmediate } from 'node:timers/promises';
import { dataError } from '../../errors/index.ts';
import { makePlaneResizings, type PlaneTask, stripsOf } from '../pixels/plane-resizer.ts';
import type { Window } from '../window.ts';
import { loadJpegTurbo } from './jpeg-turbo.ts';
import { openPacked, type Strips } from './packed-file.ts';

/** Frames decoded in one call, which saves a tenth of each but the first; more would no longer lie in the cache. */
const AT_ONCE = 4;
/** Frames after which other work of the process gets its turn: some milliseconds. */
const TURN = 8 * AT_ONCE;

/** A clip as `ClipRequest` asks for it; frames resize bilinearly, whatever it says. */
export interface PackedClip extends PlaneTask {
  /** Frame numbers from 0, in any order, repeats allowed. */
  readonly frames: readonly number[];
}

interface Use {
  readonly clip: number;
  /** Byte in the output. */
  readonly at: number;
}

/** Bytes of the clips, one behind the other: uint8 [T, H, W, 3] each. */
export function clipBytes(clips: readonly PackedClip[]): number {
  return clips.reduce((sum, { frames, size }) => sum + frames.length * size.width * size.height * 3, 0);
}

/**
 * Fills `into` with the clips, one behind the other: uint8 [T, H, W, 3] each.
 *
 * @throws data error, naming the file, where it is missing, cut or damaged, holds fewer frames, or a window reaches
 *   over its edge; environment error where libjpeg-turbo is not there; the signal's reason on abort. `into` is then
 *   filled in part.
 */
export async function readPackedClips(
  file: string,
  clips: readonly PackedClip[],
  into: Uint8Array,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  if (into.length < clipBytes(clips)) throw new RangeError(`${into.length} bytes of room for ${clipBytes(clips)}`);
  const jpegTurbo = await loadJpegTurbo();
  signal?.throwIfAborted();
  const packed = openPacked(file);
  try {
    const { facts, layout } = packed;
    const whole = { x: 0, y: 0, width: facts.width, height: facts.height };
    const windows = clips.map(({ crop = whole }) => {
      checkWindow(crop, whole, file);
      return crop;
    });
    const uses = usesOf(clips);
    for (const frame of uses.keys()) checkFrame(frame, facts.frames, file);
    const ascending = [...uses].sort((a, b) => a[0] - b[0]);
    const makeThem = () => makePlaneResizings({ source: facts, ...layout }, clips, AT_ONCE);
    let resizings = makeThem();
    for (let done = 0; done < ascending.length; done += AT_ONCE) {
      if (done > 0 && done % TURN === 0) {
        await setImmediate();
        signal?.throwIfAborted();
        // Others may have used the kernels' memory meanwhile.
        resizings = makeThem();
      }
      const some = ascending.slice(done, done + AT_ONCE);
      const parts = some.map(([frame, wanted]) => {
        return { frame, strips: unionOf(wanted.map(({ clip }) => stripsOf(windows[clip] as Window))) };
      });
      packed.decode(jpegTurbo, parts, resizings.source);
      let before = 0;
      for (const [i, { strips }] of parts.entries()) {
        const [, wanted] = some[i] as (typeof some)[number];
        for (const { clip, at } of wanted) resizings.run(clip, strips.first - before, into.subarray(at));
        before += strips.count;
      }
    }
  } finally {
    packed.close();
  }
}

/** Frame → where it goes. */
function usesOf(clips: readonly PackedClip[]): Map<number, Use[]> {
  const uses = new Map<number, Use[]>();
  let at = 0;
  for (const [clip, { frames, size }] of clips.entries()) {
    for (const frame of frames) {
      const list = uses.get(frame);
      if (list === undefined) uses.set(frame, [{ clip, at }]);
      else list.push({ clip, at });
      at += size.width * size.height * 3;
    }
  }
  return uses;
}

function unionOf(all: readonly Strips[]): Strips {
  const first = Math.min(...all.map((strips) => strips.first));
  const end = Math.max(...all.map((strips) => strips.first + strips.count));
  return { first, count: end - first };
}

function checkWindow({ x, y, width, height }: Window, whole: Window, file: string): void {
  if (x >= 0 && y >= 0 && x + width <= whole.width && y + height <= whole.height) return;
  throw dataError(`the window ${width}x${height}+${x}+${y} lies outside ${whole.width}x${whole.height}`, { at: file });
}

function checkFrame(frame: number, frames: number, file: string): void {
  if (Number.isSafeInteger(frame) && frame >= 0 && frame < frames) return;
  throw dataError(`frame ${frame} was asked for; the packed video has ${frames}, counted from 0`, { at: file });
}
