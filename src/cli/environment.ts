import os from 'node:os';
import path from 'node:path';
import type { Environment } from '../../pipelines/command.ts';

/** What the process was given from outside; the one reader of the environment's variables. */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const caches = variables.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache');
  return {
    cache: path.resolve(variables.PETL_VIDEO_CACHE ?? path.join(caches, 'petl-video')),
    ffmpegPath: variables.FFMPEG_PATH ?? variables.FFMPEG_BIN,
    searchPath: variables.PATH ?? '',
    packageIndex: variables.PIP_INDEX_URL ?? 'https://pypi.org/simple',
  };
}
