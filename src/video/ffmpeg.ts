/**
 * Finds an ffmpeg that runs. Order: the configured one, FFMPEG_PATH, the package ffmpeg-static, the static binary that
 * set-up took from imageio-ffmpeg, the search path. Static ones come before the system's because start-up counts: a
 * clip of a short video is decoded in 31 ms by a static ffmpeg and in 86 ms by Debian's, which spends 54 ms of them
 * on linking 215 shared libraries.
 */
import path from 'node:path';
import { codeOf, environmentError } from '../errors/index.ts';
import { findOnPath, isExecutable, runProgram } from '../setup/executables.ts';
import { cachedFfmpeg } from '../setup/ffmpeg-binary.ts';

export type FfmpegSource = 'configuration' | 'FFMPEG_PATH' | 'ffmpeg-static' | 'imageio-ffmpeg' | 'PATH';

export interface Ffmpeg {
  readonly path: string;
  /** As it calls itself, e.g. `7.0.2-static`. */
  readonly version: string;
  /** Major and minor. For builds between releases the release their libavcodec belongs to, minor 0. */
  readonly versionNumber: readonly [major: number, minor: number];
  readonly source: FfmpegSource;
  /** Wall milliseconds of one `ffmpeg -version`. */
  readonly startupMs: number;
}

export interface FfmpegPlaces {
  /** From a recipe or an option. A bare name is looked for on the search path. */
  readonly configured?: string | undefined;
  /** Value of `FFMPEG_PATH` or `FFMPEG_BIN`. */
  readonly environmentPath?: string | undefined;
  /** Set-up's cache folder. */
  readonly cache: string;
  readonly searchPath: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The first ffmpeg that exists and answers `-version`.
 *
 * @throws environment error when none does, or when one that was named explicitly does not: it is not passed over
 */
export async function findFfmpeg(places: FfmpegPlaces): Promise<Ffmpeg> {
  const { configured, environmentPath, cache, searchPath, signal } = places;
  const named = [
    ['configuration', configured],
    ['FFMPEG_PATH', environmentPath],
  ] as const;
  for (const [source, file] of named) {
    if (file === undefined || file === '') continue;
    const located = path.basename(file) === file ? await findOnPath(file, searchPath) : path.resolve(file);
    const found = located === undefined ? 'it is not on the search path' : await tryFfmpeg(located, source, signal);
    if (typeof found !== 'string') return found;
    const by = source === 'configuration' ? 'the configuration' : 'FFMPEG_PATH (or FFMPEG_BIN)';
    throw environmentError(`the ffmpeg named by ${by} does not work: ${found}`, {
      at: file,
      remedy: 'name one that works, or none: petl-video setup then provides one',
    });
  }
  const failures: string[] = [];
  const others = [
    ['ffmpeg-static', ffmpegStaticPath],
    ['imageio-ffmpeg', async () => cachedFfmpeg(cache)],
    ['PATH', () => findOnPath('ffmpeg', searchPath)],
  ] as const;
  for (const [source, locate] of others) {
    const file = await locate();
    const found = file === undefined ? 'not there' : await tryFfmpeg(file, source, signal);
    if (typeof found !== 'string') return found;
    failures.push(`${source}: ${found}`);
  }
  throw environmentError(
    `no ffmpeg was found\n  configuration: none named\n  FFMPEG_PATH: not set\n${failures.map((line) => `  ${line}`).join('\n')}`,
    { remedy: 'petl-video setup, or apt-get install ffmpeg, or set FFMPEG_PATH' },
  );
}

/** Names of the decoders that this ffmpeg has, such as `h264` and `libdav1d`. */
export async function listDecoders(ffmpeg: Ffmpeg, signal?: AbortSignal): Promise<ReadonlySet<string>> {
  const { stdout } = await runProgram(ffmpeg.path, ['-hide_banner', '-decoders'], { signal });
  return new Set([...stdout.matchAll(/^ [VAS][F.][S.][X.][B.][D.] (?!= )(\S+)/gm)].map((match) => match[1] ?? ''));
}

async function tryFfmpeg(
  file: string,
  source: FfmpegSource,
  signal: AbortSignal | undefined,
): Promise<Ffmpeg | string> {
  if (!(await isExecutable(file))) return 'not there, or not an executable file';
  const { code, stdout, stderr, ms } = await runProgram(file, ['-version'], { signal });
  const version = /^ffmpeg version (\S+)/.exec(stdout)?.[1];
  if (code !== 0 || version === undefined) {
    const said = stderr.trim().split('\n')[0] ?? '';
    return `it does not answer -version${said === '' ? '' : ` (${said})`}`;
  }
  return { path: file, version, versionNumber: numberOf(version, stdout), source, startupMs: ms };
}

/** `7.0.2-static` and `n7.1` say it themselves; `N-113024-g…` is dated by libavcodec, 54 ahead of ffmpeg since 4. */
function numberOf(version: string, banner: string): readonly [number, number] {
  const release = /^n?(\d+)\.(\d+)/.exec(version);
  if (release !== null) return [Number(release[1]), Number(release[2])];
  const codec = /^libavcodec\s+(\d+)\./m.exec(banner);
  return codec === null ? [0, 0] : [Number(codec[1]) - 54, 0];
}

/**
 * Where the package ffmpeg-static keeps its binary. The package may be missing (it is optional), know no binary for
 * this platform (null), or lack the file itself because its install script did not run; all of that is normal.
 */
async function ffmpegStaticPath(): Promise<string | undefined> {
  try {
    const { default: file } = (await import('ffmpeg-static')) as unknown as { default: string | null };
    return file ?? undefined;
  } catch (error) {
    if (codeOf(error) === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
