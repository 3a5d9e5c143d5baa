import type { FfmpegPlaces } from '../src/video/ffmpeg.ts';
import type { Environment } from './command.ts';

/** Where to look for ffmpeg. */
export function ffmpegPlaces({ ffmpegPath, cache, searchPath }: Environment, signal?: AbortSignal): FfmpegPlaces {
  return { environmentPath: ffmpegPath, cache, searchPath, signal };
}
