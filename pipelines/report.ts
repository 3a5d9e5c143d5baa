/** `petl-video report`: what runs came to, as one page. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { usageError } from '../src/errors/index.ts';
import { writeFileAtomic } from '../src/formats/write-file.ts';
import { chooseVideos, idsOf } from '../src/pages/report/choose-videos.ts';
import type { RunReport } from '../src/pages/report/data.ts';
import { reportPage } from '../src/pages/report/report-page.ts';
import { compareRuns, findRuns, type RunResults, readResults, runNames } from '../src/results/index.ts';
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
    const shown = folders.length === 1 ? ALONE : BESIDE;
    const videos = videosAsked(options.videos, shown.videos);
    const results: RunResults[] = [];
    for (const folder of folders) results.push(await readResults(folder));
    const names = runNames(folders);
    const runs: RunReport[] = [];
    const progress = context.reporter.progress('report', results.length);
    try {
      for (const [i, one] of results.entries()) {
        context.signal.throwIfAborted();
        runs.push(await runReport(one, names[i] as string, { videos, side: shown.side }, context));
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
    const out = (options.out as string | undefined) ?? path.join(await placeOf(folders), REPORT_FILE);
    await writeFileAtomic(out, page, { signal: context.signal });
    for (const { name, videos: chosen } of runs) {
      if (chosen?.remark !== undefined) context.reporter.warn(`${name}: ${chosen.remark}`);
    }
    const bytes = Buffer.byteLength(page);
    context.reporter.result(`${out} (${(bytes / 1e6).toFixed(1)} MB)`, { file: out, bytes, runs: folders });
  },
};

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
function videosAsked(given: unknown, usual: number): number {
  if (given === undefined || given === true) return usual;
  if (given === false) return 0;
  const videos = Number(given);
  if (Number.isInteger(videos) && videos >= 0) return videos;
  throw usageError(`--videos ${given}: give a number of videos`);
}

/** The run's folder; of several the folder that all of them are in. */
async function placeOf(folders: readonly string[]): Promise<string> {
  const [first = '.', ...others] = folders;
  if (others.length === 0) return first;
  const parts = folders.map((folder) => path.dirname(path.resolve(folder)).split(path.sep));
  let common = 0;
  while (parts.every((own) => common < own.length && own[common] === parts[0]?.[common])) common++;
  const place = (parts[0] as string[]).slice(0, common).join(path.sep) || path.sep;
  const relative = path.relative('.', place) || '.';
  if (!(await stat(place)).isDirectory())
    throw usageError('the runs share no folder', { remedy: 'choose one: --out FILE' });
  return relative.startsWith('..') ? place : relative;
}
