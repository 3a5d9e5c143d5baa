/** What a recipe says of engine and clips, as the plain options of the rooms below. */
import os from 'node:os';
import type { Recipe } from '../config/index.ts';
import { randAugmentOf } from '../data/augment/rand-augment.ts';
import type { ClipOptions } from '../data/draw.ts';
import type { EntryLoader } from '../data/loader.ts';
import { openLoaderThread } from '../data/loader-thread.ts';
import type { Dataset, Entry, SplitName } from '../data/manifest.ts';
import type { EngineOptions } from '../engine/options.ts';
import { configError } from '../errors/index.ts';
import type { Ffmpeg } from '../video/ffmpeg.ts';
import { checkDecoder } from '../video/library/load.ts';

export function engineOptions({ engine, train }: Recipe): EngineOptions {
  return { ...engine, recompute: train.recompute };
}

export function clipOptions({ data, eval: evaluation }: Recipe, dataset: Dataset): ClipOptions {
  const { frames, stride, size, sampling, crop, resize, interpolation, cropScale, flip, augmentOn, repeats } = data;
  const mirrored = flip === 'auto' && dataset.flip;
  const randAugment = randAugmentOf(data.randAugment);
  const colorJitter = data.colorJitter === 0 ? undefined : data.colorJitter;
  const pixels = { resize, interpolation, randAugment, colorJitter, augmentOn, testResize: evaluation.resize };
  return { frames, stride, size, sampling, crop, cropScale, flip: mirrored, repeats, ...pixels };
}

export function openLoader(
  recipe: Recipe,
  ffmpeg: Ffmpeg,
  dataset: Dataset,
  splits: Partial<Record<SplitName, readonly Entry[]>>,
): EntryLoader {
  checkDecoder(recipe.data.decoder);
  if (recipe.data.interpolation !== 'bilinear' && dataset.copies?.kind === 'jpeg') {
    throw configError('packed copies are resized bilinearly, whatever data.interpolation says', {
      at: recipe.data.path,
      remedy: 'set data.interpolation=bilinear, or prepare the originals or --gop copies',
    });
  }
  return openLoaderThread({
    ffmpeg,
    concurrency: recipe.data.decoders || os.availableParallelism(),
    decoder: recipe.data.decoder,
    source: {
      root: dataset.root,
      splits,
      clip: clipOptions(recipe, dataset),
      seed: recipe.train.seed,
      retries: recipe.data.retries,
      onError: recipe.data.onError,
    },
  });
}
