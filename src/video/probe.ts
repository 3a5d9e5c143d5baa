/**
 * Reads a video once from end to end and says what it holds: the frames that really decode (what `decodeFrames` will
 * deliver, not what the container claims), their size as displayed, the mean frame rate, and whether it is sound.
 */
import { PetlVideoError } from '../errors/index.ts';
import type { Ffmpeg } from './ffmpeg.ts';
import { complaintOf, everyFrame, openInput, SAME_SIZE } from './input.ts';
import { type RunOptions, runFfmpeg } from './process.ts';

export interface VideoFacts {
  /** Frames that decode; 1 for an image, 0 where unreadable. */
  readonly frames: number;
  /** Pixels as displayed, after rotation; 0 where unreadable. */
  readonly width: number;
  readonly height: number;
  /** Mean frames per second; 0 for an image and where nothing tells it. */
  readonly fps: number;
  /** `damaged`: frames decode, but ffmpeg complained on the way. */
  readonly verdict: 'ok' | 'damaged' | 'unreadable';
  /** Why the verdict is not `ok`: ffmpeg's words, or ours. */
  readonly reason?: string;
}

/**
 * @throws environment error where ffmpeg cannot be started, the signal's reason on abort; whatever is wrong with the file
 *   itself is a verdict.
 */
export async function probeVideo(ffmpeg: Ffmpeg, file: string, options: RunOptions = {}): Promise<VideoFacts> {
  try {
    const input = await openInput(file);
    const text = new TextDecoder();
    let table = '';
    const { failure, stderr } = await runFfmpeg(
      ffmpeg,
      {
        ...input,
        filters: [SAME_SIZE],
        outputOptions: [...everyFrame(ffmpeg), ...(input.image ? ['-frames:v', '1'] : []), '-c:v', 'rawvideo'],
        format: 'framecrc',
      },
      (chunk) => {
        table += text.decode(chunk, { stream: true });
      },
      options,
    );
    const complaint = complaintOf(stderr, input.source) ?? failure;
    const { frames, width, height, fps } = factsOf(table);
    if (frames === 0) return unreadable(complaint ?? 'no frame decodes');
    const facts = { frames, width, height, fps: input.image ? 0 : fps };
    return complaint === undefined ? { ...facts, verdict: 'ok' } : { ...facts, verdict: 'damaged', reason: complaint };
  } catch (thrown) {
    if (thrown instanceof PetlVideoError && thrown.kind === 'data') return unreadable(firstLineOf(thrown.message));
    throw thrown;
  }
}

/** Without the place and the remedy, which the report of all files has no use for. */
const firstLineOf = (message: string): string => message.split('\n', 1)[0] ?? '';

function unreadable(reason: string): VideoFacts {
  return { frames: 0, width: 0, height: 0, fps: 0, verdict: 'unreadable', reason };
}

/**
 * Reads ffmpeg's framecrc table: `#tb 0: 1/12800` and `#dimensions 0: 340x256`, then for each frame a line of stream,
 * dts, pts, duration (in time base units), bytes, checksum.
 */
function factsOf(table: string): Pick<VideoFacts, 'frames' | 'width' | 'height' | 'fps'> {
  const [, numerator = 0, denominator = 1] = table.match(/^#tb 0: (\d+)\/(\d+)/m)?.map(Number) ?? [];
  const [, width = 0, height = 0] = table.match(/^#dimensions 0: (\d+)x(\d+)/m)?.map(Number) ?? [];
  let frames = 0;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  let lastDuration = 0;
  for (const line of table.split('\n')) {
    const [stream, , pts, duration] = line.split(',').map(Number);
    if (stream !== 0 || pts === undefined || duration === undefined) continue;
    frames++;
    // Frames without a time stamp carry -2^63.
    if (pts > -(2 ** 62)) first = Math.min(first, pts);
    if (pts >= last) {
      last = pts;
      lastDuration = duration;
    }
  }
  const ticks = (frames > 1 ? last - first : lastDuration) * numerator;
  return { frames, width, height, fps: ticks > 0 ? (Math.max(frames - 1, 1) * denominator) / ticks : 0 };
}
