/** `petl-video report`: what runs came to, as one page. */
import path from 'node:path';
import { usageError } from '../src/errors/index.ts';
import { writeFileAtomic } from '../src/formats/write-file.ts';
import { chooseVideos, idsOf } from '../src/pages/report/choose-videos.ts';
import type { RunReport } from '../src/pages/report/data.ts';
import { reportPage } from '../src/pages/report/report-page.ts';
import { compareRuns, findRuns, type RunResults, readResults, runNames, sharedFolder } from '../src/results/index.ts';
import type { Command, Context } from './command.ts';
import { clipPictures, firstBatchPicture } from './report-pictures.ts';
import { version } from './version.ts';

const REPORT_FILE = 'report.html';
/** Videos of each kind, and the side of their frames, for one run and for several. */
const ALONE = { videos: 8, side: 192 };
const BESIDE = { videos: 4, side: 112 };

export const report: Command = {
  name: 'report',
  summary: 'Make a page of runs that opens anywhere: curves, classes, confusions, videos, parameters, and a comparison',
  arguments: [{ name: '<runs...>', description: 'folders of runs, or folders below which there are some' }],
  options: [
    {
      flags: '--out <file>',
      description: `the page (default: ${REPORT_FILE} in the folder of the run, of several in the folder they share)`,
    },
    {
      flags: '--videos <n>',
      description: `videos shown of each kind (default: ${ALONE.videos}, of several runs ${BESIDE.videos} of each)`,
    },
    { flags: '--no-videos', description: 'show none: the page is smaller, and the data set is not needed' },
  ],
  examples: [
    'petl-video report runs/hmdb51-adaptformer-vit-b',
    'petl-video report runs/hmdb51-linear-vit-b runs/hmdb51-adaptformer-vit-b --out compared.html',
    'petl-video report runs/mine --no-videos',
  ],
  async run([places], options, context) {
    const folders = await findRuns(places as readonly string[]);
    const videos = videosAsked(options.videos);
    const { file, bytes } = await writeReport(folders, { videos, out: options.out as string | undefined }, context);
    context.reporter.result(`${file} (${(bytes / 1e6).toFixed(1)} MB)`, { file, bytes, runs: folders });
  },
};

export interface ReportOptions {
  /** Videos shown of each kind; default as many as the page carries well. */
  readonly videos?: number | undefined;
  /** The page; default `report.html` in the folder of the run, of several in the one they share. */
  readonly out?: string | undefined;
}

export async function writeReport(
  folders: readonly string[],
  options: ReportOptions,
  { reporter, signal, ...context }: Context,
): Promise<{ readonly file: string; readonly bytes: number }> {
  const shown = folders.length === 1 ? ALONE : BESIDE;
  const { videos = shown.videos, out: file = path.join(sharedFolder(folders), REPORT_FILE) } = options;
  const results: RunResults[] = [];
  for (const folder of folders) results.push(await readResults(folder));
  const names = runNames(folders);
  const runs: RunReport[] = [];
  const progress = reporter.progress('report', results.length);
  try {
    for (const [i, one] of results.entries()) {
      signal.throwIfAborted();
      const asked = { videos, side: shown.side };
      runs.push(await runReport(one, names[i] as string, asked, { ...context, reporter, signal }));
      progress.update(runs.length, one.name);
    }
  } finally {
    progress.end();
  }
  const page = reportPage({
    runs,
    ...(results.length === 1 ? {} : { comparison: compareRuns(results) }),
    version,
    made: new Date(),
  });
  await writeFileAtomic(file, page, { signal });
  for (const { name, videos: chosen } of runs) {
    if (chosen?.remark !== undefined) reporter.warn(`${name}: ${chosen.remark}`);
  }
  return { file, bytes: Buffer.byteLength(page) };
}

async function runReport(
  results: RunResults,
  name: string,
  { videos, side }: { readonly videos: number; readonly side: number },
  context: Context,
): Promise<RunReport> {
  const firstBatch = await firstBatchPicture(results);
  const common = { name, results, ...(firstBatch === undefined ? {} : { firstBatch }) };
  const { predictions, evaluation } = results;
  if (predictions === undefined || evaluation === undefined || videos === 0) return common;
  const chosen = chooseVideos(predictions, evaluation.protocol.fusion, videos);
  return { ...common, videos: { chosen, ...(await clipPictures(results, idsOf(chosen), side, context)) } };
}

/** @throws PetlVideoError (usage) for what is no number of videos */
function videosAsked(given: unknown): number | undefined {
  if (given === undefined || given === true) return undefined;
  if (given === false) return 0;
  const videos = Number(given);
  if (Number.isInteger(videos) && videos >= 0) return videos;
  throw usageError(`--videos ${given}: give a number of videos`);
}
