/** `petl-video predict`: what a run says of single videos and images. */
import os from 'node:os';
import pLimit from 'p-limit';
import type { Views } from '../src/data/loader.ts';
import type { Entry } from '../src/data/manifest.ts';
import { prefetch } from '../src/data/prefetch.ts';
import { parseViews } from '../src/data/views.ts';
import { dataError, usageError } from '../src/errors/index.ts';
import { type ClassScore, lookAt, probabilitiesOf, scoresOf } from '../src/inference/classify.ts';
import { entryOf } from '../src/inference/entry-of.ts';
import { type OpenRun, openRuns } from '../src/inference/open-runs.ts';
import { openFileLoader } from '../src/inference/run.ts';
import { type Ffmpeg, findFfmpeg } from '../src/video/ffmpeg.ts';
import type { Command } from './command.ts';
import { engineFlags } from './engine-choice.ts';
import { ffmpegPlaces } from './environment.ts';
import { asksForWindows, predictWindows, WINDOW_OPTIONS } from './predict-windows.ts';
import { formatTable } from './table.ts';

/** Files decoded ahead. */
const AHEAD = 4;

interface Answer {
  readonly file: string;
  /** Folder of the run, where several were asked. */
  readonly run?: string;
  readonly failure?: string;
  readonly top?: readonly ClassScore[];
}

export const predict: Command = {
  name: 'predict',
  summary: 'Classify videos and images with a run',
  arguments: [
    { name: '<run>', description: 'folder of the run' },
    { name: '<files...>', description: 'videos and images; with --window also - for standard input' },
  ],
  options: [
    { flags: '--also <runs>', description: 'further runs, separated by commas; those over one backbone load it once' },
    { flags: '--top <n>', description: 'classes shown for each file; of windows with --json', default: '5' },
    { flags: '--views <KxC>', description: 'segments × crops, as 4x3 (default: eval of the recipe)' },
    { flags: '--weights <which>', description: 'last, or best on the validation split', default: 'last' },
    ...WINDOW_OPTIONS,
    ...engineFlags('engine of the recipe'),
  ],
  examples: [
    'petl-video predict runs/hmdb51-adaptformer-vit-b swing.mp4 jump.avi',
    'petl-video predict runs/mine *.mp4 --json',
    'petl-video predict runs/actions --also runs/scenes,runs/objects clip.mp4',
    'petl-video predict runs/mine film.mkv --window 16x4 --stride 8 --segments',
    'ffmpeg -i rtsp://… -c copy -f matroska - | petl-video predict runs/mine - --window recipe --json',
  ],
  async run([run, given], options, context) {
    const { environment, reporter, signal } = context;
    const files = given as readonly string[];
    if (asksForWindows(options, files)) return predictWindows(run as string, files, options, context);
    const top = Number(options.top);
    if (!Number.isInteger(top) || top < 1) throw usageError(`--top ${options.top}: give a number of classes`);
    const views = options.views === undefined ? undefined : parseViews(options.views as string);
    const others = String(options.also ?? '')
      .split(',')
      .filter((folder) => folder !== '');
    const folders = [run as string, ...others];
    const loaded = await openRuns(folders, options.weights as string, options, environment);
    try {
      const ffmpeg = await findFfmpeg(ffmpegPlaces(environment, signal));
      const entries = await probeFiles(files, ffmpeg, signal);
      const answers: Answer[] = [];
      for (const one of loaded.runs) {
        const answered = await answersOf(one, entries, { ffmpeg, views, top, signal });
        answers.push(...answered.map((answer) => (folders.length === 1 ? answer : { ...answer, run: one.folder })));
      }
      reporter.result(answersText(answers), answers);
      const failed = new Set(answers.flatMap(({ file, failure }) => (failure === undefined ? [] : [file])));
      if (failed.size > 0) {
        throw dataError(`${failed.size} of ${entries.length} files could not be read`, {
          at: [...failed].join(', '),
          remedy: 'the reason stands beside each of them above',
        });
      }
    } finally {
      loaded.dispose();
    }
  },
};

async function probeFiles(files: readonly string[], ffmpeg: Ffmpeg, signal: AbortSignal): Promise<Entry[]> {
  const limit = pLimit(os.availableParallelism());
  return Promise.all(files.map((file) => limit(() => entryOf(ffmpeg, file, signal))));
}

interface Asked {
  readonly ffmpeg: Ffmpeg;
  /** The recipe's where absent. */
  readonly views: Views | undefined;
  readonly top: number;
  readonly signal: AbortSignal;
}

/** What a run says of the files, in their order. */
async function answersOf(
  opened: OpenRun,
  entries: readonly Entry[],
  { ffmpeg, views, top, signal }: Asked,
): Promise<Answer[]> {
  const { recipe, metadata } = opened;
  const loader = openFileLoader(recipe, ffmpeg);
  const run = { ...opened, classes: metadata.classes, loader, inTurn: pLimit(1) };
  const answerOf = async (entry: Entry): Promise<Answer> => {
    const looked = await lookAt(run, entry, { ...(views === undefined ? {} : { views }), signal });
    if ('failure' in looked) return { file: entry.id, failure: looked.failure };
    return { file: entry.id, top: scoresOf(run, probabilitiesOf(run, looked.rows), top) };
  };
  try {
    const answers: Answer[] = [];
    for await (const answer of prefetch(entries, AHEAD, answerOf, signal)) answers.push(answer);
    return answers;
  } finally {
    await loader.close();
  }
}

function answersText(answers: readonly Answer[]): string {
  const several = answers.some(({ run }) => run !== undefined);
  const rows = answers.flatMap(({ run, file, failure, top }) => {
    const first = several ? [run ?? '', file] : [file];
    const blank = first.map(() => '');
    return failure === undefined
      ? (top ?? []).map((best, i) => [
          ...(i === 0 ? first : blank),
          `${(100 * best.probability).toFixed(1)} %`,
          best.class,
        ])
      : [[...first, '', `not read: ${failure}`]];
  });
  return formatTable([...(several ? ['run'] : []), 'file', 'probability', 'class'], rows);
}
