/** The part of `petl-video prepare` that makes copies of the videos: `--jpeg` and `--gop`. */
import type { CopiesEstimate, CopiesWanted } from '../src/data/copies.ts';
import { bytesText } from '../src/data/disk-space.ts';
import type { DatasetCopies } from '../src/data/manifest.ts';
import { usageError } from '../src/errors/index.ts';
import type { CopyKind } from '../src/video/copies/copy.ts';
import { openPackThreads } from '../src/video/copies/pack-threads.ts';
import { transcodeVideo } from '../src/video/copies/transcode.ts';
import type { Ffmpeg } from '../src/video/ffmpeg.ts';
import { loadJpegTurbo } from '../src/video/packed/jpeg-turbo.ts';
import type { Context, Option, Options, Progress } from './command.ts';

const DEFAULTS = { shortSide: 256, quality: 75, crf: 20 };

export const COPY_OPTIONS: readonly Option[] = [
  {
    flags: '--jpeg',
    description: 'copy the videos to packed JPEG frames, the fastest to read, and train on the copies',
  },
  {
    flags: '--gop <n>',
    description: 'copy the videos to h264 with a key frame every n frames, and train on the copies',
  },
  {
    flags: '--short-side <pixels>',
    description: `copies: shrink larger pictures to this (default ${DEFAULTS.shortSide})`,
  },
  { flags: '--quality <q>', description: `--jpeg: 1 to 100 (default ${DEFAULTS.quality})` },
  { flags: '--crf <n>', description: `--gop: 0 (best) to 51 (default ${DEFAULTS.crf})` },
];

/** Undefined where no copies are asked for. @throws usage error for options that do not go together */
export function copyKindOf(options: Options): CopyKind | undefined {
  const jpeg = options.jpeg === true;
  const gop = numberOf(options, 'gop', '--gop', 1, 1000);
  const shortSide = numberOf(options, 'shortSide', '--short-side', 16, 4096);
  const quality = numberOf(options, 'quality', '--quality', 1, 100);
  const crf = numberOf(options, 'crf', '--crf', 0, 51);
  if (jpeg && gop !== undefined) throw usageError('--jpeg and --gop both', { remedy: 'give one of them' });
  const refuse = (flag: string, needs: string): never => {
    throw usageError(`${flag} without ${needs}`, { remedy: `give ${needs} too, or leave ${flag} out` });
  };
  if (!jpeg && gop === undefined && shortSide !== undefined) refuse('--short-side', '--jpeg or --gop');
  if (!jpeg && quality !== undefined) refuse('--quality', '--jpeg');
  if (gop === undefined && crf !== undefined) refuse('--crf', '--gop');
  const side = { shortSide: shortSide ?? DEFAULTS.shortSide };
  if (jpeg) return { kind: 'jpeg', ...side, quality: quality ?? DEFAULTS.quality };
  return gop === undefined ? undefined : { kind: 'gop', ...side, gop, crf: crf ?? DEFAULTS.crf };
}

function numberOf(options: Options, key: string, flag: string, least: number, most: number): number | undefined {
  const value = options[key];
  if (typeof value !== 'string') return undefined;
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= least && number <= most) return number;
  throw usageError(`${flag} is ${value}`, { remedy: `give a whole number from ${least} to ${most}` });
}

/** What makes the copies, and its end. @throws environment error where libjpeg-turbo is wanted and missing */
export async function openCopier(
  kind: CopyKind,
  ffmpeg: Ffmpeg,
  jobs: number,
  { reporter }: Context,
): Promise<{ readonly wanted: CopiesWanted; close(): Promise<void> }> {
  if (kind.kind === 'jpeg') await loadJpegTurbo();
  const threads = openPackThreads(ffmpeg);
  let bar: Progress | undefined;
  const wanted: CopiesWanted = {
    kind,
    jobs,
    maker: ffmpeg.version,
    copy: (task, signal) =>
      kind.kind === 'jpeg' ? threads.pack(task, signal) : transcodeVideo(ffmpeg, task, { signal }),
    onEstimate: (estimate) => reporter.note(describeEstimate(estimate)),
    onProgress(done, total) {
      bar ??= reporter.progress('copying', total);
      bar.update(done);
      if (done === total) bar.end();
    },
  };
  return {
    wanted,
    async close() {
      bar?.end();
      await threads.close();
    },
  };
}

function describeEstimate({ trial, videos, bytes, originalBytes, freeBytes }: CopiesEstimate): string {
  const times = (bytes / originalBytes).toFixed(1);
  return `${videos} videos to be copied will take about ${bytesText(bytes)}, ${times} x the originals (by ${trial} of them); ${bytesText(freeBytes)} are free`;
}

export function describeCopies({ videos, bytes, originalBytes, leastLikeness, originals }: DatasetCopies): string {
  const times = (bytes / originalBytes).toFixed(1);
  return `${videos} copies   ${bytesText(bytes)}, ${times} x the originals below ${originals}; compared frames reach ${leastLikeness} dB and more`;
}
