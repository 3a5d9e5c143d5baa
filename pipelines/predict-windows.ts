/** `petl-video predict --window`: what a run says of a long video or a live stream, window by window, as it comes. */
import type { Readable } from 'node:stream';
import { parseWindow } from '../src/data/window-clips.ts';
import { dataError, isDataError, usageError } from '../src/errors/index.ts';
import { type OpenRun, openRuns } from '../src/inference/open-runs.ts';
import { type Segment, segments } from '../src/inference/segments.ts';
import { type WindowAnswer, type WindowsOptions, windowShape, windows } from '../src/inference/windows.ts';
import { findFfmpeg } from '../src/video/ffmpeg.ts';
import type { StreamEnd } from '../src/video/stream.ts';
import type { Context, Option, Options } from './command.ts';
import { ffmpegPlaces } from './environment.ts';

export const WINDOW_OPTIONS: readonly Option[] = [
  {
    flags: '--window <TxS>',
    description:
      'classify windows of T frames, every S-th of the video, in one pass, each as soon as it is known (with --json a line of JSON each); recipe: T and S of the run. The file - is standard input',
  },
  { flags: '--stride <frames>', description: 'frames of the video from one window to the next (default: T × S)' },
  { flags: '--segments', description: 'windows that follow each other with the same best class, as one line' },
];

/** Of the options of `predict`, those that are about windows need `--window`, as standard input does; some exclude it. */
export function asksForWindows(options: Options, files: readonly string[]): boolean {
  if (options.window === undefined) {
    const option = ['stride', 'segments'].find((name) => options[name] !== undefined);
    const what = option === undefined ? '- (standard input)' : `--${option}`;
    if (option === undefined && !files.includes('-')) return false;
    throw usageError(`${what} is about windows`, { remedy: 'add --window 16x4, or --window recipe' });
  }
  const excluded = ['also', 'views'].find((name) => options[name] !== undefined);
  if (excluded === undefined) return true;
  throw usageError(`--window and --${excluded} exclude each other`, {
    remedy:
      excluded === 'also' ? 'ask one run after the other' : 'a window has one view: its frames, cut in the middle',
  });
}

export async function predictWindows(
  folder: string,
  files: readonly string[],
  options: Options,
  context: Context,
): Promise<void> {
  const { environment, reporter, signal, live } = context;
  if (live === undefined) throw new TypeError('windows are told one by one, and there is nobody to tell them to');
  const asked = askedFor(options);
  if (files.filter((file) => file === '-').length > 1) throw usageError('- is standard input, which is read once');
  const input = files.includes('-') ? live.input() : undefined;
  const opened = await openRuns([folder], options.weights as string, options, environment);
  try {
    const run = opened.runs[0] as OpenRun;
    windowShape(run, asked);
    const ffmpeg = await findFfmpeg(ffmpegPlaces(environment, signal));
    const own = { ...run, classes: run.metadata.classes, ffmpeg, inTurn: <T>(work: () => Promise<T>) => work() };
    const failed: string[] = [];
    for (const file of files) {
      const source = file === '-' ? (input as Readable) : file;
      const ask = (onEnd: (end: StreamEnd) => void) => windows(own, source, { ...asked, signal, onEnd });
      try {
        const name = files.length > 1 ? `${file}  ` : '';
        const tell = ({ text, json }: Line) => live.line(`${name}${text}`, { file, ...json });
        const end = await tellOf(ask, options.segments === true, tell);
        if (end === 'unread') break;
        if (end?.complaint !== undefined) {
          reporter.warn(`${file} is damaged or cut off; answered is what decodes: ${end.complaint}`);
        }
      } catch (thrown) {
        if (!isDataError(thrown)) throw thrown;
        failed.push(file);
        live.line(`${file} not read: ${thrown.what}`, { file, failure: thrown.what });
        if (files.length === 1) throw thrown;
      }
    }
    if (failed.length > 0) {
      throw dataError(`${failed.length} of ${files.length} files could not be read`, {
        at: failed.join(', '),
        remedy: 'the reason stands beside each of them above',
      });
    }
  } finally {
    input?.destroy();
    opened.dispose();
  }
}

function askedFor(options: Options): Pick<WindowsOptions, 'window' | 'step' | 'top'> {
  const count = (name: string): number => {
    const given = Number(options[name]);
    if (Number.isSafeInteger(given) && given > 0) return given;
    throw usageError(`--${name} ${options[name]}: give a number of ${name === 'top' ? 'classes' : 'frames'}`);
  };
  return {
    window: options.window === 'recipe' ? undefined : parseWindow(options.window as string),
    step: options.stride === undefined ? undefined : count('stride'),
    top: count('top'),
  };
}

/** @returns how the video ended, or that nobody reads what is told any more */
async function tellOf(
  ask: (onEnd: (end: StreamEnd) => void) => AsyncIterable<WindowAnswer>,
  inSegments: boolean,
  tell: (line: Line) => boolean,
): Promise<StreamEnd | 'unread' | undefined> {
  let end: StreamEnd | undefined;
  const answers = ask((known) => {
    end = known;
  });
  for await (const line of inSegments ? segmentLines(answers) : windowLines(answers)) {
    if (!tell(line)) return 'unread';
  }
  return end;
}

interface Line {
  readonly text: string;
  readonly json: object;
}

async function* windowLines(answers: AsyncIterable<WindowAnswer>): AsyncGenerator<Line> {
  for await (const answer of answers) {
    const [best] = answer.top as [WindowAnswer['top'][number]];
    yield { text: `${spanText(answer)}  ${shareText(best.probability)}  ${best.class}`, json: answer };
  }
}

async function* segmentLines(answers: AsyncIterable<WindowAnswer>): AsyncGenerator<Line> {
  for await (const segment of segments(answers)) {
    const counted = `${segment.windows} window${segment.windows === 1 ? '' : 's'}`;
    const text = `${spanText(segment)}  ${shareText(segment.probability)}  ${segment.class}  (${counted})`;
    yield { text, json: segment };
  }
}

const shareText = (share: number): string => `${(100 * share).toFixed(1).padStart(5)} %`;

/** `00:12.4–00:14.9`, or frame numbers where nothing tells the time. */
function spanText({ start, end, startSeconds, endSeconds }: WindowAnswer | Segment): string {
  if (startSeconds === undefined || endSeconds === undefined) return `frames ${start}–${end}`;
  return `${clockText(startSeconds)}–${clockText(endSeconds)}`;
}

/** `00:12.4`, from an hour on `1:02:12.4`. */
function clockText(seconds: number): string {
  const tenths = Math.round(Math.abs(seconds) * 10);
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(tenths / 36_000);
  const minutes = two(Math.floor(tenths / 600) % 60);
  const rest = `${minutes}:${two(Math.floor(tenths / 10) % 60)}.${tenths % 10}`;
  return `${seconds < 0 && tenths > 0 ? '-' : ''}${hours > 0 ? `${hours}:` : ''}${rest}`;
}
