/** A bounded number of ffmpeg processes, shared by everything that decodes, and their common end. */
import pLimit from 'p-limit';
import { Interrupted } from '../errors/index.ts';
import { type Decoded, type DecodeRequest, decodeAtShortSide, decodeFrames, type ShortSideRequest } from './decode.ts';
import type { Ffmpeg } from './ffmpeg.ts';
import { probeVideo, type VideoFacts } from './probe.ts';
import type { RunOptions } from './process.ts';

export interface DecodersOptions extends RunOptions {
  /** Processes at once. Each decodes on one thread, so the number of cores to spend. */
  readonly concurrency: number;
}

export interface Decoders {
  decode(request: DecodeRequest): Promise<Decoded>;
  decodeAtShortSide(request: ShortSideRequest): Promise<Decoded>;
  probe(file: string): Promise<VideoFacts>;
  /** Rejects what waits, kills what runs and returns when every process is gone. */
  close(): Promise<void>;
}

/**
 * When `signal` aborts, requests that wait and requests that run reject with its reason; after `close`, with
 * `Interrupted`.
 */
export function createDecoders(ffmpeg: Ffmpeg, { concurrency, signal, inactivityMs }: DecodersOptions): Decoders {
  // Without rejectOnClear, promises of cleared work would stay pending for ever.
  const limit = pLimit({ concurrency, rejectOnClear: true });
  const closing = new AbortController();
  const stop = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;
  const options: RunOptions = { signal: stop, inactivityMs };
  const running = new Set<Promise<unknown>>();
  stop.addEventListener('abort', () => limit.clearQueue(), { once: true });

  async function bounded<T>(work: () => Promise<T>): Promise<T> {
    stop.throwIfAborted();
    const result = limit(work);
    running.add(result);
    try {
      return await result;
    } catch (thrown) {
      throw stop.aborted ? stop.reason : thrown;
    } finally {
      running.delete(result);
    }
  }
  return {
    decode: (request) => bounded(() => decodeFrames(ffmpeg, request, options)),
    decodeAtShortSide: (request) => bounded(() => decodeAtShortSide(ffmpeg, request, options)),
    probe: (file) => bounded(() => probeVideo(ffmpeg, file, options)),
    async close() {
      closing.abort(new Interrupted('the decoders were closed'));
      await Promise.allSettled(running);
    },
  };
}
