/**
 * Reads an image once and decodes it whole: a header proves nothing, and a picture of 256 pixels takes a third of a
 * millisecond, so that 60,000 of them are read in half a minute. Threads do it, which are kept for the next image.
 */
import { isDataError } from '../../errors/index.ts';
import type { VideoFacts } from '../facts.ts';
import { openThreads, type Threads } from '../threads.ts';

export interface ImageFacts extends VideoFacts {
  /** 0 where unreadable. */
  readonly frames: 0 | 1;
  readonly fps: 0;
}

let threads: Threads<string, ImageFacts | undefined> | undefined;

/**
 * What a file holds that is an image and that the libraries here read; undefined for all others, which `probeVideo` knows.
 * @throws data error where the file is missing, empty or cannot be read; the signal's reason on abort
 */
export async function imageFacts(file: string, signal?: AbortSignal): Promise<ImageFacts | undefined> {
  threads ??= openThreads(new URL('./probe-thread.js', import.meta.url), 'reads images', { mayEnd: true });
  return threads.run(file, signal ?? NEVER);
}

const NEVER = new AbortController().signal;

/** The same without ffmpeg behind it: what no library reads is unreadable. */
export async function probeImage(file: string, signal?: AbortSignal): Promise<ImageFacts> {
  try {
    return (await imageFacts(file, signal)) ?? unreadable('no image that can be read here');
  } catch (thrown) {
    if (isDataError(thrown)) return unreadable(thrown.what);
    throw thrown;
  }
}

function unreadable(reason: string): ImageFacts {
  return { frames: 0, width: 0, height: 0, fps: 0, verdict: 'unreadable', reason };
}
