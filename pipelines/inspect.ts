/** `petl-video inspect`: clips as the model sees them, on a contact sheet. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { cardOf, type Shown, shownFacts } from '../src/data/contact-sheet/cards.ts';
import { sheetPng } from '../src/data/contact-sheet/paint.ts';
import { describeClips, sheetHeading } from '../src/data/contact-sheet/sheet-words.ts';
import { entriesNamed, erasingPlaces, inspectClip, spread, unusableClip } from '../src/data/inspect.ts';
import { type Entry, isUsable } from '../src/data/manifest.ts';
import { updatesOf } from '../src/data/order.ts';
import { prefetch } from '../src/data/prefetch.ts';
import { parseViews } from '../src/data/views.ts';
import { dataError, usageError } from '../src/errors/index.ts';
import { writeFileAtomic } from '../src/formats/write-file.ts';
import { clipOptions, openLoader } from '../src/inference/from-recipe.ts';
import { openDecoders } from '../src/video/decoders.ts';
import { findFfmpeg } from '../src/video/ffmpeg.ts';
import type { Command, Context, Options } from './command.ts';
import { ffmpegPlaces } from './environment.ts';
import { type As, type Asked, whatIsAsked } from './inspect-source.ts';

const CLIPS = 8;
/** Lines of frames on a sheet, where `-n` does not say how many videos: 4 × 3 views of 8 videos would be 96. */
const LINES = 24;

export const inspect: Command = {
  name: 'inspect',
  summary: 'Show clips as the model sees them, on a contact sheet',
  arguments: [
    { name: '<recipe>', description: 'a YAML recipe; or a prepared folder, or one of its .jsonl files' },
    { name: '[overrides...]', description: 'changes to the recipe, or to its defaults, path=value' },
  ],
  options: [
    { flags: '--split <name>', description: 'train, validation, trainval or test (default: data.trainSplit)' },
    { flags: '-n, --clips <n>', description: `videos to show (default ${CLIPS}; fewer where each has many views)` },
    { flags: '--ids <ids>', description: 'these videos, as a,b, in place of the first of the epoch' },
    { flags: '--epoch <n>', description: 'epoch whose training clips are drawn, from 0 (default 0)' },
    { flags: '--views <KxC>', description: 'test views, segments × crops (default off the training split: eval)' },
    { flags: '--stages', description: 'show the way too: whole frames with the crop, cropped, as the model sees it' },
    {
      flags: '--out <file>',
      description: 'PNG to write (default: in the folder of the run if it is there, else here)',
    },
  ],
  examples: [
    'petl-video inspect configs/hmdb51/adaptformer-vit-b.yaml',
    'petl-video inspect configs/ssv2/adaptformer-vit-b.yaml --split validation --views 1x1 -n 4',
    'petl-video inspect data/clips --stages data.crop=random-resized',
    'petl-video inspect data/clips/train.jsonl --ids serve/3.mp4,smash/7.mp4 --out look.png --json',
  ],
  async run([source, overrides], options, context) {
    const count = countOf(options);
    const asked = await whatIsAsked(source as string, overrides as readonly string[], options);
    const { recipe, dataset, listed, split } = asked;
    const clip = clipOptions(recipe, dataset);
    const as = waysOf(asked, options);
    const views = 'views' in as ? as.views.segments * as.views.crops : 1;
    const most = count ?? Math.max(2, Math.min(CLIPS, Math.floor(LINES / views)));
    const trains = split === recipe.data.trainSplit;
    // Indices name the random draws, so they must count what training counts.
    const entries = trains ? listed.filter((entry) => isUsable(entry) && entry.label >= 0) : listed;
    const chosen = chooseEntries(entries, asked, as, options.ids as string | undefined, most);
    const shown = await show(chosen, entries, asked, as, options.stages === true, context);

    const unused = listed.length - entries.length;
    const notes = [
      describeClips(clip, as, recipe.train.seed),
      ...(unused === 0
        ? []
        : [`${unused} of ${listed.length} entries are never trained on: not usable, or without a label`]),
    ];
    const png = await sheetPng({
      heading: sheetHeading(dataset.name, split, recipe.data.fold, as),
      notes,
      frames: clip.frames,
      size: clip.size,
      cards: shown.map((one) => cardOf(one, clip, dataset.classes)),
    });
    const file = (options.out as string | undefined) ?? (await defaultFile(asked, as));
    await writeFileAtomic(file, png);
    const failed = shown.filter((one) => one.failure !== undefined);
    const lines = [
      `${shown.length} videos on ${file}`,
      ...failed.map(({ entry, failure }) => `! ${entry.id}: ${failure}`),
    ];
    context.reporter.result(lines.join('\n'), {
      sheet: file,
      dataset: dataset.name,
      split,
      fold: recipe.data.fold ?? null,
      epoch: 'epoch' in as ? as.epoch : null,
      views: 'views' in as ? as.views : null,
      seed: recipe.train.seed,
      clip,
      videos: shown.map((one) => shownFacts(one, dataset.classes)),
    });
  },
};

