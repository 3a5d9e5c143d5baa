/**
 * `petl-video quickstart`: the main job from end to end on videos that it makes itself. Eight classes that differ in the
 * motion and nothing else; a ViT frozen at random values; AdaptFormer against a linear probe.
 */
import { mkdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pLimit from 'p-limit';
import { folder as folderDataset } from '../datasets/folder.ts';
import { loadRecipe } from '../src/config/index.ts';
import { DIRECTIONS, drawMotion } from '../src/data/motion.ts';
import { prepare } from '../src/data/prepare.ts';
import { DEFAULT_ENGINE } from '../src/engine/options.ts';
import { resultText } from '../src/eval/protocol.ts';
import { engineChoice } from '../src/inference/engine-choice.ts';
import { rng } from '../src/tensor/random.ts';
import { encodeVideo } from '../src/video/encode.ts';
import { type Ffmpeg, findFfmpeg } from '../src/video/ffmpeg.ts';
import { probeVideo } from '../src/video/probe.ts';
import type { Command, Context } from './command.ts';
import { engineFlags, withEngine } from './engine-choice.ts';
import { ffmpegPlaces } from './environment.ts';
import { evaluateRun } from './evaluate.ts';
import { keepEvaluation } from './keep-evaluation.ts';
import { writeReport } from './report.ts';
import { requireReady } from './setup.ts';
import { trainRecipe } from './train-recipe.ts';

const VIDEOS_PER_CLASS = { train: 128, validation: 24 } as const;
const MOTION = { frames: 16, width: 80, height: 64, speed: [0.75, 1.5], wavelength: [16, 40] } as const;
const FPS = 12;
const RECIPES = ['adaptformer-vit-tiny', 'linear-vit-tiny'] as const;
/** Beside dist/ in the checkout and in the package. */
const CONFIGS = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'configs', 'quickstart');

export const quickstart: Command = {
  name: 'quickstart',
  summary: 'Make a small data set, prepare it, train AdaptFormer and a linear probe, evaluate both',
  arguments: [],
  options: [
    { flags: '--out <folder>', description: 'where everything goes', default: 'runs/quickstart' },
    ...engineFlags('auto'),
  ],
  examples: ['petl-video quickstart', 'petl-video quickstart --engine onnxruntime'],
  async run(_values, options, context) {
    const { reporter, environment, signal } = context;
    const out = options.out as string;
    const place = (name: string): string => path.join(out, name);
    const { name } = engineChoice(DEFAULT_ENGINE, options);
    await requireReady(context, name);
    const ffmpeg = await findFfmpeg(ffmpegPlaces(environment, signal));

    // What an earlier quickstart left would be taken for a run to go on with.
    for (const name of ['videos', 'data', ...RECIPES]) await rm(place(name), { recursive: true, force: true });
    await makeVideos(place('videos'), ffmpeg, context);
    await prepareVideos(place('videos'), place('data'), ffmpeg, context);

    const results = [];
    for (const recipe of RECIPES) {
      reporter.note('');
      const file = path.join(CONFIGS, `${recipe}.yaml`);
      const loaded = withEngine(await loadRecipe(file, [`data.path=${place('data')}`]), options);
      await trainRecipe(loaded, place(recipe), false, context);
      const result = await evaluateRun(place(recipe), { weights: 'last' }, context);
      await keepEvaluation(place(recipe), result, reporter);
      results.push({ recipe, ...result });
    }
    const page = await writeReport(RECIPES.map(place), { out: place('report.html') }, context);
    const lines = results.map(
      ({ recipe, evaluation, protocol }) => `${recipe}\n${indent(resultText(evaluation, protocol))}`,
    );
    reporter.result(
      `\n${lines.join('\n')}\n\nchance ${(100 / DIRECTIONS.length).toFixed(2)} %; everything is in ${out}; look at ${page.file}`,
      results.map(({ recipe, evaluation, protocol }) => ({
        recipe,
        run: place(recipe),
        top1: evaluation.top1,
        ...{ videos: evaluation.counted, missing: evaluation.missing, failed: evaluation.failed.length },
        damaged: evaluation.damaged,
        protocol,
      })),
    );
  },
};

/** `videos/{train,validation}/<direction>/<number>.mp4`. */
async function makeVideos(folder: string, ffmpeg: Ffmpeg, { reporter, signal }: Context): Promise<void> {
  const limit = pLimit({ concurrency: os.availableParallelism(), rejectOnClear: true });
  const wanted = Object.entries(VIDEOS_PER_CLASS).flatMap(([split, count]) =>
    DIRECTIONS.flatMap((name, direction) =>
      Array.from({ length: count }, (_, number) => ({ split, name, direction, number })),
    ),
  );
  for (const split of Object.keys(VIDEOS_PER_CLASS)) {
    for (const name of DIRECTIONS) await mkdir(path.join(folder, split, name), { recursive: true });
  }
  const progress = reporter.progress('drawing videos', wanted.length);
  let done = 0;
  try {
    await Promise.all(
      wanted.map(({ split, name, direction, number }) =>
        limit(async () => {
          signal.throwIfAborted();
          const frames = drawMotion(direction, MOTION, rng(0, `quickstart/${split}`, direction, number));
          await encodeVideo(ffmpeg, frames, path.join(folder, split, name, `${number}.mp4`), { fps: FPS, signal });
          progress.update(++done);
        }),
      ),
    );
  } finally {
    limit.clearQueue();
    progress.end();
  }
  reporter.note(`made ${wanted.length} videos of ${DIRECTIONS.length} directions of motion in ${folder}`);
}

async function prepareVideos(
  source: string,
  out: string,
  ffmpeg: Ffmpeg,
  { reporter, signal }: Context,
): Promise<void> {
  const listing = await folderDataset.list(source, { name: 'quickstart', signal });
  const progress = reporter.progress(
    'reading videos',
    listing.splits.reduce((sum, { entries }) => sum + entries.length, 0),
  );
  try {
    await prepare({
      listing,
      definition: folderDataset,
      out,
      jobs: os.availableParallelism(),
      signal,
      reader: ffmpeg.version,
      probe: (file) => probeVideo(ffmpeg, file, { signal }),
      onProgress: (done) => progress.update(done),
    });
  } finally {
    progress.end();
  }
  reporter.note(`prepared in ${out}`);
}

const indent = (text: string): string => text.replace(/^/gm, '  ');
