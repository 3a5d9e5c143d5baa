/**
 * A video decoded once from its start, as squares for a model, one after the other: from a file or from a stream that may not
 * have ended yet. Memory is that of a few frames, for ffmpeg waits while nobody takes them.
 *
 * Pixels are those of a visit (see visit.ts): the picture is resized by the same filters, then the square is cut out. The size of
 * the picture is not known before it is decoded, so ffmpeg computes sizes and places by the formulas of `shortSideSize`.
 */
import type { Readable } from 'node:stream';
import { dataError } from '../errors/index.ts';
import type { Ffmpeg } from './ffmpeg.ts';
import { frameQueue } from './frame-queue.ts';
import { type FrameTime, frameTimes } from './frame-times.ts';
import { ANY_VIDEO, complaintOf, everyFrame, type Input, openInput, pipedInput } from './input.ts';
import { type FfmpegJob, type RunOptions, runFfmpeg } from './process.ts';
import { frameBytes, type Interpolation } from './visit.ts';

/** The square of `size` × `size` in the middle of the resized picture. */
export interface Square {
  readonly size: number;
  /** What the short side is resized to; or the whole picture to the square, whatever its shape. */
  readonly resize: number | 'squash';
  /** Where an odd number of pixels is left over: the smaller half in front, or the even one. */
  readonly middle: 'floor' | 'even';
}

export interface StreamRequest extends Square {
  /** A file, or what ffmpeg is to read: a container that needs no seeking (Matroska, MPEG-TS, fragmented MP4). */
  readonly source: string | Readable;
  /** Frames 0, E, 2E, … are given. */
  readonly every: number;
  /** Default bilinear. */
  readonly interpolation?: Interpolation | undefined;
}

export interface StreamedFrame extends FrameTime {
  /** Counted from 0 by decoding. */
  readonly number: number;
  /** uint8 [S, S, 3]; good until the next frame is asked for. */
  readonly data: Uint8Array;
}

export interface StreamEnd {
  /** Frames given. */
  readonly frames: number;
  /** What ffmpeg complained about, although frames came: parts are missing, or made up. */
  readonly complaint?: string;
}

/** Frames that wait at most. */
const ROOM = 8;

/**
 * Ends with ffmpeg; who stops earlier, by `return` or by the signal, ends it. No process is left behind.
 * @throws data error where no frame decodes, for an image, and where the stream given breaks off; environment error where
 *   ffmpeg cannot be started; the signal's reason on abort
 */
export async function* streamFrames(
  ffmpeg: Ffmpeg,
  request: StreamRequest,
  { signal }: Pick<RunOptions, 'signal'> = {},
): AsyncGenerator<StreamedFrame, StreamEnd> {
  const { source, size, every } = request;
  const stop = new AbortController();
  const stdin = typeof source === 'string' ? undefined : source;
  const input = typeof source === 'string' ? await openVideoFile(source) : pipedInput();
  const queue = frameQueue(frameBytes({ width: size, height: size }), ROOM);
  const times = frameTimes();
  let over:
    | { readonly stderr: string; readonly failure: string | undefined }
    | { readonly thrown: unknown }
    | undefined;
  const running = runFfmpeg(ffmpeg, streamJob(ffmpeg, input, request), queue.put, {
    signal: signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]),
    // When the next frame comes is for whoever feeds a stream to say.
    ...(stdin && { stdin, inactivityMs: Number.POSITIVE_INFINITY }),
    heard(text) {
      times.hear(text);
      queue.notify();
    },
  })
    .then(
      (finished) => {
        over = finished;
      },
      (thrown: unknown) => {
        over = { thrown };
      },
    )
    .finally(queue.notify);
  try {
    let frames = 0;
    for (; ; frames++) {
      // Bytes and words come through two pipes, in any order.
      while (over === undefined && (queue.arrived === frames || times.waiting === 0)) await queue.change();
      if (over !== undefined && 'thrown' in over) throw over.thrown;
      if (queue.arrived === frames) break;
      yield { number: frames * every, ...times.take(), data: queue.first() };
      queue.release();
    }
    const complaint = complaintOf(over?.stderr ?? '', input.source) ?? over?.failure;
    if (frames === 0) throw nothingDecodes(complaint, source);
    return { frames, ...(complaint !== undefined && { complaint }) };
  } finally {
    stop.abort();
    await running;
    stdin?.destroy();
  }
}

async function openVideoFile(file: string): Promise<Input> {
  const input = await openInput(file);
  if (!input.image) return input;
  throw dataError('this is an image: it has no frames to lay windows over', {
    at: file,
    remedy: 'classify images as a whole, without windows',
  });
}

function nothingDecodes(complaint: string | undefined, source: string | Readable) {
  const what = complaint ?? 'no frame decodes';
  if (typeof source === 'string') return dataError(what, { at: source });
  return dataError(`nothing of the stream decodes: ${what}`, {
    remedy:
      'send a container that is read from front to back: Matroska, MPEG-TS, or MP4 with its index in front (-movflags +faststart)',
  });
}

function streamJob(ffmpeg: Ffmpeg, input: Input, request: StreamRequest): FfmpegJob {
  const { every, interpolation = 'bilinear' } = request;
  const { width, height, x, y } = squareIn(request);
  return {
    inputs: [input],
    filters: [
      ...(every === 1 ? [] : [`select='not(mod(n,${every}))'`]),
      'showinfo=checksum=0',
      `scale=w='${width}':h='${height}':flags=${interpolation}`,
      'format=rgb24',
      `crop=w=${request.size}:h=${request.size}:x='${x}':y='${y}':exact=1`,
    ],
    outputOptions: ['-map', `0:${ANY_VIDEO}`, ...everyFrame(ffmpeg), '-flush_packets', '1'],
    format: 'rawvideo',
  };
}

/** In ffmpeg's expressions: the size that a picture is resized to, and where the square lies in that. */
function squareIn({ size, resize, middle }: Square) {
  if (resize === 'squash') return { width: String(size), height: String(size), x: '0', y: '0' };
  const half = (side: string): string => {
    const down = `floor((${side}-${size})/2)`;
    return middle === 'floor' ? down : `${down}+mod(${side}-${size},2)*mod(${down},2)`;
  };
  return {
    width: `if(lt(iw,ih),${resize},floor(${resize}*iw/ih))`,
    height: `if(lt(iw,ih),floor(${resize}*ih/iw),${resize})`,
    x: half('iw'),
    y: half('ih'),
  };
}