function waysOf({ recipe, split }: Asked, options: Options): As {
  const { epoch, views } = options;
  if (views !== undefined || split !== recipe.data.trainSplit) {
    if (epoch !== undefined) {
      throw usageError('--epoch is for training clips, and test views are the same in every epoch', {
        remedy: `leave out --epoch, or ${views === undefined ? '--split' : '--views'}`,
      });
    }
    const { segments, crops } = recipe.eval;
    return { views: views === undefined ? { segments, crops } : parseViews(views as string) };
  }
  if (epoch !== undefined && !/^\d{1,9}$/.test(epoch as string)) {
    throw usageError(`--epoch ${epoch}: give a whole number from 0`);
  }
  return { epoch: Number(epoch ?? 0) };
}

function countOf({ clips }: Options): number | undefined {
  if (clips === undefined) return undefined;
  if (/^[1-9]\d{0,3}$/.test(clips as string)) return Number(clips);
  throw usageError(`-n ${clips}: give a number of videos from 1 to 9999`);
}

/** Those that were named; else the first that the epoch trains on, or some of the whole split. */
function chooseEntries(
  entries: readonly Entry[],
  { recipe, listed, split }: Asked,
  as: As,
  ids: string | undefined,
  most: number,
): readonly Entry[] {
  if (ids !== undefined) return entriesNamed(ids, listed);
  if (entries.length === 0) {
    throw dataError(`no usable video of the ${split} split has a label`, { at: recipe.data.path });
  }
  if ('views' in as) return spread(entries.length, most).map((index) => entries[index] as Entry);
  const { seed } = recipe.train;
  const order = updatesOf({ entries: entries.length, batch: 1, accumulate: 1, dropLast: false }, seed, as.epoch);
  return order.slice(0, most).flatMap((batches) => Array.from(batches[0] ?? [], (index) => entries[index] as Entry));
}

async function show(
  chosen: readonly Entry[],
  entries: readonly Entry[],
  { recipe, dataset, split, listed }: Asked,
  as: As,
  stages: boolean,
  { environment, reporter, signal }: Context,
): Promise<Shown[]> {
  const ffmpeg = await findFfmpeg(ffmpegPlaces(environment, signal));
  const failing = { ...recipe, data: { ...recipe.data, onError: 'fail' as const } };
  const loader = openLoader(failing, ffmpeg, dataset, { [split]: entries });
  const progress = reporter.progress('decode', chosen.length);
  const indices = new Map(entries.map((entry, index) => [entry.id, index]));
  const decoders = stages ? openDecoders(ffmpeg, { concurrency: 1, signal }) : undefined;
  const draw = { root: dataset.root, clip: clipOptions(recipe, dataset), seed: recipe.train.seed };
  const { batch, accumulate, dropLast } = recipe.train;
  const epoch = { entries: entries.length, batch, accumulate, dropLast };
  const erases = 'epoch' in as && recipe.data.erasing > 0;
  const erasing = erases ? { erasingOf: erasingPlaces(epoch, draw, as.epoch, recipe.data.erasing) } : {};
  const options = {
    ...draw,
    ...erasing,
    loader,
    split,
    entries,
    as,
    signal,
    ...(decoders && { decode: decoders.visit }),
  };
  const inspectOne = async (entry: Entry): Promise<Shown> => {
    const index = indices.get(entry.id);
    return index === undefined ? unusableClip(entry, listed.indexOf(entry)) : inspectClip(index, options);
  };
  try {
    const shown: Shown[] = [];
    for await (const one of prefetch(chosen, 4, inspectOne, signal)) progress.update(shown.push(one));
    return shown;
  } finally {
    progress.end();
    await Promise.all([loader.close(), decoders?.close()]);
  }
}

/** In the folder of the run where there is one: to make it would keep `train` from doing so. */
async function defaultFile({ recipe, dataset, split, runFolder }: Asked, as: As): Promise<string> {
  const which = 'epoch' in as ? `${split}-epoch${as.epoch}` : `${split}-${as.views.segments}x${as.views.crops}`;
  if (runFolder === undefined) {
    return `inspect-${dataset.name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')}-${which}.png`;
  }
  const isThere = (await stat(runFolder).catch(() => undefined))?.isDirectory() ?? false;
  return isThere ? path.join(runFolder, `inspect-${which}.png`) : `inspect-${recipe.name}-${which}.png`;
}
