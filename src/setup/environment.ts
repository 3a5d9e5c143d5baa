import os from 'node:os';
import path from 'node:path';

/** What the process was given from outside. The command line reads it once and hands it on. */
export interface Environment {
  /** Where set-up keeps what it downloads: `PETL_VIDEO_CACHE`, else the user's cache folder. */
  readonly cache: string;
  /** `FFMPEG_PATH` or `FFMPEG_BIN`. */
  readonly ffmpegPath: string | undefined;
  /** The system's search path, for finding `ffmpeg` and a C++ compiler. */
  readonly searchPath: string;
  /** The Python package index to take wheels from: `PIP_INDEX_URL`, else PyPI. */
  readonly packageIndex: string;
}

/** @param variables of the process */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const caches = variables.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache');
  return {
    cache: path.resolve(variables.PETL_VIDEO_CACHE ?? path.join(caches, 'petl-video')),
    ffmpegPath: variables.FFMPEG_PATH ?? variables.FFMPEG_BIN,
    searchPath: variables.PATH ?? '',
    packageIndex: variables.PIP_INDEX_URL ?? 'https://pypi.org/simple',
  };
}
