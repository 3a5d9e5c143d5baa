/**
 * node-av, if the user installed it: libavcodec inside our own process. The only importer of it.
 *
 * It is no dependency of ours: what npm brings is a build of ffmpeg under the GPL, 200 MB of it. What it saves is the start
 * of ffmpeg for each video, and the pictures that nobody wants and no other picture refers to, which the command line can
 * only leave out for the whole video or not at all.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as Av from 'node-av/lib';
import { codeOf, environmentError, messageOf, type PetlVideoError } from '../../errors/index.ts';

/** What decodes videos: processes of ffmpeg, or the library inside the decoder hosts. */
export type DecoderName = 'ffmpeg' | 'node-av';

export interface Library {
  readonly av: typeof Av;
  readonly constants: typeof import('node-av/constants');
  /** The ffmpeg inside, as it calls itself. */
  readonly version: string;
  /** What it complained about since the last time, in the order it did. */
  complaints(): Promise<readonly string[]>;
}

/** The major version whose interface we know. */
const INSTALL = 'npm install node-av@6';

/** Where it is installed, and its version; undefined where it is not. Nothing of it is loaded. */
export async function findLibrary(): Promise<{ readonly folder: string; readonly version: string } | undefined> {
  const folder = libraryFolder();
  if (folder === undefined) return undefined;
  const { version } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
  return { folder, version };
}

function libraryFolder(): string | undefined {
  try {
    return fileURLToPath(new URL('../..', import.meta.resolve('node-av/lib')));
  } catch (error) {
    if (codeOf(error) === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** @throws environment error where a decoder is asked for that is not installed */
export function checkDecoder(decoder: DecoderName): void {
  if (decoder === 'node-av' && libraryFolder() === undefined) throw unusable('it is not installed');
}

function unusable(why: string, cause?: unknown): PetlVideoError {
  const remedy = `${INSTALL} (a build of ffmpeg under the GPL), or set data.decoder to ffmpeg`;
  return environmentError(`node-av cannot be used: ${why}`, { remedy, cause });
}

/** @throws environment error where it is not installed, or does not load */
export async function loadLibrary(): Promise<Library> {
  let av: typeof Av;
  let constants: Library['constants'];
  try {
    [av, constants] = await Promise.all([import('node-av/lib'), import('node-av/constants')]);
  } catch (error) {
    throw unusable(messageOf(error).split('\n', 1)[0] ?? '', error);
  }
  return { av, constants, version: av.getFFmpegInfo().version, complaints: listen(av, constants.AV_LOG_ERROR) };
}

/** Its messages come through the event loop, in order; one of our own behind them says that all have come. */
function listen(av: typeof Av, level: number): Library['complaints'] {
  let heard: string[] = [];
  let end: (() => void) | undefined;
  let count = 0;
  let sentinel: string | undefined;
  av.Log.setLevel(level);
  av.Log.setCallback(
    (own, message) => {
      if (sentinel !== undefined && message.includes(sentinel)) end?.();
      else if (own <= level) heard.push(message.trim());
    },
    { level, printPrefix: true, skipRepeated: false },
  );
  return async () => {
    await new Promise<void>((resolve) => {
      end = resolve;
      sentinel = `petl-video-${count++}`;
      av.Log.log(level, sentinel);
    });
    sentinel = undefined;
    const complaints = heard;
    heard = [];
    return complaints;
  };
}
