/** Pictures of a report: clips as the model sees them, and the sheet of the first batch. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { SPLIT_NAMES } from '../src/data/manifest.ts';
import { prefetch } from '../src/data/prefetch.ts';
import { readDataset, readSplit } from '../src/data/read-dataset.ts';
import { evenFrames, stripOf } from '../src/drawing/strip.ts';
import { resized } from '../src/drawing/thumbnails.ts';
import { dataError, isDataError, PetlVideoError } from '../src/errors/index.ts';
import { openLoader } from '../src/inference/from-recipe.ts';
import type { ClipPicture, RunReport } from '../src/pages/report/data.ts';
import type { RunResults } from '../src/results/index.ts';
import { FIRST_BATCH_FILE } from '../src/train/run-folder.ts';
import { findFfmpeg } from '../src/video/ffmpeg.ts';
import { imageLibraries } from '../src/video/image/decode-image.ts';
import { encodePicture } from '../src/video/image/encode-picture.ts';
import type { Context } from './command.ts';
import { ffmpegPlaces } from './environment.ts';

/** Videos decoded ahead. */
const AHEAD = 4;
/** Of a strip, at most. */
const MOST_FRAMES = 16;

export interface ClipPictures {
  readonly pictures: ReadonlyMap<string, ClipPicture>;
  /** Why there are none, or not all. */
  readonly remark?: string;
}

/**
 * One view in the middle of each video.
 * @param ids of the split that the run was measured on
 * @param side of a frame in the page's pixels
 */
export async function clipPictures(
  { recipe, evaluation }: RunResults,
  ids: readonly string[],
  side: number,
  { environment, signal }: Pick<Context, 'environment' | 'signal'>,
): Promise<ClipPictures> {
  const pictures = new Map<string, ClipPicture>();
  if (evaluation === undefined || ids.length === 0) return { pictures };
  const { frames, size, path: folder } = recipe.data;
  try {
    const dataset = await readDataset(folder);
    const { fold } = evaluation.protocol;
    const split = SPLIT_NAMES.find((name) => name === evaluation.protocol.split);
    if (split === undefined) throw dataError(`there is no split ${evaluation.protocol.split}`);
    const entries = await readSplit(folder, dataset, split, fold);
    const wanted = new Set(ids);
    const asked = entries.filter(({ id }) => wanted.has(id));
    const loader = openLoader(recipe, await findFfmpeg(ffmpegPlaces(environment, signal)), dataset, {});
    const failures: string[] = [];
    try {
      const load = async (entry: (typeof asked)[number]) => ({
        id: entry.id,
        views: await loader.viewsOf(entry, { segments: 1, crops: 1 }),
      });
      for await (const { id, views } of prefetch(asked, AHEAD, load, signal)) {
        if ('failure' in views) {
          failures.push(views.failure);
          continue;
        }
        const clip = evenFrames(views.clips, { frames, size }, MOST_FRAMES);
        const strip = stripOf(clip.data, clip, Math.min(side, size));
        views.release();
        pictures.set(id, { picture: await encodePicture(strip, 75), frames: clip.frames });
      }
    } finally {
      await loader.close();
    }
    const lacking = ids.length - pictures.size;
    if (lacking === 0) return { pictures };
    return {
      pictures,
      remark: `${lacking} of ${ids.length} clips could not be read: ${failures[0] ?? 'not in the data set any more'}.`,
    };
  } catch (error) {
    if (!isDataError(error) && !(error instanceof PetlVideoError && error.kind === 'environment')) throw error;
    return {
      pictures,
      remark: `There are no pictures of the clips: ${error.what}${error.at === undefined ? '' : ` (${error.at})`}.`,
    };
  }
}

/** CSS pixels of a sheet, and its bytes where it cannot be made smaller. */
const SHEET_WIDTH = 1200;
const MOST_SHEET_BYTES = 1 << 20;

/** first-batch.png of a run, made fit for a page. Undefined where there is none. */
export async function firstBatchPicture({ folder }: RunResults): Promise<RunReport['firstBatch']> {
  const file = path.join(folder, FIRST_BATCH_FILE);
  const facts = await stat(file).catch(() => undefined);
  if (facts === undefined) return undefined;
  const bytes = await readFile(file);
  const { sharp } = await imageLibraries();
  const large = facts.size > MOST_SHEET_BYTES;
  if (sharp === undefined) {
    if (large) return { leftOut: `${file} has ${(facts.size / 1e6).toFixed(1)} MB and is left out: open it there.` };
    return { type: 'image/png', bytes, width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  }
  const picture = await sharp.decode(bytes).catch(() => undefined);
  if (picture === undefined) return { leftOut: `${file} cannot be read.` };
  const width = Math.min(SHEET_WIDTH, picture.width);
  const height = Math.max(1, Math.round((picture.height * width) / picture.width));
  const small = width === picture.width ? picture : resized(picture, { width, height });
  return { ...(await encodePicture(small, 70)), width, height };
}
