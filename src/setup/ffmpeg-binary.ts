/** The static ffmpeg inside the imageio-ffmpeg wheel, taken into the cache. */
import { chmod } from 'node:fs/promises';
import path from 'node:path';
import { environmentError } from '../errors/index.ts';
import { isPublished, publish } from './cache.ts';
import { type Source, withWheel } from './fetch-wheel.ts';
import { IMAGEIO_FFMPEG, IMAGEIO_FFMPEG_VERSION, thisPlatform } from './wheels.ts';

/** Where it is, once it was taken. */
export function cachedFfmpeg(cache: string): string {
  return path.join(ffmpegFolder(cache), process.platform === 'win32' ? 'ffmpeg.exe' : 'ffmpeg');
}

function ffmpegFolder(cache: string): string {
  return path.join(cache, 'ffmpeg', `imageio-${IMAGEIO_FFMPEG_VERSION}-${thisPlatform}`);
}

export function isFfmpegReady(cache: string): Promise<boolean> {
  return isPublished(ffmpegFolder(cache));
}

/** Makes it exist, downloading where it does not, and resolves with its path. */
export async function provideFfmpeg(source: Source): Promise<string> {
  const file = cachedFfmpeg(source.cache);
  if (await isFfmpegReady(source.cache)) return file;
  const wheel = IMAGEIO_FFMPEG[thisPlatform];
  if (wheel === undefined) {
    throw environmentError(`there is no ffmpeg for ${thisPlatform} that set-up could take`, {
      remedy: 'install ffmpeg (apt-get install ffmpeg) or name one with FFMPEG_PATH',
    });
  }
  await withWheel(wheel, source, (zip) =>
    publish(source.cache, ffmpegFolder(source.cache), async (staging) => {
      const name = [...zip.entries.keys()].find((entry) => /\/binaries\/ffmpeg-[^/]+$/.test(entry));
      if (name === undefined) throw environmentError('the wheel holds no ffmpeg', { at: wheel.name });
      const target = path.join(staging, path.basename(file));
      await zip.extract(name, target, { signal: source.signal });
      await chmod(target, 0o755);
    }),
  );
  return file;
}
