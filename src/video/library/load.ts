/**
 * node-av, if the user installed it: libavcodec inside our own process. The only importer of it.
 *
 * It is no dependency of ours: what npm brings is a build of ffmpeg under the GPL, 200 MB of it. What it saves is the start
 * of ffmpeg for each video, and the pictures that nobody wants and no other picture refers to, which the command line can
 * only leave out for the whole video or not at all.
 */
import type * as Av from 'node-av/lib';
import { environmentError, messageOf } from '../../errors/index.ts';

/** What decodes videos: processes of ffmpeg, or the library inside the decoder hosts. */
export const DECODERS = ['ffmpeg', 'node-av'] as const;
export type DecoderName = (typeof DECODERS)[number];

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

/** @throws environment error where it is not installed, or does not load */
export async function loadLibrary(): Promise<Library> {
  let av: typeof Av;
  let constants: Library['constants'];
  try {
    [av, constants] = await Promise.all([import('node-av/lib'), import('node-av/constants')]);
  } catch (error) {
    throw environmentError(`node-av cannot be used: ${messageOf(error).split('\n', 1)[0]}`, {
      remedy: `${INSTALL} (a build of ffmpeg under the GPL), or set data.decoder to ffmpeg`,
      cause: error,
    });
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
